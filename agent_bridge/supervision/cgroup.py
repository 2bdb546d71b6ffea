"""What the system allows this process: the limits of its control group, and what happened in there.

A container or a unit of systemd has less than the machine shows. The files are those of
cgroups(7); in a container the group's path is often not to be seen, and its files lie at
the root.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUPS: Final = Path("/proc/self/cgroup")
_ROOT: Final = Path("/sys/fs/cgroup")


class Cgroup:
    """The control group of this process, of either version; nothing is limited where there is none."""

    def __init__(self, groups: Path = _GROUPS, root: Path = _ROOT) -> None:
        """Look at a control group.

        Args:
            groups: The file that names the groups of this process.
            root: Where control groups are mounted.
        """
        self._groups = groups
        self._root = root

    def memory(self) -> int | None:
        """Bytes that may be taken; None for no limit."""
        limits = [_number(text) for text in self._texts("memory", "memory.max", "memory.limit_in_bytes")]
        return min((limit for limit in limits if limit is not None), default=None)

    def cpus(self) -> float | None:
        """Processors that may be used on average; None for no limit."""
        shares = []
        for level in self._levels("cpu"):
            quota, _, period = _read(level / "cpu.max").partition(" ")
            allowed = _number(quota or _read(level / "cpu.cfs_quota_us"))
            each = _number(period or _read(level / "cpu.cfs_period_us"))
            if allowed and each:
                shares.append(allowed / each)
        return min(shares, default=None)

    def oom_kills(self) -> int:
        """How many processes of the group the kernel has ended for want of memory, as far as it tells."""
        for text in self._texts("memory", "memory.events", "memory.oom_control"):
            for line in text.splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return _number(count) or 0
        return 0

    def _texts(self, controller: str, *names: str) -> Iterator[str]:
        for level in self._levels(controller):
            for name in names:
                if text := _read(level / name):
                    yield text

    def _levels(self, controller: str) -> Iterator[Path]:
        """The directories of the group and of those around it, the innermost first."""
        for line in _read(self._groups).splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "" or controller in controllers.split(","):
                root = self._root / controller if controllers else self._root
                inner = root / path.lstrip("/")
                for level in (inner, *inner.parents):
                    if level.is_relative_to(root):
                        yield level


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _number(text: str) -> int | None:
    """A number; None for "max", "-1" and the like."""
    return int(text) if text.isdigit() else None
