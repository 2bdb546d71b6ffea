from __future__ import annotations

import os
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
    assert files.readable_size(tmp_path / "a") == 3
    with pytest.raises(FileNotFoundError):
        files.readable_size(tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        files.read_file(tmp_path / "a" / "b")
