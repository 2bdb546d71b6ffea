"""Finding a browser, or installing one, and making sure that it works."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from agent_bridge.browser.executable import InstalledBrowser, find_browser, find_browsers, launch_arguments
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.shards import Shards
from agent_bridge.browser.starting import mute_farewell
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis.launch import as_root
from cmdop_browser.exceptions import BrowserNotInstalledError, CloseReason, CMDOPError

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

Say = Callable[[str], None]

_VARIABLES: Final = {
    # Playwright tries several hosts; where none can be reached it should not take minutes.
    "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000",
    "DEBIAN_FRONTEND": "noninteractive",
}
_DOWNLOAD_SECONDS: Final = 900.0
# Playwright reports each tenth of a download.
_STALL_SECONDS: Final = 120.0
_APT_SECONDS: Final = 900.0
_TRIAL_SECONDS: Final = 30.0

_SHELL_PACKAGE: Final = "chromium-headless-shell"
# Without fonts a screenshot shows no letters.
_FONT_PACKAGE: Final = "fonts-liberation"
_APT: Final = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3")

# What people who wait want to see of the programs that are run.
_TELLING: Final = re.compile(r"\d+% of |^Setting up ")


async def install(settings: Settings, say: Say) -> InstalledBrowser:
    """Return the browser that agents will use, installing one where none works.

    Args:
        settings: Of this process.
        say: Told of each step in one line.

    Raises:
        BrowserNotInstalledError: There is none and none can be installed, or the one that
            the settings name does not work; the tips say what to run by hand.
    """
    mute_farewell(asyncio.get_running_loop())
    if settings.browser_path is not None:
        browser = find_browser(settings)
        await _try(browser, settings)
        return browser
    attempt = _Installation(settings, say)
    for step in (attempt.find, attempt.download, attempt.add_libraries, attempt.add_package):
        found = await step()
        if found is not None:
            return found
    raise attempt.failure()


class _Installation:
    """The ways to a browser, from the cheapest; each returns one that works, or None."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._failures: list[str] = []

    async def find(self) -> InstalledBrowser | None:
        """Return the browser that agents would use, if it works."""
        try:
            browser = find_browser(self._settings)
            self._say(f"found {browser}")
            await _try(browser, self._settings)
        except CMDOPError as error:
            self._failed(error.message)
            return None
        return browser

    async def download(self) -> InstalledBrowser | None:
        """Let Playwright download its headless shell, the build that it is made for."""
        if _is_sudo() and "PLAYWRIGHT_BROWSERS_PATH" not in os.environ:
            self._failed("nothing is downloaded under sudo, since only root would find it")
            return None
        self._say("downloading Playwright's headless shell")
        command = _playwright("install", "--only-shell", "chromium")
        return await self._find_after(
            _run(command, "the download", self._say, limit=_DOWNLOAD_SECONDS, stall=_STALL_SECONDS)
        )

    async def add_libraries(self) -> InstalledBrowser | None:
        """Install the libraries that a downloaded browser may lack."""
        if not _can_install_packages() or not any(browser.is_playwrights for browser in find_browsers()):
            return None
        self._say("installing the libraries that it needs")
        return await self._find_after(
            _run(_playwright("install-deps", "chromium"), "installing libraries", self._say)
        )

    async def add_package(self) -> InstalledBrowser | None:
        """Install Debian's headless shell."""
        if not _can_install_packages():
            self._failed("packages can only be installed by root, on Debian and its kin")
            return None
        self._say(f"installing the package {_SHELL_PACKAGE}")
        update = await _run((*_APT, "update"), "apt-get update", self._say)
        if update is not None:
            # A single source that cannot be reached need not be the one that matters.
            self._failed(update)
        packages = ("--no-install-recommends", _SHELL_PACKAGE, _FONT_PACKAGE)
        return await self._find_after(_run((*_APT, "-y", "install", *packages), "apt-get install", self._say))

    def failure(self) -> BrowserNotInstalledError:
        """The error for having tried everything."""
        by_hand = _by_hand()
        return BrowserNotInstalledError(
            "no browser could be installed: " + "; ".join(dict.fromkeys(self._failures)),
            backend="chromium",
            install_hint=by_hand,
            tips=(f"install one by hand: {by_hand}", "or name one: CMDOP_BROWSER_PATH=/path/to/chromium"),
        )

    async def _find_after(self, running: Awaitable[str | None]) -> InstalledBrowser | None:
        problem = await running
        if problem is None:
            return await self.find()
        self._failed(problem)
        return None

    def _failed(self, reason: str) -> None:
        self._failures.append(reason)
        self._say(reason)


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


def _playwright(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "playwright", *words)


async def _run(
    command: tuple[str, ...], what: str, say: Say, *, limit: float = _APT_SECONDS, stall: float | None = None
) -> str | None:
    """Run a program to its end; returns what went wrong.

    Args:
        command: Program and arguments.
        what: How to call it in messages.
        say: Told the telling lines of what it says.
        limit: Seconds it may take.
        stall: Seconds it may be silent.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **_VARIABLES},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"{what} could not be run: {error}"
    said: deque[str] = deque(maxlen=100)
    try:
        async with asyncio.timeout(limit):
            await _follow(cast("asyncio.StreamReader", process.stdout), said, say, stall)
            code = await process.wait()
    except TimeoutError:
        return f"{what} did not come to an end"
    finally:
        await _end(process)
    return None if code == 0 else f"{what} failed: {_telling(said)}"


async def _follow(output: asyncio.StreamReader, said: deque[str], say: Say, stall: float | None) -> None:
    while line := await asyncio.wait_for(output.readline(), stall):
        said.append(line.decode("utf-8", "replace").strip())
        if _TELLING.search(said[-1]):
            say(f"  {said[-1]}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what may still run of a program that took too long or was interrupted."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _telling(said: deque[str]) -> str:
    lines = [line for line in said if line] or ["it said nothing"]
    errors = (line for line in lines if "rror" in line or line.startswith("E:"))
    return next(errors, lines[-1])[:200]


def _can_install_packages() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _is_sudo() -> bool:
    return os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0"


def _by_hand() -> str:
    if _is_debian():
        return as_root(f"apt-get install {_SHELL_PACKAGE} {_FONT_PACKAGE}")
    return f"{sys.executable} -m playwright install --with-deps --only-shell chromium"


def _is_debian() -> bool:
    # Not its kin: Ubuntu's package of Chromium is a snap, which no other program can drive.
    try:
        return "ID=debian" in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
