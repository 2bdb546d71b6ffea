"""Names, paths, locks and process identities: what client and agent agree on."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cmdop_browser.exceptions import BadRequestError, ConfigurationError, PermissionDeniedError
from cmdop_browser.wire.rendezvous import (
    AgentPaths,
    DiscoveryRecord,
    FileLock,
    boot_id,
    has_directory_of_its_own,
    is_running,
    new_socket_path,
    process_start_time,
    runtime_base,
)

RECORD = DiscoveryRecord(
    instance_id="a" * 32,
    pid=1,
    pid_start_time=2.0,
    boot_id="b",
    uid=3,
    socket="/run/x.sock",
    protocol=1,
    token="very-secret",
    ready_at=4.5,
)


# Names and paths


@pytest.mark.parametrize("name", ["default", "a", "A-1_2.b", "9", "_x", "x" * 64])
def test_names(name: str, tmp_path: Path) -> None:
    assert AgentPaths.of(name, tmp_path).directory == tmp_path / name
    assert AgentPaths.of(name, tmp_path).agent == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "-a", "a b", "a\n", "é", "x" * 65, "a\0"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        AgentPaths.of(name)
    assert (caught.value.field, caught.value.value) == ("agent", name)


def test_naming_paths_makes_nothing(tmp_path: Path) -> None:
    AgentPaths.of("default", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_runtime_directory_of_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_base() == tmp_path / "cmdop"


def test_a_runtime_directory_that_others_may_enter_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert tmp_path not in runtime_base().parents


def test_a_cron_job_meets_where_another_temporary_directory_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    before = runtime_base()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert runtime_base() == before


def test_directories_are_private_whatever_the_umask(tmp_path: Path) -> None:
    paths = AgentPaths.of("default", tmp_path / "a" / "b")
    before = os.umask(0)
    try:
        paths.create()
    finally:
        os.umask(before)
    for directory in (tmp_path / "a", tmp_path / "a" / "b", paths.directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_directory_open_to_others_is_refused(mode: int, tmp_path: Path) -> None:
    paths = AgentPaths.of("default", tmp_path)
    paths.create()
    paths.directory.chmod(mode)
    with pytest.raises(PermissionDeniedError, match=f"{mode:03o}") as caught:
        paths.create()
    assert caught.value.tips == (f"chmod 700 {paths.directory}",)
    with pytest.raises(PermissionDeniedError):
        paths.verify()


def test_a_parent_where_all_may_rename_is_refused(tmp_path: Path) -> None:
    paths = AgentPaths.of("default", tmp_path)
    paths.create()
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionDeniedError, match="changed by every user"):
        paths.verify()
    tmp_path.chmod(0o1777)
    paths.verify()


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 260, "/proc/x"])
def test_what_can_be_no_directory_is_a_fault_of_the_setting(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    paths = AgentPaths.of("default", tmp_path / name)
    with pytest.raises(ConfigurationError) as caught:
        paths.create()
    assert (caught.value.setting, caught.value.source) == ("runtime_dir", None)
    assert caught.value.tips
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(tmp_path / name))
    with pytest.raises(ConfigurationError) as caught:
        paths.create()
    assert caught.value.source == "environment"


def test_a_name_too_long_is_a_fault_of_the_setting_when_looking_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="File name too long"):
        AgentPaths.of("default", tmp_path / ("x" * 260)).verify()
    with pytest.raises(FileNotFoundError):
        AgentPaths.of("default", tmp_path / "x").verify()


def test_a_refusal_does_not_blame_the_caller_for_being_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:  # as /sys does, even to root
        raise PermissionError(1, "Operation not permitted")

    paths = AgentPaths.of("default", tmp_path / "x")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionDeniedError, match="cannot be used: Operation not permitted"):
        paths.create()


def test_a_link_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(0o700)
    paths = AgentPaths.of("default", tmp_path)
    paths.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionDeniedError, match="not a directory"):
        paths.create()


def test_sockets_lie_in_the_agents_directory(tmp_path: Path) -> None:
    paths = AgentPaths(Path("/run/user/1000/cmdop/default"), tmp_path)
    socket = new_socket_path(paths, "0123456789abcdef")
    assert socket == paths.directory / "0123456789ab.sock"
    assert not has_directory_of_its_own(socket)


def test_a_path_too_long_for_a_socket_gets_a_private_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = AgentPaths.of("x" * 64, tmp_path / ("d" * 60))
    for temporary in (None, str(tmp_path / ("t" * 90))):
        if temporary is not None:
            Path(temporary).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        socket = new_socket_path(paths, "0123456789abcdef")
        try:
            assert len(os.fsencode(socket)) <= 100
            assert has_directory_of_its_own(socket)
            assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        finally:
            socket.parent.rmdir()


# The record


def test_a_record_is_written_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "agent.json"
    before = os.umask(0)
    try:
        RECORD.write(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DiscoveryRecord.read(path) == RECORD
    assert list(tmp_path.iterdir()) == [path]


def test_a_record_that_cannot_be_put_there_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "agent.json").mkdir()
    with pytest.raises(IsADirectoryError):
        RECORD.write(tmp_path / "agent.json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["agent.json"]


def test_a_record_hides_its_token() -> None:
    assert "very-secret" not in repr(RECORD)
    assert RECORD.to_dict()["token"] == "very-secret"


def test_fields_of_the_future_are_left_out() -> None:
    assert DiscoveryRecord.from_dict({**RECORD.to_dict(), "colour": "blue"}) == RECORD


@pytest.mark.parametrize(
    "change",
    [{"pid": "1"}, {"pid": True}, {"pid": 1.5}, {"token": None}, {"pid_start_time": "now"}, {"socket": 1}],
)
def test_a_field_of_a_wrong_type_is_named(change: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=next(iter(change))):
        DiscoveryRecord.from_dict({**RECORD.to_dict(), **change})


def test_numbers_without_a_fraction_are_times_too() -> None:
    content = json.loads(json.dumps({**RECORD.to_dict(), "pid_start_time": 2, "ready_at": 4}))
    assert DiscoveryRecord.from_dict(content).pid_start_time == 2.0


# Locks


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert FileLock.is_free(tmp_path / "lock")
    assert first.try_acquire()
    assert first.try_acquire()
    assert not second.try_acquire()
    assert not FileLock.is_free(tmp_path / "lock")
    first.release()
    first.release()
    assert FileLock.is_free(tmp_path / "lock")
    assert second.try_acquire()
    second.release()


def test_asking_whether_a_lock_is_free_makes_no_file(tmp_path: Path) -> None:
    assert FileLock.is_free(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_removed_is_noticed_and_keeps_nobody_out(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as first, FileLock(tmp_path / "lock") as second:
        assert first.try_acquire()
        assert first.still_named()
        first.path.unlink()
        assert not first.still_named()
        assert second.try_acquire()
        assert not first.still_named()


def test_a_lock_is_not_inherited_by_a_program_and_ends_with_its_holder(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        assert not FileLock.is_free(tmp_path / "lock")
        holder.kill()
        holder.wait()
        assert process_start_time(child) is not None
        assert FileLock.is_free(tmp_path / "lock")
    finally:
        os.kill(child, 9)
        holder.stdin.close()
        holder.stdout.close()


_HOLDER = """
import subprocess, sys
from pathlib import Path
from cmdop_browser.wire.rendezvous import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.try_acquire()
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_releasing_works_while_a_forked_child_has_the_descriptor(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _FORKER, str(tmp_path / "lock")], check=False, timeout=20)
    assert done.returncode == 0


