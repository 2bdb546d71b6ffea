"""What the agent keeps for errors: bounded, private, forgotten."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from agent_bridge import artifacts
from agent_bridge.artifacts import Artifacts, NotKept
from cmdop_browser.exceptions import Artifact
from cmdop_browser.exceptions import FileNotFoundError as MissingFileError
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path


async def _kept(store: Artifacts, content: bytes = b"x") -> Artifact:
    artifact = await store.keep(content, "text/html")
    assert isinstance(artifact, Artifact)
    return artifact


def _files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_what_is_kept_can_be_read_repeatedly(tmp_path: Path) -> None:
    store = Artifacts(tmp_path / "artifacts")
    artifact = await _kept(store, b"<p>")
    assert (artifact.media_type, artifact.size_bytes) == ("text/html", 3)
    assert [await store.read(artifact.id) for _ in range(2)] == [b"<p>", b"<p>"]


async def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    store = Artifacts(tmp_path / "artifacts")
    artifact = await _kept(store)
    directory = tmp_path / "artifacts"
    assert directory.stat().st_mode & 0o077 == 0
    assert (directory / artifact.id).stat().st_mode & 0o077 == 0


async def test_ids_cannot_be_guessed(tmp_path: Path) -> None:
    store = Artifacts(tmp_path)
    ids = {(await _kept(store, b"same")).id for _ in range(10)}
    assert len(ids) == 10
    assert all(len(artifact_id) >= 34 for artifact_id in ids)


@pytest.mark.parametrize("artifact_id", ["", "a-0", "../agent.json", "/etc/hostname"])
async def test_ids_are_no_paths(tmp_path: Path, artifact_id: str) -> None:
    with pytest.raises(MissingFileError):
        await Artifacts(tmp_path).read(artifact_id)


async def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    store = Artifacts(tmp_path, max_number=2)
    first, second = await _kept(store), await _kept(store)
    await store.read(first.id)
    third = await _kept(store)
    assert len(store) == len(_files(tmp_path)) == 2
    for artifact in (first, third):
        assert await store.read(artifact.id)
    with pytest.raises(MissingFileError) as caught:
        await store.read(second.id)
    assert caught.value.tips


async def test_bytes_are_bounded(tmp_path: Path) -> None:
    store = Artifacts(tmp_path, max_bytes=100)
    for _ in range(5):
        await _kept(store, b"x" * 40)
    assert store.size == 80
    assert await store.keep(b"x" * 101, "text/html") == NotKept("it is too large: 101 bytes")
    assert len(store) == 2


async def test_the_old_is_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    store = Artifacts(tmp_path, max_age=60, clock=clock)
    artifact = await _kept(store)
    clock.now = 61
    with pytest.raises(MissingFileError):
        await store.read(artifact.id)
    assert not _files(tmp_path)


async def test_a_disk_that_takes_nothing_costs_the_picture_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    store = Artifacts(tmp_path / "file" / "artifacts")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert await store.keep(b"x", "text/html") == NotKept(
                "the agent could not keep it: not a directory"
            )
    assert [record.getMessage().endswith(": not a directory") for record in caplog.records] == [True]


async def test_what_nobody_waits_for_any_more_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, may_end = threading.Event(), threading.Event()
    write = artifacts._write

    def slowly(path: Path, content: bytes) -> None:
        write(path, content)
        written.set()
        may_end.wait(10)

    monkeypatch.setattr(artifacts, "_write", slowly)
    store = Artifacts(tmp_path)
    keeping = asyncio.ensure_future(store.keep(b"x", "text/html"))
    await asyncio.to_thread(written.wait, 10)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    may_end.set()
    async with asyncio.timeout(10):
        while _files(tmp_path):
            await asyncio.to_thread(time.sleep, 0.001)
    assert not len(store)


async def test_many_at_once(tmp_path: Path) -> None:
    store = Artifacts(tmp_path, max_number=20)
    kept = await asyncio.gather(*(_kept(store) for _ in range(50)))
    assert len(kept) == 50
    assert len(store) == len(_files(tmp_path)) == 20
