"""What a killed agent leaves behind, and that its successor removes exactly that."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from agent_bridge.lifecycle import new_record
from agent_bridge.supervision.orphans import Workspace, sweep
from cmdop_browser import CMDOPClient
from cmdop_browser.discovery import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.wire.rendezvous import DiscoveryRecord
    from tests.fakes.launchpad import Launchpad

END_SECONDS = 20.0


def _is_driver(process: psutil.Process) -> bool:
    return "node" in process.name()


def _is_browser(process: psutil.Process) -> bool:
    return any(word.startswith("--user-data-dir=") for word in process.cmdline())


def _is_renderer(process: psutil.Process) -> bool:
    return "--type=renderer" in process.cmdline()


def _any(process: psutil.Process) -> bool:
    return True


STOPPED = {"driver": _is_driver, "browser": _is_browser, "a renderer": _is_renderer, "all": _any}


@pytest.mark.parametrize("which", STOPPED)
def test_stopped_processes_of_a_killed_agent_are_killed_by_the_next(pad: Launchpad, which: str) -> None:
    with _page_open(pad) as record:
        family = psutil.Process(record.pid).children(recursive=True)
        stopped = [process for process in family if STOPPED[which](process)]
        assert stopped
        for process in stopped:
            process.suspend()
        os.kill(record.pid, signal.SIGKILL)
    # What is stopped would stay for ever.
    assert any(process.is_running() for process in stopped)
    with _page_open(pad) as successor:
        _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
        assert alive == []
        assert not _temporary(pad, record).exists()
        assert not Path(record.socket).exists()
        assert [note.stem for note in pad.paths.instances.iterdir()] == [successor.instance_id]


def test_who_looks_at_the_files_of_a_dead_instance_is_no_orphan(pad: Launchpad) -> None:
    with _page_open(pad) as record:
        onlooker = subprocess.Popen(["sleep", "60"], cwd=_temporary(pad, record))
        os.kill(record.pid, signal.SIGKILL)
    with onlooker, _page_open(pad):
        assert not _temporary(pad, record).exists()
        assert onlooker.poll() is None
        onlooker.kill()


def test_an_agent_that_ends_in_order_leaves_nothing(pad: Launchpad) -> None:
    with _page_open(pad) as record:
        agent = psutil.Process(record.pid)
        family = [agent, *agent.children(recursive=True)]
        assert agent.cwd() == str(_temporary(pad, record))
        assert list(_temporary(pad, record).iterdir())
        agent.terminate()
        _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
        assert alive == []
    left = {path.name for path in pad.paths.directory.rglob("*")}
    assert left == {"agent.lock", "spawn.lock", "instances", "tmp"}


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


def _surroundings() -> tuple[str | None, str, Path, str | None]:
    environment = os.environ
    return environment.get("TMPDIR"), tempfile.gettempdir(), Path.cwd(), environment.get("CMDOP_INSTANCE")


@contextlib.contextmanager
def _page_open(pad: Launchpad) -> Iterator[DiscoveryRecord]:
    """An agent with a page open, which nobody closes in good order."""
    with CMDOPClient.local(start=True, timeout=END_SECONDS) as client:
        client.browser.create_session()
        yield find("default", pad.settings)


def _temporary(pad: Launchpad, record: DiscoveryRecord) -> Path:
    return pad.paths.temporary / record.instance_id