_FORKER = """
import os, sys
from pathlib import Path
from cmdop_browser.wire.rendezvous import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.try_acquire()
held, release = os.pipe()
pid = os.fork()
if pid == 0:  # a child that never heard of the lock
    os.close(release)
    os.read(held, 1)
    os._exit(0)
lock.release()
assert FileLock.is_free(lock.path)
"""


def test_what_a_holder_writes_is_read_by_the_next(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as lock:
        assert lock.try_acquire()
        lock.write(b"a long note")
        lock.write(b"short")
    with FileLock(tmp_path / "lock") as lock:
        assert lock.read() == b""
        assert lock.try_acquire()
        assert lock.read() == b"short"


# Processes


def test_a_process_is_known_by_pid_start_and_boot() -> None:
    started = process_start_time(os.getpid())
    assert started is not None
    assert is_running(os.getpid(), started, boot_id())
    assert not is_running(os.getpid(), started + 1, boot_id())
    assert not is_running(os.getpid(), started, "another boot")


def test_a_zombie_has_ended() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_start_time(child.pid) is None
    child.wait()
    assert process_start_time(child.pid) is None


def test_a_command_name_with_parentheses_is_read(tmp_path: Path) -> None:
    program = tmp_path / "a) Z 1 (b"
    program.symlink_to("/bin/sleep")
    child = subprocess.Popen([program, "60"])
    try:
        assert process_start_time(child.pid) is not None
    finally:
        child.kill()
        child.wait()
