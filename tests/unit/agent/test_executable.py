"""Which browser is driven, and how."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from agent_bridge.browser import executable
from agent_bridge.browser.executable import BrowserKind, InstalledBrowser, find_browser, find_browsers
from cmdop_browser.exceptions import BrowserNotInstalledError
from cmdop_browser.settings import Settings

SHELL = "chrome-headless-shell-linux64/chrome-headless-shell"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of Playwright's browsers, on a machine without any others."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(executable, "SYSTEM_DIRECTORIES", (tmp_path / "system",))
    monkeypatch.setattr(executable, "GOOGLE_CHROME", tmp_path / "chrome")
    return tmp_path / "cache"


def _program(path: Path, content: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        shutil.copy("/bin/true", path)
    else:
        path.write_bytes(content)
    path.chmod(0o755)
    return path


def _downloaded(cache: Path, name: str, program: str) -> Path:
    import playwright

    driver = Path(playwright.__file__).parent / "driver/package/browsers.json"
    listed = json.loads(driver.read_text())["browsers"]
    revision = next(entry["revision"] for entry in listed if entry["name"] == name)
    directory = cache / f"{name.replace('-', '_')}-{revision}"
    path = _program(directory / program)
    (directory / "INSTALLATION_COMPLETE").touch()
    return path


def test_there_is_none(cache: Path) -> None:
    assert find_browsers() == []
    with pytest.raises(BrowserNotInstalledError) as caught:
        find_browser(Settings.load())
    assert caught.value.install_hint == "cmdop-browser install"


def test_the_best_is_used(cache: Path, tmp_path: Path) -> None:
    ranked = [
        _downloaded(cache, "chromium-headless-shell", SHELL),
        _program(tmp_path / "system/chromium-headless-shell"),
        _downloaded(cache, "chromium", "chrome-linux64/chrome"),
        _program(tmp_path / "system/chromium"),
        _program(tmp_path / "chrome"),
    ]
    while ranked:
        assert find_browser(Settings.load()).path == ranked[0]
        assert [browser.path for browser in find_browsers()] == ranked
        ranked.pop(0).unlink()


def test_a_named_one_comes_before_all(cache: Path, tmp_path: Path) -> None:
    _downloaded(cache, "chromium-headless-shell", SHELL)
    named = _program(tmp_path / "mine", b"#!/bin/sh\n")
    found = find_browser(Settings.load(browser_path=named))
    assert found == InstalledBrowser(named, BrowserKind.CONFIGURED)


@pytest.mark.parametrize("prepare", ["missing", "a directory", "not executable"])
def test_a_named_one_must_be_a_program(cache: Path, tmp_path: Path, prepare: str) -> None:
    path = tmp_path / "mine"
    if prepare == "a directory":
        path.mkdir()
    elif prepare == "not executable":
        path.touch(0o600)
    with pytest.raises(BrowserNotInstalledError, match="browser_path") as caught:
        find_browser(Settings.load(browser_path=path))
    assert "CMDOP_BROWSER_PATH" in caught.value.tips[0]


def test_a_download_that_broke_off_does_not_count(cache: Path) -> None:
    path = _downloaded(cache, "chromium-headless-shell", SHELL)
    (path.parent.parent / "INSTALLATION_COMPLETE").unlink()
    assert find_browsers() == []


def test_another_build_than_playwrights_does_not_count(cache: Path) -> None:
    path = _program(cache / "chromium_headless_shell-1" / SHELL)
    (path.parent.parent / "INSTALLATION_COMPLETE").touch()
    assert find_browsers() == []


def test_scripts_that_start_a_browser_are_not_browsers(cache: Path, tmp_path: Path) -> None:
    for name in ("chromium", "chromium-browser", "headless-shell"):
        _program(tmp_path / "bin" / name, b"#!/bin/sh\nexec /snap/bin/chromium\n")
    assert find_browsers() == []


def test_snaps_are_not_browsers(cache: Path, tmp_path: Path) -> None:
    snapd = _program(tmp_path / "usr/bin/snap")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/chromium").symlink_to(snapd)
    assert find_browsers() == []


def test_a_link_on_the_path_leads_to_the_program(cache: Path, tmp_path: Path) -> None:
    real = _program(tmp_path / "opt/chromium/chrome")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/chromium").symlink_to(real)
    assert find_browser(Settings.load()) == InstalledBrowser(real, BrowserKind.SYSTEM_CHROMIUM)


# The sandbox

BROWSER = InstalledBrowser(Path("/opt/chromium"), BrowserKind.SYSTEM_CHROMIUM)


def _sandboxed(browser: InstalledBrowser = BROWSER, sandbox: str = "auto") -> bool:
    return executable.launch_arguments(browser, Settings.load(sandbox=sandbox)).sandboxed


def test_the_setting_decides() -> None:
    assert _sandboxed(sandbox="on")
    assert not _sandboxed(sandbox="off")


def test_there_is_none_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not _sandboxed()


@pytest.mark.parametrize("allowed", [True, False])
def test_for_others_it_is_tried(allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(executable, "_MAKE_NAMESPACES", f"import sys; sys.exit({not allowed})")
    assert _sandboxed() == allowed


def test_a_helper_that_is_root_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make such a helper")
    browser = InstalledBrowser(_program(tmp_path / "chromium"), BrowserKind.SYSTEM_CHROMIUM)
    monkeypatch.setattr(executable, "_MAKE_NAMESPACES", "import sys; sys.exit(1)")
    helper = _program(tmp_path / "chrome-sandbox")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not _sandboxed(browser)
    helper.chmod(0o4755)
    assert _sandboxed(browser)


def test_a_probe_that_hangs_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(
        executable, "_MAKE_NAMESPACES", "import sys; sys.stdin.read(); import signal; signal.pause()"
    )
    monkeypatch.setattr(executable, "_PROBE_SECONDS", 0.2)
    assert not _sandboxed()
