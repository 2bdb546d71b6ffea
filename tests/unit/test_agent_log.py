"""The log of an agent: private, bounded, and its tail."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cmdop_browser import agent_log
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import open_log

if TYPE_CHECKING:
    from pathlib import Path

LARGE = b"x" * (5 * 1024 * 1024)


def _append(path: Path, text: bytes) -> None:
    fd = open_log(path)
    os.write(fd, text)
    os.close(fd)


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agent_log.log_path("shop", Settings.load(log_dir=tmp_path)) == tmp_path / "shop.log"
    monkeypatch.delenv("CMDOP_LOG_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert agent_log.log_path("shop", Settings.load()).is_relative_to(tmp_path / "cmdop")


def test_it_is_appended_to_and_private(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "default.log"
    _append(path, b"one\n")
    _append(path, b"two\n")
    assert path.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_large_one_is_set_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "default.log"
    for number in range(6):
        path.write_bytes(b"%d" % number + LARGE)
        os.close(open_log(path))
    assert path.read_bytes() == b""
    aside = {entry.name: entry.read_bytes()[:1] for entry in tmp_path.iterdir() if entry != path}
    assert aside == {"default.log.1": b"5", "default.log.2": b"4", "default.log.3": b"3"}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "default.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        open_log(tmp_path / "default.log")
    assert not (tmp_path / "elsewhere").exists()


def test_the_tail_has_whole_lines_and_nothing_from_before(tmp_path: Path) -> None:
    path = tmp_path / "default.log"
    path.write_text("old\n" + "new\n")
    assert agent_log.read_tail(path, start=4) == "new"
    path.write_text("".join(f"line {number}\n" for number in range(10_000)))
    lines = agent_log.read_tail(path).splitlines()
    assert lines[-1] == "line 9999"
    assert all(line.startswith("line ") for line in lines)
    assert sum(map(len, lines)) < 4096


def test_the_tail_of_what_cannot_be_read(tmp_path: Path) -> None:
    assert agent_log.read_tail(tmp_path / "missing") == ""
    (tmp_path / "binary").write_bytes(b"\xff\xfe oops\n")
    assert "oops" in agent_log.read_tail(tmp_path / "binary")
