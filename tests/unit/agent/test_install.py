"""Installing a browser: which ways are tried, in which order, and what is said when none works.

The programs that install are stood in for by scripts that are really run, and put a
program where the real ones would.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import playwright
import pytest

from agent_bridge.browser import executable
from agent_bridge.browser import install as module
from agent_bridge.browser.executable import BrowserKind
from agent_bridge.browser.install import install
from cmdop_browser.exceptions import BrowserNotInstalledError
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from agent_bridge.browser.executable import InstalledBrowser

FAILS = "echo 'Downloading 1'; echo 'Error: getaddrinfo ENOTFOUND cdn.test' >&2; exit 1"


@dataclass
class Machine:
    """A machine without a browser, and the programs that could install one."""

    directory: Path
    said: list[str] = field(default_factory=list)
    broken: dict[BrowserKind, str] = field(default_factory=dict)
    tried: list[BrowserKind] = field(default_factory=list)

    @property
    def playwrights(self) -> Path:
        listed = json.loads((Path(playwright.__file__).parent / "driver/package/browsers.json").read_text())
        revision = next(
            entry["revision"] for entry in listed["browsers"] if entry["name"] == "chromium-headless-shell"
        )
        return self.directory / f"cache/chromium_headless_shell-{revision}"

    @property
    def put_playwrights(self) -> str:
        """A script that does what Playwright's installer does."""
        shell = self.playwrights / "chrome-headless-shell-linux64"
        return (
            f"mkdir -p {shell}; cp /bin/true {shell}/chrome-headless-shell; "
            f"touch {self.playwrights}/INSTALLATION_COMPLETE; echo '|### | 30% of 110 MiB'"
        )

    @property
    def put_package(self) -> str:
        """A script that does what Debian's package does."""
        system = self.directory / "system"
        return f"mkdir -p {system}; cp /bin/true {system}/chromium-headless-shell; echo 'Setting up chromium'"

    def program(self, name: str, script: str) -> None:
        """Give the machine a program that notes how it was called and runs a script."""
        path = self.directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.directory}/ran\n{script}\n')
        path.chmod(0o755)

    def ran(self) -> list[str]:
        """The programs that were run, with their first word."""
        path = self.directory / "ran"
        return path.read_text().splitlines() if path.exists() else []

    async def install(self, **settings: object) -> InstalledBrowser:
        return await install(Settings.load(**settings), self.said.append)

    async def try_out(self, browser: InstalledBrowser, _settings: Settings) -> None:
        """Stands in for opening a page."""
        self.tried.append(browser.kind)
        if browser.kind in self.broken:
            raise BrowserNotInstalledError(self.broken[browser.kind])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    here = Machine(tmp_path)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setattr(executable, "SYSTEM_DIRECTORIES", (tmp_path / "system",))
    monkeypatch.setattr(executable, "GOOGLE_CHROME", tmp_path / "chrome")
    monkeypatch.setattr(executable, "_on_path", lambda _name, _kind: iter(()))
    monkeypatch.setattr(module, "_playwright", lambda *words: ("playwright", *words))
    monkeypatch.setattr(module, "_try", here.try_out)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    here.program("playwright", FAILS)
    here.program("apt-get", "echo 'E: Unable to locate package'; exit 100")
    return here


async def test_one_that_works_is_kept(machine: Machine) -> None:
    machine.program("playwright", machine.put_playwrights)
    await machine.install()
    (machine.directory / "ran").unlink()
    assert (await machine.install()).kind is BrowserKind.PLAYWRIGHT_SHELL
    assert machine.ran() == []


async def test_the_download_comes_first(machine: Machine) -> None:
    machine.program("playwright", machine.put_playwrights)
    assert (await machine.install()).kind is BrowserKind.PLAYWRIGHT_SHELL
    assert machine.ran() == ["playwright install --only-shell chromium"]
    assert "  |### | 30% of 110 MiB" in machine.said


async def test_then_the_systems_package(machine: Machine) -> None:
    machine.program("apt-get", f'case "$*" in *install*) {machine.put_package};; esac')
    assert (await machine.install()).kind is BrowserKind.SYSTEM_SHELL
    assert [line.split()[0] for line in machine.ran()] == ["playwright", "apt-get", "apt-get"]
    assert machine.ran()[-1].endswith("chromium-headless-shell fonts-liberation")
    assert "the download failed: Error: getaddrinfo ENOTFOUND cdn.test" in machine.said
    assert "  Setting up chromium" in machine.said


