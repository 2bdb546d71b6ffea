"""Which browser to drive, and with which flags."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import playwright

from cmdop_browser.exceptions import BrowserNotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.settings import Settings

# Chromium asks its maker for updates, experiments and lists of phishing sites. A
# scraper wants none of that in its traffic, and a closed network makes each of them
# a connection that hangs. https://peter.sh/experiments/chromium-command-line-switches/
_QUIET_FLAGS: Final = (
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)


# Of Debian and its kin, of Fedora and its. The commands of these names in /usr/bin are
# shell scripts; the programs are beside their libraries.
SYSTEM_DIRECTORIES: Final = (
    Path("/usr/lib/chromium"),
    Path("/usr/lib/chromium-browser"),
    Path("/usr/lib64/chromium-browser"),
)
GOOGLE_CHROME: Final = Path("/opt/google/chrome/chrome")

# ELF, and the three forms of Mach-O.
_NATIVE_FORMATS: Final = frozenset(
    {b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}
)


class BrowserKind(StrEnum):
    """Where a browser comes from, best first.

    The headless shell does the same work as the full browser in about half the time.
    """

    CONFIGURED = "configured"  # named in the settings
    PLAYWRIGHT_SHELL = "playwright headless shell"
    SYSTEM_SHELL = "system headless shell"
    PLAYWRIGHT_CHROMIUM = "playwright chromium"
    SYSTEM_CHROMIUM = "system chromium"
    GOOGLE_CHROME = "google chrome"


@dataclass(frozen=True, slots=True)
class InstalledBrowser:
    """A browser that is there.

    Attributes:
        path: The program itself, not a script that starts it: signals and exit codes
            must be the browser's own.
        kind: Where it comes from.
    """

    path: Path
    kind: BrowserKind

    @property
    def is_playwrights(self) -> bool:
        """Whether Playwright downloaded it."""
        return self.kind in {BrowserKind.PLAYWRIGHT_SHELL, BrowserKind.PLAYWRIGHT_CHROMIUM}

    def __str__(self) -> str:
        return f"{self.path} ({self.kind.value})"


@dataclass(frozen=True, slots=True)
class LaunchArguments:
    """How to start a browser."""

    flags: tuple[str, ...]
    sandboxed: bool


def find_browser(settings: Settings) -> InstalledBrowser:
    """Return the browser that an agent drives.

    Raises:
        BrowserNotInstalledError: There is none, or not where the settings say.
    """
    if settings.browser_path is not None:
        if not _is_program(settings.browser_path):
            raise BrowserNotInstalledError(
                f"the setting browser_path names no program: {settings.browser_path}",
                backend="chromium",
                install_hint="cmdop-browser install",
                tips=("correct or remove the setting (CMDOP_BROWSER_PATH)", "see: cmdop-browser install"),
            )
        return InstalledBrowser(settings.browser_path, BrowserKind.CONFIGURED)
    found = find_browsers()
    if not found:
        raise BrowserNotInstalledError(
            "there is no browser that an agent could drive",
            backend="chromium",
            install_hint="cmdop-browser install",
            tips=("install one: cmdop-browser install", "or name one: CMDOP_BROWSER_PATH=/path/to/chromium"),
        )
    return found[0]


def find_browsers() -> list[InstalledBrowser]:
    """Return every browser on this machine that an agent could drive, the best first."""
    order = list(BrowserKind)
    found = {browser.path: browser for browser in _candidates() if _is_native(browser.path)}
    return sorted(found.values(), key=lambda browser: order.index(browser.kind))


def launch_arguments(browser: InstalledBrowser, settings: Settings) -> LaunchArguments:
    """Return how to start *browser* here."""
    sandboxed = _sandbox(browser, settings)
    # Playwright adds --no-sandbox by itself when it is told that there is no sandbox.
    return LaunchArguments(_QUIET_FLAGS, sandboxed)


def _sandbox(browser: InstalledBrowser, settings: Settings) -> bool:
    if settings.sandbox != "auto":
        return settings.sandbox == "on"
    if sys.platform != "linux":
        return True
    # Chromium refuses to start with a sandbox as root.
    return os.geteuid() != 0 and (_setuid_sandbox(browser) or _user_namespaces())


# What Chromium does to build its sandbox. The kernel's switches do not tell whether it
# may: containers forbid it by seccomp, and Ubuntu by AppArmor's profiles.
_MAKE_NAMESPACES: Final = """
import ctypes, os, sys
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
libc, uid = ctypes.CDLL(None), os.geteuid()
if libc.unshare(NEW_USER):
    sys.exit(1)
with open("/proc/self/uid_map", "w") as uid_map:
    uid_map.write(f"{uid} {uid} 1")
