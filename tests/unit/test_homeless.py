"""Users without a home directory, as containers have them."""

from __future__ import annotations

import pytest

from cmdop_browser._spawn import environment
from cmdop_browser.agent_log import log_path
from cmdop_browser.settings import Settings, config_file
from cmdop_browser.wire.rendezvous import runtime_base


def no_home(*_: object) -> str:
    raise KeyError("getpwuid(): uid not found")


@pytest.fixture(autouse=True)
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pwd.getpwuid", no_home)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "CMDOP_CONFIG", "CMDOP_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_settings_are_the_machines() -> None:
    assert config_file().is_relative_to("/etc")
    Settings.load()


def test_logs_lie_beside_the_agents() -> None:
    assert log_path("a", Settings.load()) == runtime_base() / "log" / "a.log"


def test_agents_get_one() -> None:
    assert environment(Settings.load())["HOME"] == "/"
