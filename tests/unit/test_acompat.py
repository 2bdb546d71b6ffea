"""The pairs of names that differ between the flavours."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
from typing import Self

import pytest

from cmdop_browser import _acompat
from tools.gen.flavours import RENAMES


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


async def _wait(flavour: str, fd: int, timeout: float) -> bool:
    if flavour == "async":
        return await _acompat.async_wait_readable(fd, timeout)
    return await asyncio.to_thread(_acompat.wait_readable, fd, timeout)


@pytest.mark.parametrize("flavour", ["async", "sync"])
async def test_waiting_for_a_pipe(flavour: str, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    assert await _wait(flavour, reader, 0.01) is False
    assert await _wait(flavour, reader, -1.0) is False
    threading.Timer(0.02, os.write, (writer, b"x")).start()
    assert await _wait(flavour, reader, 10.0) is True
    os.read(reader, 1)
    os.close(writer)
    assert await _wait(flavour, reader, 10.0) is True  # its end can be read, too
    os.close(reader)


async def test_sleeping() -> None:
    began = time.monotonic()
    await _acompat.async_sleep(0.01)
    _acompat.sleep(0.01)
    assert time.monotonic() - began >= 0.02


def test_both_names_of_each_pair_exist_and_take_the_same() -> None:
    pairs = [(name, pair) for name, pair in RENAMES.items() if hasattr(_acompat, name)]
    assert len(pairs) >= 8
    for name, pair in pairs:
        one, other = getattr(_acompat, name), getattr(_acompat, pair)
        if inspect.isfunction(one):
            assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters), name


class _Thing:
    def __init__(self) -> None:
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True


@_acompat.async_opening
async def _open(*, fails: bool = False) -> _Thing:
    if fails:
        raise ValueError("no")
    return _Thing()


async def test_an_opening_can_be_awaited_or_entered() -> None:
    thing = await _open()
    assert not thing.closed
    async with _open() as entered:
        before = entered.closed
    assert (before, entered.closed) == (False, True)
    with pytest.raises(ValueError, match="no"):
        await _open(fails=True).__aenter__()
    with pytest.raises(ValueError, match="no"):
        await _open(fails=True)
    assert "fails" in inspect.signature(_open).parameters


async def test_an_error_in_the_body_reaches_what_was_opened() -> None:
    seen: list[_Thing] = []

    async def body() -> None:
        async with _open() as thing:
            seen.append(thing)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await body()
    assert seen[0].closed
