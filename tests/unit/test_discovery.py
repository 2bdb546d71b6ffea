"""Finding an agent: records that are good, records of every kind that is not, and other users'."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.discovery import find, heartbeat_age
from cmdop_browser.exceptions import AgentNotRunningError, PermissionDeniedError, StalePortFileError
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import (
    AgentPaths,
    DiscoveryRecord,
    FileLock,
    boot_id,
    process_start_time,
    remove_stale,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@dataclass
class Published:
    """This process, published as an agent: it listens, and never accepts."""

    settings: Settings
    paths: AgentPaths
    record: DiscoveryRecord
    listener: socket.socket
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Publish other fields than the true ones."""
        dataclasses.replace(self.record, **fields).write(self.paths.record)

    def listen_elsewhere(self) -> None:
        """Let another process listen on the socket."""
        self.listener.close()
        Path(self.record.socket).unlink()
        child = subprocess.Popen(
            [sys.executable, "-c", _LISTEN, self.record.socket], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._children.append(child)
        assert child.stdout is not None
        child.stdout.readline()

    def close(self) -> None:
        self.listener.close()
        for child in self._children:
            child.communicate()


_LISTEN = """
import socket, sys
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen()
    print(flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def published(runtime_dir: Path) -> Iterator[Published]:
    paths = AgentPaths.of("default", runtime_dir)
    paths.create()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(paths.directory / "a.sock"))
    listener.listen()
    started = process_start_time(os.getpid())
    assert started is not None
    record = DiscoveryRecord(
        instance_id="i",
        pid=os.getpid(),
        pid_start_time=started,
        boot_id=boot_id(),
        uid=os.geteuid(),
        socket=listener.getsockname(),
        protocol=1,
        token="t",
        ready_at=time.time(),
    )
    record.write(paths.record)
    agent = Published(Settings.load(runtime_dir=runtime_dir), paths, record, listener)
    yield agent
    agent.close()


def test_a_running_agent_is_found(published: Published) -> None:
    assert find("default", published.settings) == published.record


def test_an_agent_too_busy_to_accept_is_found(published: Published) -> None:
    """A stopped agent, too: the kernel queues connections for it until the queue is full."""
    published.listener.listen(0)
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.connect(published.record.socket)
        assert find("default", published.settings) == published.record


def test_no_directory_and_no_record_is_no_agent(runtime_dir: Path) -> None:
    settings = Settings.load(runtime_dir=runtime_dir)
    with pytest.raises(AgentNotRunningError) as caught:
        find("default", settings)
    assert caught.value.agent == "default"
    assert caught.value.searched == (str(runtime_dir / "default/agent.json"),)
    assert not list(runtime_dir.iterdir())
    AgentPaths.of("default", runtime_dir).create()
    with pytest.raises(AgentNotRunningError):
        find("default", settings)


def test_the_heartbeat_is_the_records_age(published: Published) -> None:
    age = heartbeat_age(published.paths)
    assert age is not None
    assert age < 60
    os.utime(published.paths.record, (time.time() - 100, time.time() - 100))
    assert (heartbeat_age(published.paths) or 0) > 99
    os.utime(published.paths.record, (time.time() + 100, time.time() + 100))
    assert heartbeat_age(published.paths) == 0
    published.paths.record.unlink()
    assert heartbeat_age(published.paths) is None


# Stale records


def _ended_process(published: Published) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    published.change(pid=child.pid)


def _socket_file_without_a_listener(published: Published) -> None:
    published.listener.close()


def _no_socket_file(published: Published) -> None:
    Path(published.record.socket).unlink()


def _link(published: Published) -> None:
    published.paths.record.rename(published.paths.directory / "elsewhere.json")
    published.paths.record.symlink_to("elsewhere.json")


def _directory(published: Published) -> None:
    published.paths.record.unlink()
    (published.paths.record / "deep").mkdir(parents=True)


def _fifo(published: Published) -> None:
    published.paths.record.unlink()
    os.mkfifo(published.paths.record, 0o600)


def _content(text: bytes) -> Callable[[Published], None]:
    return lambda published: _overwrite(published.paths.record, text)


def _overwrite(path: Path, text: bytes) -> None:
    path.write_bytes(text)


STALE: dict[str, tuple[Callable[[Published], None], str]] = {
    "not JSON": (_content(b'{"schema": 1, "inst'), "cannot be read"),
    "empty": (_content(b""), "cannot be read"),
    "not text": (_content(b"\xff\xfe\x00"), "cannot be read"),
    "no object": (_content(b"[1]"), "holds no object"),
    "fields missing": (_content(b'{"schema": 1}'), "is missing"),
    "nested": (_content(b"[" * 50_000), "nested too deeply"),
    "token of two lines": (lambda published: published.change(token="a\nb"), "token has characters"),
    "token not ASCII": (lambda published: published.change(token="\u00e9"), "token has characters"),
    "socket of no name": (lambda published: published.change(socket="/tmp/\ud800"), "socket has characters"),
    "huge": (_content(b'"' + b"x" * 100_000 + b'"'), "cannot be read"),
    "schema of the future": (lambda published: published.change(schema=99), "schema is 99"),
    "process ended": (_ended_process, "has ended"),
    "pid used anew": (lambda published: published.change(pid_start_time=1.0), "another one by now"),
    "machine booted since": (lambda published: published.change(boot_id="x"), "last booted"),
    "socket gone": (_no_socket_file, "is gone"),
    "connection refused": (_socket_file_without_a_listener, "does not answer"),
    "another process listens": (lambda published: published.listen_elsewhere(), "listens on its socket"),
    "link": (_link, "symbolic link"),
    "directory": (_directory, "not a regular file"),
    "fifo": (_fifo, "not a regular file"),
    "readable by others": (lambda published: published.paths.record.chmod(0o644), "open to other users"),
}


@pytest.mark.parametrize("kind", STALE)
def test_a_stale_record_is_told_and_cleaned_up(kind: str, published: Published) -> None:
    damage, reason = STALE[kind]
    damage(published)
    with pytest.raises(StalePortFileError) as caught:
        find("default", published.settings)
    error = caught.value
    assert error.discovery_path == str(published.paths.record)
    assert error.reason is not None
    assert reason in error.reason
    assert error.reason in error.message
    assert error.cleanup() is True
    assert error.cleanup() is False
    with pytest.raises(AgentNotRunningError):
        find("default", published.settings)


def test_a_record_of_another_user_inside_is_refused(published: Published) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(published.paths.record, 65534, -1)
    with pytest.raises(PermissionDeniedError) as caught:
        find("default", published.settings)
    assert (caught.value.agent_uid, caught.value.caller_uid) == (65534, 0)


# Cleaning up


def test_nothing_is_removed_while_an_agent_holds_the_lock(published: Published) -> None:
    """It is just starting, and will write its own record over the one of before."""
    published.change(boot_id="x")
    with pytest.raises(StalePortFileError) as caught:
        find("default", published.settings)
    with FileLock(published.paths.lock) as lock:
        assert lock.try_acquire()
        assert caught.value.cleanup() is False
    assert published.paths.record.exists()
    assert caught.value.cleanup() is True


def test_a_record_that_became_valid_meanwhile_stays(published: Published) -> None:
    published.change(boot_id="x")
    with pytest.raises(StalePortFileError) as caught:
        find("default", published.settings)
    published.record.write(published.paths.record)
    assert caught.value.cleanup() is False
    assert find("default", published.settings) == published.record


def test_an_error_that_travelled_still_cleans_up(published: Published) -> None:
    published.change(boot_id="x")
    with pytest.raises(StalePortFileError) as caught:
        find("default", published.settings)
    assert pickle.loads(pickle.dumps(caught.value)).cleanup() is True
    assert not published.paths.record.exists()


def test_cleaning_up_where_there_is_nothing_makes_nothing(tmp_path: Path) -> None:
    assert remove_stale(tmp_path / "default" / "agent.json") is False
    assert list(tmp_path.iterdir()) == []


# Other users


def _as_nobody(program: str, *arguments: str) -> Any:
    """Run a program as another user; it prints JSON."""
    # Imported first: the interpreter may be where the other user cannot go.
    head = "import json, os, sys, socket, struct\n" + _IMPORTS
    drop = "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
    done = subprocess.run(
        [sys.executable, "-c", head + drop + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_IMPORTS = """
from pathlib import Path
from cmdop_browser import discovery, exceptions
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths, remove_stale
import difflib, platformdirs
os.environ["HOME"] = "/nonexistent"
"""

_FIND = """
try:
    discovery.find("default", Settings.load(runtime_dir=sys.argv[1]))
except exceptions.CMDOPError as error:
    print(json.dumps(error.to_dict()))
"""


@as_root
def test_the_agent_of_another_user_is_refused(published: Published) -> None:
    runtime_dir = published.paths.directory.parent
    runtime_dir.chmod(0o711)
    error = _as_nobody(_FIND, str(runtime_dir))
    assert error["code"] == "PERMISSION_DENIED"
    assert error["fields"]["agent_uid"] == 0
    assert error["fields"]["caller_uid"] == 65534
    assert str(published.paths.directory) in error["message"]


@as_root
def test_a_directory_that_cannot_be_entered_names_whose_it_is(published: Published) -> None:
    error = _as_nobody(_FIND, str(published.paths.directory / "below"))
    assert error["code"] == "PERMISSION_DENIED"
    assert error["fields"] | {"scope": None} == {"agent_uid": 0, "caller_uid": 65534, "scope": None}


@as_root
def test_another_user_cannot_start_or_clean_up_there(published: Published) -> None:
    program = """
told = []
for act in (AgentPaths.of("default", Path(sys.argv[1])).create, lambda: remove_stale(Path(sys.argv[2]))):
    try:
        act()
    except exceptions.PermissionDeniedError as error:
        told.append([error.agent_uid, error.caller_uid])
print(json.dumps(told))
"""
    runtime_dir = published.paths.directory.parent
    runtime_dir.chmod(0o711)
    assert _as_nobody(program, str(runtime_dir), str(published.paths.record)) == [[0, 65534], [0, 65534]]
    assert published.paths.record.exists()


@as_root
def test_root_does_not_use_the_agent_of_a_user_either(published: Published) -> None:
    os.chown(published.paths.directory, 65534, 65534)
    with pytest.raises(PermissionDeniedError) as caught:
        find("default", published.settings)
    assert (caught.value.agent_uid, caught.value.caller_uid) == (65534, 0)


@as_root
def test_a_parent_of_another_user_is_refused(published: Published) -> None:
    """Who owns it could put a directory of their own in the place of ours at any time."""
    os.chown(published.paths.directory.parent, 65534, 65534)
    with pytest.raises(PermissionDeniedError) as caught:
        find("default", published.settings)
    assert caught.value.agent_uid == 65534
    os.chown(published.paths.directory.parent, 0, 0)


@as_root
def test_another_users_process_behind_the_socket_is_refused(published: Published) -> None:
    """The token is not sent to it: who listens is asked of the kernel before."""
    published.paths.directory.parent.chmod(0o711)
    directory = published.paths.directory.parent / "foreign"
    directory.mkdir()
    os.chown(directory, 65534, 65534)
    program = """
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1]); listener.listen()
if os.fork() == 0:
    os.close(1); os.close(2)
    connection, _ = listener.accept()
    os._exit(0)
print(os.getpid())
"""
    path = str(directory / "s")
    pid = _as_nobody(program, path)
    published.change(socket=path)
    with pytest.raises(PermissionDeniedError) as caught:
        find("default", published.settings)
    assert pid != published.record.pid
    assert (caught.value.agent_uid, caught.value.caller_uid) == (65534, 0)


@as_root
def test_another_user_has_a_place_of_their_own(tmp_path: Path) -> None:
    program = """
base = AgentPaths.of("default").directory
print(json.dumps(str(base)))
"""
    place = Path(_as_nobody(program))
    assert "65534" in str(place)
    assert place != AgentPaths.of("default").directory
