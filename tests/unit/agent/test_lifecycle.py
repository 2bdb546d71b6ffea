"""An agent as others see it: locked, published, alive, withdrawn."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import socket
import stat
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent_bridge import lifecycle
from agent_bridge.lifecycle import AgentLock, Publication, Report, new_record
from agent_bridge.supervision import notify
from cmdop_browser.discovery import find
from cmdop_browser.exceptions import AgentExistsError, BrowserNotInstalledError, error_from_dict
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord, FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def paths(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AgentPaths:
    monkeypatch.setattr(lifecycle, "HEARTBEAT_SECONDS", 0.01)
    agent_paths = AgentPaths.of("default", runtime_dir)
    agent_paths.create()
    return agent_paths


@contextmanager
def _listening(record: DiscoveryRecord) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(record.socket)
        listener.listen()
        yield


# The lock


def test_there_is_one_agent_of_a_name(paths: AgentPaths) -> None:
    with AgentLock.acquire(paths), pytest.raises(AgentExistsError, match="default") as caught:
        AgentLock.acquire(paths)
    assert caught.value.agent == "default"
    with AgentLock.acquire(paths):
        pass


def test_a_client_that_looks_at_the_lock_is_waited_for(paths: AgentPaths) -> None:
    with FileLock(paths.lock) as looking:
        assert looking.try_acquire()
        timer = threading.Timer(0.05, looking.release)
        timer.start()
        with AgentLock.acquire(paths):
            pass
        timer.join()


def test_a_lock_whose_file_was_removed_is_lost(paths: AgentPaths) -> None:
    with AgentLock.acquire(paths) as lock:
        assert not lock.lost
        paths.lock.unlink()
        assert lock.lost


# The record


def test_each_instance_has_an_id_a_token_and_a_socket_of_its_own(paths: AgentPaths) -> None:
    records = [new_record(paths, "default") for _ in range(3)]
    for attribute in ("instance_id", "token", "socket"):
        assert len({getattr(record, attribute) for record in records}) == 3
    assert all(record.pid == os.getpid() and record.uid == os.geteuid() for record in records)
    assert all(len(record.token) >= 40 for record in records)
    assert not any(Path(record.socket).exists() for record in records)


async def test_a_published_agent_is_found_until_it_retires(paths: AgentPaths) -> None:
    settings = Settings.load()
    record = new_record(paths, "default")
    draining = paths.draining / f"{record.instance_id}.json"
    with _listening(record):
        async with Publication(paths, record) as publication:
            assert find("default", settings) == publication.record
            assert publication.record.ready_at >= record.ready_at
            assert stat.S_IMODE(paths.record.stat().st_mode) == 0o600
            publication.retire()
            assert not paths.record.exists()
            assert DiscoveryRecord.read(draining) == publication.record
            assert stat.S_IMODE(draining.stat().st_mode) == 0o600
    assert not paths.record.exists()
    assert not draining.exists()


async def test_one_that_retires_gives_its_name_to_the_next(paths: AgentPaths) -> None:
    first, second = new_record(paths, "default"), new_record(paths, "default")
    with _listening(first), _listening(second), AgentLock.acquire(paths) as lock:
        async with Publication(paths, first, lock) as retiring:
            with pytest.raises(AgentExistsError):
                AgentLock.acquire(paths)
            retiring.retire()
            with AgentLock.acquire(paths) as its_own:
                async with Publication(paths, second, its_own) as successor:
                    assert DiscoveryRecord.read(paths.record) == successor.record
                    retiring._show_life()
                    assert not retiring.lost.is_set()
                assert not paths.record.exists()
            assert (paths.draining / f"{first.instance_id}.json").exists()


async def test_the_record_of_a_successor_is_left_alone(paths: AgentPaths) -> None:
    first, second = new_record(paths, "default"), new_record(paths, "default")
    with _listening(first):
        async with Publication(paths, first):
            second.write(paths.record)
    assert DiscoveryRecord.read(paths.record) == second


async def test_its_heart_beats(paths: AgentPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    record = new_record(paths, "default")
    beaten, utime = asyncio.Event(), os.utime

    def renew(path: Path) -> None:
        utime(path)
        beaten.set()

    with _listening(record):
        async with Publication(paths, record):
            os.utime(paths.record, (0, 0))
            monkeypatch.setattr(os, "utime", renew)
            await asyncio.wait_for(beaten.wait(), 20)
            assert paths.record.stat().st_mtime > 0


async def published_again_after(
    harm: Callable[[], object], publication: Publication, paths: AgentPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Do harm to an agent's record, and see that it is written anew."""
    written, write = asyncio.Event(), DiscoveryRecord.write

    def publish(record: DiscoveryRecord, path: Path) -> None:
        write(record, path)
        written.set()

    monkeypatch.setattr(DiscoveryRecord, "write", publish)
    harm()
    await asyncio.wait_for(written.wait(), 20)
    assert DiscoveryRecord.read(paths.record) == publication.record
    assert not publication.lost.is_set()


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text(path.read_text().replace('"pid"', '"dip"')),
    lambda path: path.write_text(path.read_text().replace('"protocol": ', '"protocol": 9')),
    lambda path: path.chmod(0o644),
], ids=["empty", "a field missing", "another value", "open to others"])  # fmt: skip
async def test_a_record_that_was_damaged_is_published_again(
    damage: Callable[[Path], object], paths: AgentPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(paths, "default")
    with _listening(record), AgentLock.acquire(paths) as lock:
        async with Publication(paths, record, lock) as publication:
            await published_again_after(lambda: damage(paths.record), publication, paths, monkeypatch)


async def test_a_record_that_was_removed_is_published_again(
    paths: AgentPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(paths, "default")
    with _listening(record), AgentLock.acquire(paths) as lock:
        async with Publication(paths, record, lock) as publication:
            await published_again_after(paths.record.unlink, publication, paths, monkeypatch)


@pytest.mark.parametrize("what", ["lock", "socket"])
async def test_an_agent_whose_files_were_removed_knows_that_it_is_lost(paths: AgentPaths, what: str) -> None:
    record = new_record(paths, "default")
    with _listening(record), AgentLock.acquire(paths) as lock:
        async with Publication(paths, record, lock) as publication:
            (paths.lock if what == "lock" else Path(record.socket)).unlink()
            await asyncio.wait_for(publication.lost.wait(), 20)


async def test_a_heart_beats_on_after_a_failure(paths: AgentPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    record = new_record(paths, "default")
    failures, beaten = [RuntimeError("no such luck")], asyncio.Event()

    def show_life(_publication: Publication) -> None:
        if failures:
            raise failures.pop()
        beaten.set()

    monkeypatch.setattr(Publication, "_show_life", show_life)
    with _listening(record):
        async with Publication(paths, record):
            await asyncio.wait_for(beaten.wait(), 20)


def _read_only(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


async def test_a_record_that_cannot_be_removed_keeps_nobody_from_ending(
    paths: AgentPaths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record = new_record(paths, "default")
    with _listening(record), AgentLock.acquire(paths) as lock:
        async with Publication(paths, record, lock) as publication:
            monkeypatch.setattr(Path, "unlink", _read_only)
            publication.retire()
            assert f"cannot remove {paths.record}" in caplog.text
            with AgentLock.acquire(paths):
                pass
    assert paths.record.exists()


async def test_a_service_manager_is_told_of_life_whose_signs_cannot_be_written(
    paths: AgentPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = new_record(paths, "default")
    with _listening(record), _manager(paths, monkeypatch) as manager, AgentLock.acquire(paths) as lock:
        async with Publication(paths, record, lock):
            monkeypatch.setattr(AgentLock, "touch", _read_only)
            said = asyncio.get_running_loop().sock_recv(manager, 100)
            assert await asyncio.wait_for(said, 20) == notify.ALIVE.encode()


def test_a_service_manager_that_cannot_be_told_is_not(
    paths: AgentPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _manager(paths, monkeypatch) as manager:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        os.close(lowest := os.dup(manager.fileno()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            notify.notify(notify.STOPPING)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


@contextmanager
def _manager(paths: AgentPaths, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(paths.directory / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        manager.bind(address)
        yield manager


# Readiness


def _read_line(fd: int) -> dict[str, dict[str, object]]:
    with os.fdopen(fd) as pipe:
        lines = pipe.readlines()
    assert len(lines) == 1
    content: dict[str, dict[str, object]] = json.loads(lines[0])
    return content


def test_readiness_is_one_line_and_the_end(paths: AgentPaths) -> None:
    ready, fd = os.pipe()
    record = new_record(paths, "default")
    report = Report(fd)
    report.ready(record)
    assert DiscoveryRecord.from_dict(_read_line(ready)["ready"]) == record


def test_nothing_is_written_to_a_file_that_has_got_the_number_since(paths: AgentPaths) -> None:
    ready, fd = os.pipe()
    end, other = os.pipe()
    report = Report(fd)
    report.ready(new_record(paths, "default"))
    os.dup2(other, fd)
    report.failure(BrowserNotInstalledError(backend="chromium"))
    for each in (fd, other, ready):
        os.close(each)
    assert os.read(end, 1) == b""
    os.close(end)


def test_a_failure_arrives_as_what_it_is() -> None:
    ready, fd = os.pipe()
    error = BrowserNotInstalledError(backend="chromium", install_hint="cmdop-browser install")
    Report(fd).failure(error)
    told = error_from_dict(_read_line(ready)["error"])
    assert isinstance(told, BrowserNotInstalledError)
    assert told.install_hint == error.install_hint


def test_nobody_need_listen(paths: AgentPaths) -> None:
    ready, fd = os.pipe()
    os.close(ready)
    Report(fd).ready(new_record(paths, "default"))
    Report(None).ready(new_record(paths, "default"))
