"""Files that are sent, and those that cannot be."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.agent import FakeAgent


async def test_only_regular_files_are_taken(session: Any, fake_agent: FakeAgent, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(FileError, match="not a regular file"):
            await session.upload("input", endless)
    assert not fake_agent.of(methods.SEND_FILE)
    assert not fake_agent.of(methods.UPLOAD)


async def test_a_file_that_fails_while_it_is_read_is_named(session: Any, fake_agent: FakeAgent) -> None:
    with pytest.raises(FileError) as caught:
        await session.upload("input", "/proc/self/mem")  # nothing is mapped at address 0
    assert caught.value.path == "/proc/self/mem"
    assert not fake_agent.of(methods.UPLOAD)


async def test_an_agent_that_stops_reading_does_not_hold_the_caller(
    session: Any, fake_agent: FakeAgent, tmp_path: Path
) -> None:
    fake_agent.held.add(methods.SEND_FILE)
    (tmp_path / "large").write_bytes(bytes(20 * 2**20))
    began = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            await session.upload("input", tmp_path / "large", timeout=0.3)
        assert time.monotonic() - began < 10
    finally:
        fake_agent.release.set()
