"""Reading a log that is written to, and rotated, meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.cli.logs import Log
from cmdop_browser.exceptions import AgentAttachError
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(log_dir=tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\nthree\nhal")
    return path


@pytest.mark.usefixtures("path")
def test_the_last_lines(settings: Settings) -> None:
    with Log("a", settings) as log:
        assert log.last_lines(2) == ["two", "three"]
    with Log("a", settings) as log:
        assert log.last_lines(0) == []


def test_what_is_added_comes_line_by_line(settings: Settings, path: Path) -> None:
    with Log("a", settings) as log:
        log.last_lines(0)
        assert list(log.new_lines()) == []
        with path.open("ab") as more:
            more.write(b"f\n\xff\xfe\n")
        assert list(log.new_lines()) == ["half", "\ufffd\ufffd"]


def test_a_rotated_log_goes_on_in_the_new_file(settings: Settings, path: Path) -> None:
    with Log("a", settings) as log:
        log.last_lines(0)
        with path.open("ab") as more:
            more.write(b"f\n")
        path.rename(path.with_suffix(".log.1"))
        path.write_bytes(b"next\n")
        assert list(log.new_lines()) == ["half", "next"]
        assert list(log.new_lines()) == []


def test_older_files_make_up_for_what_a_new_one_lacks(settings: Settings, path: Path) -> None:
    path.with_name("a.log.2").write_bytes(b"minus two\nminus one\n")
    path.with_name("a.log.1").write_bytes(b"zero\n")
    with Log("a", settings) as log:
        assert log.last_lines(5) == ["minus one", "zero", "one", "two", "three"]


@pytest.mark.usefixtures("path")
def test_only_lines_about_something(settings: Settings) -> None:
    with Log("a", settings, about="t") as log:
        assert log.last_lines(10) == ["two", "three"]


def test_a_log_that_is_not_there(settings: Settings) -> None:
    with pytest.raises(AgentAttachError, match="has no log that can be read"), Log("a", settings):
        pass
