"""What a killed agent leaves behind: its watchdog removes that, or its successor; and only that."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from agent_bridge.lifecycle import new_record
from agent_bridge.supervision.orphans import Workspace, sweep
from agent_bridge.supervision.processes import lives, wait_until_ended
from cmdop_browser import CMDOPClient
from cmdop_browser.agent_log import log_path
from cmdop_browser.discovery import find
from tests.process.faults.faults import command_of, is_browser, is_driver, is_renderer
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.wire.rendezvous import DiscoveryRecord
    from tests.fakes.launchpad import Launchpad

END_SECONDS = 20.0


def _is_driver(process: psutil.Process) -> bool:
    return is_driver(command_of(process))


def _is_browser(process: psutil.Process) -> bool:
    return is_browser(command_of(process))


def _is_renderer(process: psutil.Process) -> bool:
    return is_renderer(command_of(process))


def _is_watchdog(process: psutil.Process) -> bool:
    return "agent_bridge.supervision.reaper" in command_of(process)


def _is_below_driver(process: psutil.Process) -> bool:
    return not _is_watchdog(process)


def _nothing(_process: psutil.Process) -> bool:
    return False


def _any(_process: psutil.Process) -> bool:
    return True


STOPPED = {
    "nothing": _nothing,
    "driver": _is_driver,
    "browser": _is_browser,
    "a renderer": _is_renderer,
    "driver and browser": _is_below_driver,
}
# Beside SIGKILL, of which the others are.
ENDS = [signal.SIGSEGV, signal.SIGABRT, signal.SIGHUP]


@pytest.mark.parametrize("which", STOPPED)
def test_a_killed_agent_leaves_nothing_though_none_is_started_after_it(pad: Launchpad, which: str) -> None:
    with _page_open(pad) as record:
        family = _family(record)
        for process in filter(STOPPED[which], family):
            process.suspend()
        os.kill(record.pid, signal.SIGKILL)
    _assert_nothing_left(pad, record, family)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
def test_it_does_not_matter_what_kills_the_agent(pad: Launchpad, end: signal.Signals) -> None:
    with _page_open(pad) as record:
        family = _family(record)
        os.kill(record.pid, end)
    _assert_nothing_left(pad, record, family)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_watchdog_that_is_killed_or_stopped_is_replaced(pad: Launchpad, number: int) -> None:
    with _page_open(pad) as record:
        (watchdog,) = filter(_is_watchdog, _family(record))
        watchdog.send_signal(number)
        eventually(lambda: [one for one in _watchdogs(record) if one != watchdog])
        family = _family(record)
        os.kill(record.pid, signal.SIGKILL)
    _assert_nothing_left(pad, record, family)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_watchdog_says_what_it_did_in_the_form_of_the_agents_log(
    pad: Launchpad, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_LOG_FORMAT", form)
    with _page_open(pad) as record:
        family = _family(record)
        for process in filter(_is_below_driver, family):  # or they might end by themselves
            process.suspend()
        os.kill(record.pid, signal.SIGKILL)
    _assert_nothing_left(pad, record, family)
    (said,) = [
        line for line in log_path("default", pad.settings).read_text().splitlines() if "that instance" in line
    ]
    if form == "json":
        line = json.loads(said)
        assert (line["agent"], line["instance_id"]) == ("default", record.instance_id)
        assert (line["level"], line["logger"]) == ("warning", "agent_bridge.supervision.orphans")
    else:
        assert " WARNING agent_bridge.supervision.orphans: killed " in said


def test_a_watchdog_does_not_end_with_what_ends_the_agents_group(pad: Launchpad) -> None:
    with _page_open(pad) as record:
        family = _family(record)
        for process in filter(_is_watchdog, family):
            process.terminate()
        os.killpg(record.pid, signal.SIGKILL)
    _assert_nothing_left(pad, record, family)


def test_what_is_stopped_with_the_watchdog_is_killed_by_the_next_agent(pad: Launchpad) -> None:
    with _page_open(pad) as record:
        family = _family(record)
        for process in family:
            process.suspend()
        os.kill(record.pid, signal.SIGKILL)
    # What is stopped would stay for ever.
    assert all(process.is_running() for process in family)
    with _page_open(pad) as successor:
        eventually(lambda: not _living(family))
        assert not _temporary(pad, record).exists()
        assert not Path(record.socket).exists()
        assert [note.stem for note in pad.paths.instances.iterdir()] == [successor.instance_id]


def test_who_looks_at_the_files_of_a_dead_instance_is_no_orphan(pad: Launchpad) -> None:
    with _page_open(pad) as record:
        family = _family(record)
        onlooker = subprocess.Popen(["sleep", "60"], cwd=_temporary(pad, record))
        os.kill(record.pid, signal.SIGKILL)
    with onlooker:
        _assert_nothing_left(pad, record, family)
        assert onlooker.poll() is None
        onlooker.kill()


def test_an_agent_that_ends_in_order_leaves_nothing(pad: Launchpad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDOP_DRAIN_TIMEOUT", "0.1")  # nobody will close the page that it waits for
    with _page_open(pad) as record:
        agent = psutil.Process(record.pid)
        family = [agent, *agent.children(recursive=True)]
        assert agent.cwd() == str(_temporary(pad, record))
        assert list(_temporary(pad, record).iterdir())
        agent.terminate()
        assert wait_until_ended(family, END_SECONDS) == []
    left = set(pad.paths.directory.rglob("*"))
    directories = {path for path in left if path.is_dir()}
    assert {path.name for path in directories} == {"instances", "tmp", "draining"}
    # Not its own: the locks are the next agent's, too, and the last is what it learns of this one's end.
    files = {path.name for path in left - directories}
    assert files == {"agent.lock", "spawn.lock", "history.json"}
    assert json.loads(pad.paths.history.read_text())["ended"]


def test_a_living_agent_of_another_name_is_left_alone(pad: Launchpad) -> None:
    with (
        CMDOPClient.local(agent="other", start=True, timeout=END_SECONDS) as client,
        client.browser.create_session() as session,
    ):
        with _page_open(pad) as record:
            os.kill(record.pid, signal.SIGKILL)
        with _page_open(pad):
            assert session.evaluate("1 + 1") == 2


def test_a_living_instance_is_not_swept(pad: Launchpad) -> None:
    """As when somebody removed the lock file, and a second agent could start."""
    with _page_open(pad) as record:
        assert sweep(pad.paths) == []
        assert _temporary(pad, record).exists()
        assert psutil.Process(record.pid).is_running()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b"\xff"])
def test_a_note_that_says_nothing_is_removed(pad: Launchpad, content: bytes) -> None:
    pad.paths.create()
    pad.paths.instances.mkdir()
    (pad.paths.instances / "x.json").write_bytes(content)
    assert sweep(pad.paths) == []
    assert list(pad.paths.instances.iterdir()) == []


def test_a_workspace_is_where_everything_temporary_goes(pad: Launchpad) -> None:
    before = _surroundings()
    pad.paths.create()
    record = new_record(pad.paths, "default")
    with Workspace(pad.paths, record) as workspace:
        directory = workspace.directory
        assert _surroundings() == (str(directory), str(directory), directory, record.instance_id)
        (directory / "deep" / "down").mkdir(parents=True)
    assert _surroundings() == before
    assert not directory.exists()
    assert list(pad.paths.instances.iterdir()) == []


def test_a_workspace_that_was_cleared_away_is_restored(pad: Launchpad) -> None:
    pad.paths.create()
    record = new_record(pad.paths, "default")
    with _umask(0o022), Workspace(pad.paths, record) as workspace:
        directory, inside = workspace.directory, _surroundings()
        for remains in ((), ("uploads",)):
            shutil.rmtree(pad.paths.temporary)
            for name in remains:  # what is written meanwhile makes its own directory
                (directory / name).mkdir(parents=True)
            workspace.restore()
            assert _surroundings() == inside
            private = (directory.parent, directory, *directory.iterdir())
            assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o700}
    assert not directory.exists()


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    yield
    assert os.umask(before) == mask


def _surroundings() -> tuple[str | None, str, Path, str | None]:
    environment = os.environ
    return environment.get("TMPDIR"), tempfile.gettempdir(), Path.cwd(), environment.get("CMDOP_INSTANCE")


def _family(record: DiscoveryRecord) -> list[psutil.Process]:
    """All that runs below the agent, the watchdog among it."""
    return psutil.Process(record.pid).children(recursive=True)


def _watchdogs(record: DiscoveryRecord) -> list[psutil.Process]:
    return list(filter(_is_watchdog, psutil.Process(record.pid).children()))


def _living(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those of *family* that run; whether their zombies are collected is up to process 1."""
    return [process for process in family if lives(process)]


def _assert_nothing_left(pad: Launchpad, record: DiscoveryRecord, family: list[psutil.Process]) -> None:
    """Wait, as long as was promised, until there is no process, no file and no socket of an instance."""
    note = pad.paths.instances / f"{record.instance_id}.json"
    left = (note, _temporary(pad, record), Path(record.socket))
    eventually(lambda: not _living(family) and not any(path.exists() for path in left), within=10.0)


@contextlib.contextmanager
def _page_open(pad: Launchpad) -> Iterator[DiscoveryRecord]:
    """An agent with a page open, which nobody closes in good order."""
    with CMDOPClient.local(start=True, timeout=END_SECONDS) as client:
        client.browser.create_session()
        yield find("default", pad.settings)


def _temporary(pad: Launchpad, record: DiscoveryRecord) -> Path:
    return pad.paths.temporary / record.instance_id
