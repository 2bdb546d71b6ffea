"""Where drivers may keep their compiled program: what is read there is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser.compiled import keep_compiled

if TYPE_CHECKING:
    from pathlib import Path

_VARIABLE = "NODE_COMPILE_CACHE"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Set, so that it is put back; then gone.
    monkeypatch.setenv(_VARIABLE, "")
    monkeypatch.delenv(_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cmdop" / "driver"


def directory() -> str | None:
    """Where the drivers that are started now keep it."""
    keep_compiled()
    return os.environ.get(_VARIABLE)


def test_it_is_the_users_own(kept: Path) -> None:
    assert directory() == str(kept)
    assert kept.stat().st_mode & 0o777 == 0o700


def test_what_the_environment_names_stays(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_VARIABLE, "/own")
    assert directory() == "/own"
    assert not kept.exists()


def test_what_others_could_change_is_not_used(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept.mkdir(parents=True)
    kept.chmod(0o777)
    with caplog.at_level("INFO"):
        assert directory() is None
    assert "drivers compile their program at every start" in caplog.text
    assert "open to other users (mode 777)" in caplog.text


def test_where_others_could_put_another_one_in_its_place_it_is_not_used(kept: Path) -> None:
    kept.mkdir(mode=0o700, parents=True)
    kept.parent.chmod(0o777)
    assert directory() is None
    kept.parent.chmod(0o1777)
    assert directory() == str(kept)


def test_where_there_is_no_place_drivers_start_without(kept: Path) -> None:
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert directory() is None


def test_users_without_a_home_have_no_place(monkeypatch: pytest.MonkeyPatch, kept: Path) -> None:
    def no_home(*_: object) -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", no_home)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert directory() is None
    assert not kept.exists()
