from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import _files as files
from cmdop_browser.exceptions import BadRequestError, FileError, FileNotFoundError, FilePermissionError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_written_with_the_users_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_file(tmp_path / "a", b"1")
        files.write_file(tmp_path / "b", b"2", private=True)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(FileError) as caught:
        files.write_file(tmp_path / "target", b"1")
    assert caught.value.path == str(tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, real = tmp_path / "link", tmp_path / "there" / "real"
    link.symlink_to("there/real")
    for content in (b"made", b"replaced"):
        assert files.target(link) == link
        files.write_file(link, content)
        assert link.is_symlink()
        assert real.read_bytes() == content
    assert [path.name for path in real.parent.iterdir()] == ["real"]


@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "descriptor"])
def test_what_is_no_regular_file_is_never_replaced(kind: str, tmp_path: Path) -> None:
    path, ends = tmp_path / "special", os.pipe()
    try:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "loop":
            path.symlink_to(path)
        elif kind == "descriptor":
            path.symlink_to(f"/proc/self/fd/{ends[1]}")
        else:
            _make_null(path)
        before = path.lstat()
        with pytest.raises(FileError) as caught:
            files.target(path)
        assert caught.value.path == str(path)
        with pytest.raises(FileError):
            files.write_file(path, b"1")
        assert os.path.samestat(path.lstat(), before)
        assert [found.name for found in tmp_path.iterdir()] == ["special"]
    finally:
        for end in ends:
            os.close(end)


def _make_null(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make a device")


def test_a_very_long_name(tmp_path: Path) -> None:
    files.write_file(tmp_path / ("x" * 255), b"1")
    with pytest.raises(FileError):
        files.write_file(tmp_path / ("x" * 256), b"1")


def test_targets(tmp_path: Path) -> None:
    assert files.target(None) is None
    assert files.target(str(tmp_path / "a")) == tmp_path / "a"
    with pytest.raises(FileNotFoundError):
        files.target(tmp_path / "no" / "a")
    with pytest.raises(FileError):
        files.target(tmp_path)
    with pytest.raises(BadRequestError):
        files.target("")


def test_what_the_system_forbids(tmp_path: Path) -> None:
    with pytest.raises(FilePermissionError) as caught, files.errors_of_ours(tmp_path, "write"):
        raise PermissionError(13, "Permission denied")
    assert caught.value.operation == "write"
    assert isinstance(caught.value, PermissionError)
    assert caught.value.__cause__ is not None


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123")
    assert files.read_file(tmp_path / "a") == b"123"
    with files.open_regular(tmp_path / "a") as file:
        assert file.read() == b"123"
    with pytest.raises(FileNotFoundError), files.open_regular(tmp_path / "b"):
        pass
    with pytest.raises(FileNotFoundError):
        files.read_file(tmp_path / "a" / "b")