sys.exit(bool(libc.unshare(NEW_PID | NEW_NET)))
"""
_PROBE_SECONDS: Final = 5.0


def _user_namespaces() -> bool:
    """Whether a process without privileges may make the namespaces that the sandbox is built of."""
    probe = [sys.executable, "-I", "-S", "-c", _MAKE_NAMESPACES]
    try:
        done = subprocess.run(  # noqa: S603 -- our own words
            probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _setuid_sandbox(browser: InstalledBrowser) -> bool:
    for name in ("chrome-sandbox", "chrome_sandbox"):
        try:
            found = browser.path.with_name(name).stat()
        except OSError:
            continue
        if found.st_uid == 0 and found.st_mode & stat.S_ISUID:
            return True
    return False


def _candidates() -> Iterator[InstalledBrowser]:
    yield from _of_playwright()
    for directory in SYSTEM_DIRECTORIES:
        yield InstalledBrowser(directory / "chromium-headless-shell", BrowserKind.SYSTEM_SHELL)
        yield InstalledBrowser(directory / "headless_shell", BrowserKind.SYSTEM_SHELL)
        yield InstalledBrowser(directory / "chromium", BrowserKind.SYSTEM_CHROMIUM)
        yield InstalledBrowser(directory / "chromium-browser", BrowserKind.SYSTEM_CHROMIUM)
    for name in ("chrome-headless-shell", "headless_shell", "headless-shell"):
        yield from _on_path(name, BrowserKind.SYSTEM_SHELL)
    for name in ("chromium", "chromium-browser"):
        yield from _on_path(name, BrowserKind.SYSTEM_CHROMIUM)
    yield InstalledBrowser(GOOGLE_CHROME, BrowserKind.GOOGLE_CHROME)
    if sys.platform == "darwin":
        applications = Path("/Applications")
        yield InstalledBrowser(
            applications / "Google Chrome.app/Contents/MacOS/Google Chrome", BrowserKind.GOOGLE_CHROME
        )
        yield InstalledBrowser(
            applications / "Chromium.app/Contents/MacOS/Chromium", BrowserKind.SYSTEM_CHROMIUM
        )


def _on_path(name: str, kind: BrowserKind) -> Iterator[InstalledBrowser]:
    found = shutil.which(name)
    if found is not None:
        yield InstalledBrowser(Path(found).resolve(), kind)


def _of_playwright() -> Iterator[InstalledBrowser]:
    """Look where Playwright installs to, without starting its driver, which takes half a second."""
    root = playwright_browsers()
    for name, kind in (
        ("chromium-headless-shell", BrowserKind.PLAYWRIGHT_SHELL),
        ("chromium", BrowserKind.PLAYWRIGHT_CHROMIUM),
    ):
        directory = root / f"{name.replace('-', '_')}-{_revision(name)}"
        # Written last, so that a download that broke off does not count.
        if not (directory / "INSTALLATION_COMPLETE").exists():
            continue
        for program in _PROGRAMS[kind]:
            yield InstalledBrowser(directory / program, kind)


# Below a browser's directory; from `EXECUTABLE_PATHS` in Playwright's registry, and
# what its older builds used.
_PROGRAMS: Final = {
    BrowserKind.PLAYWRIGHT_SHELL: (
        "chrome-headless-shell-linux64/chrome-headless-shell",
        "chrome-linux/headless_shell",
        "chrome-headless-shell-mac-arm64/chrome-headless-shell",
        "chrome-headless-shell-mac-x64/chrome-headless-shell",
        "chrome-mac/headless_shell",
    ),
    BrowserKind.PLAYWRIGHT_CHROMIUM: (
        "chrome-linux64/chrome",
        "chrome-linux/chrome",
        "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
        "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
        "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    ),
}


def playwright_browsers() -> Path:
    """Return the directory that Playwright installs browsers into."""
    configured = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if configured == "0":
        return Path(playwright.__file__).parent / "driver/package/.local-browsers"
    if configured:
        return Path(configured)
    if platform.system() == "Darwin":
        return Path.home() / "Library/Caches/ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ms-playwright"


def _revision(name: str) -> str:
    """Return the build of a browser that the installed Playwright was made for."""
    listed = json.loads(
        (Path(playwright.__file__).parent / "driver/package/browsers.json").read_text(encoding="utf-8")
    )
    return next((str(entry["revision"]) for entry in listed["browsers"] if entry["name"] == name), "")


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _is_native(path: Path) -> bool:
    """Whether *path* is a browser and not a script that starts one.

    Signals and exit codes of a script would not be the browser's.
    """
    # Ubuntu's commands lead to snapd, whose browser sees none of our files.
    if not _is_program(path) or "snap" in path.parts:
        return False
    try:
        with path.open("rb") as program:
            return program.read(4) in _NATIVE_FORMATS
    except OSError:
        return False
