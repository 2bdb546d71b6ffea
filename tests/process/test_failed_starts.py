"""Starting agents: a typed error whatever goes wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import agent_log
from cmdop_browser._async import launcher as async_launcher
from cmdop_browser._sync.launcher import ensure_agent
from cmdop_browser.exceptions import (
    AgentStartError,
    BrowserNotInstalledError,
    CMDOPError,
    PermissionDeniedError,
)
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.launchpad import Launchpad

LONG = 60.0


def test_an_agent_that_ends_at_once(pad: Launchpad) -> None:
    pad.stand_in("fails")
    with pytest.raises(AgentStartError) as caught:
        ensure_agent("default", pad.settings, timeout=LONG)
    error = caught.value
    assert (error.agent, error.exit_code) == ("default", 7)
    assert error.reason == "it ended with exit code 7"
    assert error.stderr_tail == "first line\nno flour left"
    assert str(agent_log.log_path("default", pad.settings)) in " ".join(error.tips)


def test_the_tail_is_of_this_attempt_only(pad: Launchpad) -> None:
    log = agent_log.log_path("default", pad.settings)
    log.parent.mkdir()
    log.write_text("yesterday's news\n")
    pad.stand_in("fails")
    with pytest.raises(AgentStartError) as caught:
        ensure_agent("default", pad.settings, timeout=LONG)
    assert caught.value.stderr_tail == "first line\nno flour left"


def test_clients_that_wait_fail_together(pad: Launchpad) -> None:
    pad.stand_in("fails")
    pad.paths.create()
    all_wait = pad.until_waiting(10)
    with FileLock(pad.paths.spawn_lock) as lock, ThreadPoolExecutor(10) as pool:
        assert lock.try_acquire()
        asked = [pool.submit(ensure_agent, "default", pad.settings, timeout=LONG) for _ in range(10)]
        assert all_wait.wait(LONG)
        lock.release()
        errors = [asking.exception() for asking in asked]
    assert all(isinstance(error, AgentStartError) and error.exit_code == 7 for error in errors)
    assert len(pad.starts()) == 1


def test_a_failure_is_not_kept_for_those_who_come_later(pad: Launchpad) -> None:
    pad.stand_in("fails")
    with pytest.raises(AgentStartError):
        ensure_agent("default", pad.settings, timeout=LONG)
    pad.stand_in("good")
    assert ensure_agent("default", pad.settings, timeout=LONG).pid == pad.starts()[-1]


def test_an_agent_that_is_killed_while_it_starts(pad: Launchpad) -> None:
    pad.stand_in("signalled")
    with pytest.raises(AgentStartError) as caught:
        ensure_agent("default", pad.settings, timeout=LONG)
    assert caught.value.reason == "it was killed by SIGKILL"
    assert caught.value.exit_code == -9


def test_an_agent_that_talks_nonsense(pad: Launchpad) -> None:
    pad.stand_in("garbage")
    with pytest.raises(AgentStartError, match="hello"):
        ensure_agent("default", pad.settings, timeout=LONG)


async def test_an_agent_that_never_gets_ready(pad: Launchpad) -> None:
    pad.stand_in("silent")
    for asking in (
        asyncio.to_thread(ensure_agent, "default", pad.settings, timeout=0.7),
        async_launcher.ensure_agent("default", pad.settings, timeout=0.7),
    ):
        with pytest.raises(AgentStartError, match=r"not ready after \d") as caught:
            await asking
        assert caught.value.exit_code is None
    assert pad.agents() == []
    assert FileLock.is_free(pad.paths.lock)
    assert FileLock.is_free(pad.paths.spawn_lock)


async def test_a_cancelled_start_leaves_nothing(pad: Launchpad) -> None:
    pad.stand_in("gated")
    pad.paths.create()
    for name in ("holding", "gate"):
        os.mkfifo(pad.paths.directory / name)
    starting = asyncio.create_task(async_launcher.ensure_agent("default", pad.settings, timeout=LONG))
    assert await asyncio.to_thread((pad.paths.directory / "holding").read_text) == "held"
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert pad.agents() == []
    assert FileLock.is_free(pad.paths.lock)
    assert FileLock.is_free(pad.paths.spawn_lock)


def test_locks_are_not_waited_for_longer_than_asked(pad: Launchpad) -> None:
    pad.paths.create()
    for path, reason in (
        (pad.paths.spawn_lock, "another process was starting it"),
        (pad.paths.lock, "holds"),
    ):
        with FileLock(path) as lock:
            assert lock.try_acquire()
            with pytest.raises(AgentStartError, match=reason):
                ensure_agent("default", pad.settings, timeout=0.2)


def test_no_browser_arrives_as_that_error(pad: Launchpad) -> None:
    settings = Settings.load(browser_path="/nonexistent/chromium")
    with pytest.raises(BrowserNotInstalledError, match="/nonexistent/chromium") as caught:
        ensure_agent("default", settings, timeout=LONG)
    assert caught.value.install_hint == "cmdop-browser install"
    assert pad.agents() == []
    assert not list(pad.paths.directory.glob("*.sock"))


def test_a_log_that_cannot_be_written_is_named(pad: Launchpad, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AgentStartError, match="cannot write its log") as caught:
        ensure_agent("default", Settings.load(log_dir=tmp_path / "file"), timeout=LONG)
    assert "CMDOP_LOG_DIR" in caught.value.tips[0]


def test_an_interpreter_that_is_gone_is_named(pad: Launchpad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(AgentStartError, match="/nonexistent/python"):
        ensure_agent("default", pad.settings, timeout=LONG)


def test_a_directory_of_another_user_is_refused(pad: Launchpad) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    pad.paths.create()
    os.chown(pad.paths.directory, 65534, -1)
    with pytest.raises(PermissionDeniedError):
        ensure_agent("default", pad.settings, timeout=LONG)


def test_every_error_of_starting_is_of_our_tree(pad: Launchpad) -> None:
    for agent in ("", "../up", "a b"):
        with pytest.raises(CMDOPError):
            ensure_agent(agent, pad.settings, timeout=1.0)
