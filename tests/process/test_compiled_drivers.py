"""What drivers keep of their compiled program, for the next one."""

from __future__ import annotations

import contextlib
import signal
import stat
from typing import TYPE_CHECKING

import psutil
import pytest

from cmdop_browser import CMDOPClient
from tests.agents import RunningAgent
from tests.process.faults.faults import is_driver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VARIABLE = "NODE_COMPILE_CACHE"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the drivers of a test keep it."""
    monkeypatch.delenv(_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cmdop" / "driver"


@contextlib.contextmanager
def working_agent() -> Iterator[RunningAgent]:
    """An agent that has had a page, and is ended in good order."""
    with RunningAgent(shards=1) as agent, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        with CMDOPClient.local() as client, client.browser.create_session() as session:
            assert session.evaluate("1 + 1") == 2
        yield agent
        agent.process.send_signal(signal.SIGTERM)
        assert agent.process.wait(30) == 0


def files(directory: Path) -> dict[Path, bytes]:
    """What is in a directory and those below."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def directory_of_the_driver(agent: RunningAgent) -> str | None:
    """Where the driver of an agent keeps it, if it does."""
    for process in psutil.Process(agent.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if is_driver(process.cmdline()):
                return process.environ().get(_VARIABLE)
    pytest.fail("there is no driver")


def test_drivers_share_it_and_do_not_use_what_is_damaged(kept: Path) -> None:
    with working_agent() as one, working_agent() as other:
        assert [directory_of_the_driver(agent) for agent in (one, other)] == [str(kept)] * 2
        assert files(kept) == {}
    first = files(kept)
    assert 0 < sum(map(len, first.values())) < 8 << 20
    # The user's alone, whatever the user's files are by default.
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    with working_agent():
        pass
    assert files(kept).keys() == first.keys()
    for number, (path, content) in enumerate(files(kept).items()):
        half = len(content) // 2
        path.write_bytes(content[:half] + (b"" if number % 2 else bytes(64) + content[half + 64 :]))
    with working_agent() as agent:
        assert directory_of_the_driver(agent) == str(kept)
