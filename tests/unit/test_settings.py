"""Settings: where each comes from, and what is said about a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from cmdop_browser.exceptions import ConfigurationError
from cmdop_browser.settings import Settings, config_file


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the test's own, and nothing in the environment."""
    import os

    for name in [name for name in os.environ if name.startswith("CMDOP_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("CMDOP_CONFIG", str(path))
    return path


def test_defaults() -> None:
    settings = Settings.load()
    assert (settings.timeout, settings.connect_timeout, settings.max_queue) == (30.0, 10.0, 1000)
    assert (settings.runtime_dir, settings.max_sessions, settings.idle_exit) == (None, None, None)
    assert (settings.sandbox, settings.evidence, settings.log_level) == ("auto", "on", "INFO")


def test_keyword_over_environment_over_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("timeout = 1\nmax_queue = 1\nshards = 1\n")
    monkeypatch.setenv("CMDOP_MAX_QUEUE", "2")
    monkeypatch.setenv("CMDOP_SHARDS", "2")
    settings = Settings.load(shards=3)
    assert (settings.timeout, settings.max_queue, settings.shards) == (1.0, 2, 3)


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDOP_TIMEOUT", "")
    assert Settings.load().timeout == 30.0


def test_paths_mean_the_same_in_every_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    settings = Settings.load(runtime_dir="run", browser_path="~/chromium")
    assert settings.runtime_dir == tmp_path / "run"
    assert settings.browser_path == Path("/home/somebody/chromium")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "soon"),
        ("timeout", "0"),
        ("timeout", "-1"),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("max_sessions", "0"),
        ("max_sessions", "1.5"),
        ("sandbox", "maybe"),
        ("log_level", "chatty"),
        ("drain_timeout", "-1"),
        ("timeout", "1e300"),
        ("diagnosis_time", "1e300"),
        ("memory", "9" * 23),
        ("session_memory", "9" * 23),
        ("max_sessions", "9" * 23),
        ("shards", "100000"),
    ],
)
def test_a_bad_value_names_setting_and_source(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CMDOP_{name.upper()}", value)
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert (caught.value.setting, caught.value.source) == (name, "environment")
    assert f"CMDOP_{name.upper()}" in caught.value.message
    assert repr(value) in caught.value.message.lower()
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(**{name: value})
    assert (caught.value.setting, caught.value.source) == (name, "keyword")


def test_a_bad_value_in_the_file_names_the_file(config: Path) -> None:
    config.write_text('timeout = "soon"\n')
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert (caught.value.setting, caught.value.source) == ("timeout", str(config))


def test_an_unknown_setting_is_refused_wherever_it_stands(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(timout=1)
    assert (caught.value.setting, caught.value.source) == ("timout", "keyword")
    assert caught.value.tips == ("did you mean timeout?",)
    config.write_text("[agent]\n")
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert (caught.value.setting, caught.value.source) == ("agent", str(config))
    monkeypatch.setenv("CMDOP_BROWSERPATH", "/x")
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert (caught.value.setting, caught.value.source) == ("browserpath", "environment")
    assert caught.value.tips == ("did you mean CMDOP_BROWSER_PATH?",)


@pytest.mark.parametrize("content", [
    'runtime_dir = ""', 'browser_path = "a\\u0000b"', "max_sessions = true", "timeout = true",
])  # fmt: skip
def test_a_value_of_another_kind_in_the_file_is_refused(config: Path, content: str) -> None:
    config.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert caught.value.setting == content.partition(" ")[0]
    assert caught.value.source == str(config)


@pytest.mark.parametrize("content", [b"timeout =", b"\xff\xfe", b"timeout = 1\ntimeout = 2"])
def test_a_file_that_cannot_be_read_is_named(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot read") as caught:
        Settings.load()
    assert caught.value.source == str(config)


def test_a_file_that_was_asked_for_must_exist(config: Path) -> None:
    config.unlink()
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert caught.value.setting == "CMDOP_CONFIG"


def test_the_users_own_file_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMDOP_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert config_file() == tmp_path / "config/cmdop/config.toml"
    assert Settings.load().timeout == 30.0


def test_settings_do_not_change() -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.timeout = 1.0


def test_another_process_loads_the_same_settings(config: Path, tmp_path: Path) -> None:
    config.write_text("timeout = 99\nmax_queue = 7\n")
    settings = Settings.load(timeout=30, runtime_dir=tmp_path, evidence="off", log_level="debug")
    loaded = subprocess.run(
        [sys.executable, "-c", "from cmdop_browser.settings import Settings; print(repr(Settings.load()))"],
        env={"CMDOP_CONFIG": str(config), **settings.to_environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == repr(settings)
