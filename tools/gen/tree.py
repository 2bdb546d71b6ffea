"""A set of generated files: written as a whole, compared as a whole."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONTEXT_LINES = 2
MAX_DIFF_LINES = 40


@dataclass(frozen=True)
class Tree:
    """What a directory should hold of one kind.

    Attributes:
        directory: Where the files live.
        patterns: Globs that tell the generated files in it from others.
        files: Text by path relative to the directory.
    """

    directory: Path
    patterns: tuple[str, ...]
    files: Mapping[str, str]

    def write(self) -> None:
        """Make the directory hold exactly these files."""
        for stale in self._present() - self.files.keys():
            (self.directory / stale).unlink()
        for name, text in self.files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def differences(self) -> Iterator[str]:
        """Say what is missing, left over or different; nothing when all agrees."""
        present = self._present()
        for name in sorted(present | self.files.keys()):
            path = self.directory / name
            if name not in present:
                yield f"{path}: missing"
            elif name not in self.files:
                yield f"{path}: left over, nothing generates it"
            elif (found := path.read_text(encoding="utf-8")) != self.files[name]:
                yield f"{path}: differs from what would be generated\n{_diff(found, self.files[name])}"

    def _present(self) -> set[str]:
        return {
            path.relative_to(self.directory).as_posix()
            for pattern in self.patterns
            for path in self.directory.glob(pattern)
        }


def _diff(found: str, expected: str) -> str:
    lines = list(
        difflib.unified_diff(
            found.splitlines(), expected.splitlines(), "committed", "generated", lineterm="", n=CONTEXT_LINES
        )
    )
    if len(lines) > MAX_DIFF_LINES:
        lines[MAX_DIFF_LINES:] = [f"… {len(lines) - MAX_DIFF_LINES} more lines"]
    return "\n".join(f"    {line}" for line in lines)
