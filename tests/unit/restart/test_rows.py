"""Generators that begin again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.helpers import with_auto_restart
from tests.unit.restart.jobs import CRASH, Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from cmdop_browser import AsyncCMDOPClient, CMDOPClient
    from tests.fakes.clients import FakeMachine


class Shelf:
    """Yields rows, and breaks before the rows that it is told, once each."""

    def __init__(self, rows: str, breaks: str) -> None:
        self.rows = rows
        self.breaks = set(breaks)

    def read(self) -> Iterator[str]:
        for row in self.rows:
            if row in self.breaks:
                self.breaks.remove(row)
                raise CRASH
            yield row


def rows_of(shelf: Shelf, key: Callable[[str], Any] | None) -> list[str]:
    @with_auto_restart(max_delay=0.001, key=key)
    def rows(client: CMDOPClient) -> Iterator[str]:
        yield from shelf.read()

    return list(rows())


async def async_rows_of(shelf: Shelf, key: Callable[[str], Any] | None) -> list[str]:
    @with_auto_restart(max_delay=0.001, key=key)
    async def rows(client: AsyncCMDOPClient) -> AsyncIterator[str]:
        for row in shelf.read():
            yield row

    return [row async for row in rows()]


async def test_with_a_key_no_row_comes_twice_and_none_is_lost(machine: FakeMachine) -> None:
    assert rows_of(Shelf("abcd", "bd"), str) == ["a", "b", "c", "d"]
    assert await async_rows_of(Shelf("abcd", "bd"), str) == ["a", "b", "c", "d"]


async def test_without_a_key_rows_come_again(machine: FakeMachine) -> None:
    assert "".join(rows_of(Shelf("abcd", "c"), None)) == "ababcd"
    assert "".join(await async_rows_of(Shelf("abcd", "c"), None)) == "ababcd"


def test_generator_is_as_lazy_as_any(machine: FakeMachine) -> None:
    rows = Job().generator()
    assert machine.asked_for == []
    assert next(iter(rows)) == "done"


def test_generator_that_is_left_closes_job_and_client(machine: FakeMachine) -> None:
    closed: list[str] = []

    @with_auto_restart
    def rows(client: CMDOPClient) -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("job")

    generator: Any = rows()
    assert next(generator) == 1
    generator.close()
    assert closed == ["job"]
    assert machine.clients[0].closed == 1


async def test_async_generator_that_is_left_closes_job_and_client(machine: FakeMachine) -> None:
    closed: list[str] = []

    @with_auto_restart
    async def rows(client: AsyncCMDOPClient) -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append("job")

    generator: Any = rows()
    assert await anext(generator) == 1
    await generator.aclose()
    assert closed == ["job"]
    assert machine.clients[0].closed == 1


def conversation() -> Any:
    heard: list[Any] = []
    try:
        heard.append((yield "first"))
        heard.append((yield "second"))
    except LookupError as error:
        heard.append(error)
        yield "caught"
    return heard


def test_generator_hears_what_is_sent_and_thrown(machine: FakeMachine) -> None:
    @with_auto_restart(key=str)
    def talk(client: CMDOPClient) -> Any:
        return (yield from conversation())

    talking: Any = talk()
    assert next(talking) == "first"
    assert talking.send("hello") == "second"
    assert talking.throw(KeyError("k")) == "caught"
    with pytest.raises(StopIteration) as end:
        next(talking)
    assert end.value.value[0] == "hello"


async def test_async_generator_hears_what_is_sent_and_thrown(machine: FakeMachine) -> None:
    heard: list[Any] = []

    @with_auto_restart(key=str)
    async def talk(client: AsyncCMDOPClient) -> AsyncIterator[str]:
        try:
            heard.append((yield "first"))
            yield "second"
        except LookupError:
            yield "caught"

    talking: Any = talk()
    assert await anext(talking) == "first"
    assert await talking.asend("hello") == "second"
    assert await talking.athrow(KeyError("k")) == "caught"
    assert heard == ["hello"]
    with pytest.raises(StopAsyncIteration):
        await anext(talking)
