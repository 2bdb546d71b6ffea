"""Starting agents: one winner however many want one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from cmdop_browser import CMDOPClient, agent_log
from cmdop_browser._async import launcher as async_launcher
from cmdop_browser._sync import launcher
from cmdop_browser._sync.launcher import ensure_agent, start_agent
from cmdop_browser.discovery import find
from cmdop_browser.exceptions import (
    AgentExistsError,
)
from cmdop_browser.wire.rendezvous import FileLock, heartbeat, process_start_time
from tests.fakes import minimal_agent
from tests.process.faults import standstill
from tests.process.faults.faults import is_renderer, those
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.fakes.launchpad import Launchpad

LONG = 60.0


def _go(client: subprocess.Popen[str]) -> None:
    assert client.stdin is not None
    client.stdin.write("go\n")
    client.stdin.flush()


# One winner


def test_fifty_cold_clients_at_once_end_with_one_agent(pad: Launchpad) -> None:
    clients = [pad.client_process("real", threads=10) for _ in range(5)]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "waiting\n"
    for client in clients:
        _go(client)
    records = [record for client in clients for record in json.loads(client.communicate()[0])]
    assert len(records) == 50
    assert {record["instance_id"] for record in records} == {records[0]["instance_id"]}
    assert [agent.pid for agent in pad.agents()] == [records[0]["pid"]]
    log = agent_log.log_path("default", pad.settings).read_text()
    assert log.count("ready on") == 1
    assert "lock is held" not in log


async def test_many_tasks_of_one_loop_end_with_one_agent(pad: Launchpad) -> None:
    pad.stand_in("good")
    asking = [async_launcher.ensure_agent("default", pad.settings, timeout=LONG) for _ in range(20)]
    records = await asyncio.gather(*asking)
    assert len(set(records)) == 1
    assert pad.starts() == [records[0].pid]


def test_a_running_agent_is_returned_as_it_is(pad: Launchpad) -> None:
    pad.stand_in("good")
    first = start_agent("default", pad.settings, timeout=LONG)
    assert ensure_agent("default", pad.settings, timeout=LONG) == first
    with pytest.raises(AgentExistsError) as caught:
        start_agent("default", pad.settings, timeout=LONG)
    assert caught.value.agent == "default"
    assert pad.starts() == [first.pid]


def test_agents_of_two_names_live_side_by_side(pad: Launchpad) -> None:
    pad.stand_in("good")
    one = ensure_agent("one", pad.settings, timeout=LONG)
    two = ensure_agent("two", pad.settings, timeout=LONG)
    assert find("one", pad.settings) == one
    assert find("two", pad.settings) == two
    assert pad.starts() == [one.pid, two.pid]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("behaviour", ["late", "gated"])
def test_a_client_killed_while_it_starts_an_agent_leaves_one(
    pad: Launchpad, behaviour: str, number: int
) -> None:
    """Before the agent holds its lock, and after that."""
    pad.paths.create()
    for name in ("holding", "gate"):
        os.mkfifo(pad.paths.directory / name)
    first = pad.client_process(behaviour)
    _go(first)
    assert (pad.paths.directory / "holding").read_text() == "held"
    first.send_signal(number)
    first.wait()
    pad.stand_in("good")
    all_wait = pad.until_waiting(5)
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(ensure_agent, "default", pad.settings, timeout=LONG) for _ in range(5)]
        assert all_wait.wait(LONG)
        (pad.paths.directory / "gate").write_text("go on")
        records = [asking.result() for asking in asked]
    # The agent of the killed client is there for all, and no second one was tried.
    assert {record.pid for record in records} == set(pad.starts())
    assert len(pad.agents()) == 1


def test_an_agent_that_is_ending_is_waited_for(pad: Launchpad) -> None:
    """It has withdrawn its record and still holds the lock: running calls finish."""
    pad.stand_in("good")
    pad.paths.create()
    with FileLock(pad.paths.lock) as ending, ThreadPoolExecutor(1) as pool:
        assert ending.try_acquire()
        asked = pool.submit(ensure_agent, "default", pad.settings, timeout=LONG)
        with FileLock(pad.paths.spawn_lock) as probe:
            while probe.try_acquire():  # until the client has it
                probe.release()
        assert pad.starts() == []
        ending.release()
        record = asked.result()
    assert pad.starts() == [record.pid]


def test_an_agent_started_by_hand_at_that_moment_is_used(pad: Launchpad) -> None:
    """The agent that lost tells so, and the client takes the one that won."""
    pad.stand_in("good")
    is_free = FileLock.is_free
    by_hand: list[subprocess.Popen[bytes]] = []

    def is_free_and_then_not(path: Path) -> bool:
        if path != pad.paths.lock:
            return is_free(path)
        pad.monkeypatch.setattr(FileLock, "is_free", is_free)
        free = is_free(path)
        by_hand.append(_start_by_hand())
        return free

    pad.monkeypatch.setattr(FileLock, "is_free", is_free_and_then_not)
    record = ensure_agent("default", pad.settings, timeout=LONG)
    assert record.pid == by_hand[0].pid
    assert len(pad.starts()) == 2
    assert [agent.pid for agent in pad.agents()] == [record.pid]
    by_hand[0].terminate()
    by_hand[0].wait()


def _start_by_hand() -> subprocess.Popen[bytes]:
    """A minimal agent that no client started; returns when it is ready."""
    ready, report = os.pipe()
    with os.fdopen(ready) as pipe:
        agent = subprocess.Popen(
            minimal_agent.program("good", "serve", f"--ready-fd={report}"), pass_fds=[report]
        )
        os.close(report)
        assert "ready" in json.loads(pipe.readline())
    return agent


def test_what_a_killed_agent_left_is_no_obstacle(pad: Launchpad) -> None:
    pad.stand_in("good")
    first = ensure_agent("default", pad.settings, timeout=LONG)
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    second = ensure_agent("default", pad.settings, timeout=LONG)
    assert second.instance_id != first.instance_id
    # This process is the parent: the dead agent is no zombie any more.
    assert not psutil.pid_exists(first.pid)


async def test_an_agent_that_hangs_is_replaced(pad: Launchpad) -> None:
    pad.stand_in("good")
    for module in (launcher, async_launcher):
        pad.monkeypatch.setattr(module, "_HANG_SECONDS", 2.0)
    first = await async_launcher.ensure_agent("default", pad.settings, timeout=LONG)
    with standstill.held(first.pid):
        assert await async_launcher.ensure_agent("default", pad.settings, timeout=LONG) == first
        eventually(lambda: heartbeat.is_missing(pad.paths.record, pad.paths.lock, 2.0))
        second = ensure_agent("default", pad.settings, timeout=LONG)
    assert second.instance_id != first.instance_id
    assert process_start_time(first.pid) is None
    assert ensure_agent("default", pad.settings, timeout=LONG) == second


def test_an_agent_that_hangs_is_left_to_its_supervisor(pad: Launchpad) -> None:
    pad.stand_in("good")
    pad.monkeypatch.setattr(launcher, "_HANG_SECONDS", 2.0)
    first = ensure_agent("default", pad.settings, timeout=LONG)
    with FileLock(pad.paths.supervisor_lock) as supervisor, standstill.held(first.pid):
        assert supervisor.try_acquire()
        eventually(lambda: heartbeat.is_missing(pad.paths.record, pad.paths.lock, 2.0))
        assert ensure_agent("default", pad.settings, timeout=LONG) == first


# The agent's process


def test_an_agent_lives_on_its_own(pad: Launchpad) -> None:
    """It inherits neither locks nor pipes, and hands none on to the browser."""
    mine, leak = os.pipe()
    os.set_inheritable(leak, True)
    with CMDOPClient.local(start=True, timeout=30.0) as client, client.browser.create_session():
        agent = psutil.Process(find("default", pad.settings).pid)
        assert os.getsid(agent.pid) == agent.pid
        assert agent.environ()["CMDOP_RUNTIME_DIR"] == str(pad.settings.runtime_dir)
        family = [agent, *agent.children(recursive=True)]
        assert those(family, is_renderer)
        leaked = _opened(psutil.Process())[leak]
        for process in family:
            opened = _opened(process).values()
            assert pad.paths.spawn_lock not in opened
            assert leaked not in opened
            assert (pad.paths.lock in opened) == (process == agent)
        log = agent_log.log_path("default", pad.settings)
        assert [_opened(agent)[number] for number in (0, 1, 2)] == [Path("/dev/null"), log, log]
    os.close(mine)
    os.close(leak)


def _opened(process: psutil.Process) -> dict[int, Path]:
    """What the descriptors of a process lead to."""
    opened = {}
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened[int(descriptor.name)] = descriptor.readlink()
    return opened


def test_the_log_is_private(pad: Launchpad) -> None:
    pad.stand_in("good")
    ensure_agent("default", pad.settings, timeout=LONG)
    log = agent_log.log_path("default", pad.settings)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_no_module_of_the_callers_directory_stands_in_for_the_agents(
    pad: Launchpad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("agent_bridge", "queue", "platform"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert ensure_agent("default", pad.settings, timeout=LONG).pid > 0
