"""Finding a browser, or installing one, and making sure that it works."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.executable import (
    BrowserKind,
    InstalledBrowser,
    find_browser,
    find_browsers,
    launch_arguments,
)
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.shards import Shards
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import BrowserNotInstalledError, CloseReason, CMDOPError

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

Say = Callable[[str], None]

# Playwright tries several hosts; where none can be reached it should not take minutes.
_CONNECTION_TIMEOUT_MS: Final = "10000"
_DOWNLOAD_SECONDS: Final = 600
_APT_SECONDS: Final = 900
_TRIAL_SECONDS: Final = 30.0

_SHELL_PACKAGE: Final = "chromium-headless-shell"
# Without fonts a screenshot shows no letters.
_FONT_PACKAGE: Final = "fonts-liberation"


async def install(settings: Settings, say: Say) -> InstalledBrowser:
    """Return a browser that works, installing one where there is none.

    Args:
        settings: Of this process.
        say: Told of each step in one line.

    Raises:
        BrowserNotInstalledError: There is none and none can be installed; the tips say
            what to run by hand.
    """
    if settings.browser_path is not None:
        browser = find_browser(settings)
        await _try(browser, settings)
        return browser
    failures: list[str] = []
    for browser in find_browsers():
        say(f"found {browser}")
        if await _works(browser, settings, failures, say):
            return browser
    for step in (_download, _apt):
        problem = await asyncio.to_thread(step, say)
        if problem is not None:
            failures.append(problem)
            say(problem)
            continue
        for browser in find_browsers():
            if await _works(browser, settings, failures, say):
                return browser
    raise BrowserNotInstalledError(
        "no browser could be installed: " + "; ".join(failures),
        backend="chromium",
        install_hint=_by_hand(),
        tips=(f"install one by hand: {_by_hand()}", "or name one: CMDOP_BROWSER_PATH=/path/to/chromium"),
    )


async def _works(browser: InstalledBrowser, settings: Settings, failures: list[str], say: Say) -> bool:
    try:
        await _try(browser, settings)
    except CMDOPError as error:
        failures.append(error.message)
        say(error.message)
        return False
    return True


async def _try(browser: InstalledBrowser, settings: Settings) -> None:
    """Open a page in the browser, in the very way that an agent does.

    Raises:
        CMDOPError: It does not open.
    """
    arguments = launch_arguments(browser, settings)
    shards = Shards(1, str(browser.path), arguments.flags, sandboxed=arguments.sandboxed)
    try:
        page = await shards.open(ContextOptions(), Deadline.after(_TRIAL_SECONDS))
        await shards.close(page, CloseReason.CLOSED_BY_CALLER)
    finally:
        await shards.stop()


def _download(say: Say) -> str | None:
    """Let Playwright download its headless shell; returns what went wrong."""
    say("downloading Playwright's headless shell")
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    if _can_install_packages():
        command.insert(4, "--with-deps")
    environment = {**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": _CONNECTION_TIMEOUT_MS}
    return _run(command, "the download", _DOWNLOAD_SECONDS, environment)


def _apt(say: Say) -> str | None:
    """Install Debian's headless shell; returns what went wrong."""
    if not _can_install_packages():
        return "packages of the system can only be installed by root, on Debian and its kin"
    say(f"installing the package {_SHELL_PACKAGE}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-qy", "--no-install-recommends", _SHELL_PACKAGE, _FONT_PACKAGE],
    ):
        problem = _run(command, " ".join(command[:2]), _APT_SECONDS, environment)
        if problem is not None:
            return problem
    return None


def _run(command: list[str], what: str, limit: float, environment: dict[str, str]) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- our own words
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{what} took more than {limit:g} s"
    except OSError as error:
        return f"{what} could not be run: {error}"
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    telling = next((line for line in said if "rror" in line), said[-1] if said else "it said nothing")
    return f"{what} failed: {telling[:200]}"


def _can_install_packages() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _by_hand() -> str:
    if Path("/etc/debian_version").exists() and not _is_ubuntu():
        return f"sudo apt-get install {_SHELL_PACKAGE} {_FONT_PACKAGE}"
    return "python -m playwright install --with-deps --only-shell chromium"


def _is_ubuntu() -> bool:
    # Ubuntu's package of Chromium is a snap, which no other program can drive.
    try:
        return "ubuntu" in Path("/etc/os-release").read_text(encoding="utf-8").lower()
    except OSError:
        return False


__all__ = ["BrowserKind", "InstalledBrowser", "install"]
