"""Checks of the machine: what Chromium needs of it."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from cmdop_browser.cli.doctor.finding import Finding, ok, problem, warning

if TYPE_CHECKING:
    from collections.abc import Mapping

_MB: Final = 1024 * 1024

# Chromium passes decoded pictures and tiles through shared memory. Playwright tells it to do so under /tmp,
# for containers have 64 MB of /dev/shm by default and pages die of it; but a /tmp on a disk is slow.
SHM_LEAST: Final = 256 * _MB
# A browser with a few pages open holds some hundreds of descriptors, an agent a few browsers.
FILES_LEAST: Final = 1024
MEMORY_LEAST: Final = 512 * _MB
DISK_LEAST: Final = 256 * _MB

# Each lets a distribution forbid what the sandbox of an unprivileged Chromium is made of.
NAMESPACE_SWITCHES: Final[Mapping[Path, str]] = {
    Path("/proc/sys/kernel/unprivileged_userns_clone"): "0",
    Path("/proc/sys/user/max_user_namespaces"): "0",
    Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"): "1",
}
_SWITCH_ON: Final[Mapping[str, str]] = {
    "unprivileged_userns_clone": "sysctl -w kernel.unprivileged_userns_clone=1",
    "max_user_namespaces": "sysctl -w user.max_user_namespaces=15000",
    "apparmor_restrict_unprivileged_userns": "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
}


def check_sandbox(
    setting: Literal["auto", "on", "off"],
    *,
    works: bool | None = None,
    uid: int | None = None,
    switches: Mapping[Path, str] = NAMESPACE_SWITCHES,
) -> Finding:
    """Whether pages run in Chromium's sandbox.

    Args:
        setting: What the settings ask for.
        works: What the agent's program found by trying; None when it could not.
        uid: Of the user; this one's when None.
        switches: Files of the kernel's, and what in them forbids the sandbox.
    """
    name = "sandbox"
    root = (os.geteuid() if uid is None else uid) == 0
    as_user = "run as an ordinary user: runuser -u USER -- cmdop-browser serve"
    if setting == "off":
        return warning(
            name, "switched off: a page that breaks Chromium has this user's rights", "CMDOP_SANDBOX=auto"
        )
    if root and setting == "on":
        return problem(
            name, "Chromium refuses its sandbox to root, and CMDOP_SANDBOX=on insists on it", as_user
        )
    if root:
        return warning(name, "off, for this is root: a page that breaks Chromium owns the machine", as_user)
    forbidden = [path for path, value in switches.items() if _content(path) == value]
    if works or (works is None and not forbidden):
        return ok(name, "Chromium can use it")
    why, fix = _why_no_sandbox(forbidden)
    return problem(name, why, fix) if setting == "on" else warning(name, f"off: {why}", fix)


def check_shared_memory(path: Path = Path("/dev/shm"), *, least: int = SHM_LEAST) -> Finding:  # noqa: S108 -- looked at only
    """Whether pictures can pass between Chromium's processes."""
    name = "shared memory"
    fix = f"in a container: docker run --shm-size=1g; else: mount -o remount,size=1G {path}"
    try:
        size = shutil.disk_usage(path).total
    except OSError as error:
        return problem(
            name, f"{path} cannot be looked at: {error.strerror}", f"mount -t tmpfs -o size=1G tmpfs {path}"
        )
    if not os.access(path, os.W_OK):
        return problem(name, f"{path} is not writable for this user", f"chmod 1777 {path} (as root)")
    if size < least:
        return warning(
            name, f"{path} has {size // _MB} MB where {least // _MB} MB are good: pages go through /tmp", fix
        )
    return ok(name, f"{path} has {size // _MB:,} MB")


def check_open_files(limit: int | None = None, *, least: int = FILES_LEAST) -> Finding:
    """Whether an agent may hold as many descriptors as its browsers need."""
    name = "open files"
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    if allowed == resource.RLIM_INFINITY:
        return ok(name, "without limit")
    if allowed < least:
        return warning(
            name, f"at most {allowed} in a process, and an agent needs {least}", f"ulimit -n {least * 4}"
        )
    return ok(name, f"at most {allowed:,} in a process")


def check_memory(available: int | None = None, *, least: int = MEMORY_LEAST) -> Finding:
    """Whether a browser fits into what is free."""
    name = "memory"
    if available is None:
        import psutil

        available = psutil.virtual_memory().available
    if available < least:
        return warning(
            name,
            f"{available // _MB} MB are available, and a browser needs {least // _MB} MB",
            "end other programs",
        )
    return ok(name, f"{available // _MB:,} MB available")


def check_disk(path: Path, *, least: int = DISK_LEAST) -> Finding:
    """Whether profiles and downloads have room."""
    name = "disk"
    try:
        free = shutil.disk_usage(path).free
    except OSError as error:
        return problem(name, f"{path} cannot be looked at: {error.strerror}", f"mkdir -p {path}")
    if not os.access(path, os.W_OK | os.X_OK):
        return problem(name, f"{path} is not writable for this user", "set TMPDIR to a directory that is")
    if free < least:
        return warning(
            name, f"{free // _MB} MB are free under {path}", f"free some space, or set TMPDIR: df -h {path}"
        )
    return ok(name, f"{free // _MB:,} MB free under {path}")


def _why_no_sandbox(forbidden: list[Path]) -> tuple[str, str]:
    """What keeps it from working, and the fix."""
    if forbidden:
        switch = forbidden[0]
        return f"{switch} is {_content(switch)}", f"{_SWITCH_ON[switch.name]} (as root)"
    return (
        "this user cannot make namespaces: AppArmor or the container forbids it",
        "apt-get install chromium-sandbox (as root), or docker run --security-opt seccomp=unconfined",
    )


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None