async def test_lists_that_cannot_be_updated_do_not_end_it(machine: Machine) -> None:
    """Some source of packages is down; the one that matters may be another."""
    machine.program("apt-get", f'case "$*" in *install*) {machine.put_package};; *) exit 100;; esac')
    assert (await machine.install()).kind is BrowserKind.SYSTEM_SHELL


async def test_libraries_are_added_to_a_download_that_lacks_them(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.broken[BrowserKind.PLAYWRIGHT_SHELL] = "the library libnss3.so is missing"
    machine.program("playwright", machine.put_playwrights)

    async def try_out(browser: InstalledBrowser, settings: Settings) -> None:
        if machine.ran()[-1] == "playwright install-deps chromium":
            machine.broken.clear()
        await machine.try_out(browser, settings)

    monkeypatch.setattr(module, "_try", try_out)
    assert (await machine.install()).kind is BrowserKind.PLAYWRIGHT_SHELL
    assert machine.tried == [BrowserKind.PLAYWRIGHT_SHELL] * 2


async def test_a_download_that_stalls_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STALL_SECONDS", 2.0)
    machine.program("playwright", f"echo $$ > {machine.directory}/pid; exec sleep 100")
    machine.program("apt-get", f'case "$*" in *install*) {machine.put_package};; esac')
    assert (await machine.install()).kind is BrowserKind.SYSTEM_SHELL
    assert "the download did not come to an end" in machine.said
    pid = int((machine.directory / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_an_interrupted_installation_leaves_no_process(machine: Machine) -> None:
    os.mkfifo(machine.directory / "started")
    machine.program("playwright", f"echo $$ > {machine.directory}/started; exec sleep 100")
    installing = asyncio.create_task(machine.install())
    pid = int(await asyncio.to_thread((machine.directory / "started").read_text))
    installing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await installing
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_under_sudo_nothing_is_downloaded_into_roots_home(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH")
    monkeypatch.setenv("XDG_CACHE_HOME", str(machine.directory))
    monkeypatch.setenv("SUDO_UID", "1000")
    machine.program("apt-get", f'case "$*" in *install*) {machine.put_package};; esac')
    assert (await machine.install()).kind is BrowserKind.SYSTEM_SHELL
    assert not any(line.startswith("playwright") for line in machine.ran())


async def test_others_than_root_are_told_what_to_run(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module, "_is_debian", lambda: True)
    with pytest.raises(BrowserNotInstalledError) as caught:
        await machine.install()
    assert caught.value.install_hint == "sudo apt-get install chromium-headless-shell fonts-liberation"
    assert "packages can only be installed by root" in caught.value.message
    assert machine.ran() == ["playwright install --only-shell chromium"]


async def test_where_debians_package_is_missing_playwrights_command_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_is_debian", lambda: False)
    with pytest.raises(BrowserNotInstalledError) as caught:
        await machine.install()
    assert caught.value.install_hint == (
        f"{sys.executable} -m playwright install --with-deps --only-shell chromium"
    )


async def test_when_nothing_works_every_reason_is_named_once(machine: Machine) -> None:
    with pytest.raises(BrowserNotInstalledError) as caught:
        await machine.install()
    message = caught.value.message
    for reason in ("there is no browser", "ENOTFOUND cdn.test", "apt-get install failed: E: Unable"):
        assert message.count(reason) == 1, message


async def test_a_named_browser_that_does_not_work_is_not_replaced(machine: Machine) -> None:
    machine.broken[BrowserKind.CONFIGURED] = "the library libnss3.so is missing"
    with pytest.raises(BrowserNotInstalledError, match="libnss3"):
        await machine.install(browser_path="/bin/true")
    assert machine.ran() == []


async def test_programs_that_are_missing_are_a_reason(machine: Machine) -> None:
    (machine.directory / "bin/playwright").unlink()
    with pytest.raises(BrowserNotInstalledError, match="the download could not be run"):
        await machine.install()
