"""What a check of ``doctor`` comes to."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import Any


class Level(enum.StrEnum):
    """How much a finding matters."""

    OK = "ok"  # as it should be
    WARNING = "warning"  # works, though worse or less safely than it could
    PROBLEM = "problem"  # something will fail


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        check: What was looked at, in a word or two.
        level: How it stands.
        summary: What was seen, with its values.
        fix: The command or edit that puts it right; empty when nothing is wrong.
    """

    check: str
    level: Level
    summary: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)


def ok(check: str, summary: str) -> Finding:
    """Nothing is wrong."""
    return Finding(check, Level.OK, summary)


def warning(check: str, summary: str, fix: str) -> Finding:
    """It works, though worse or less safely than it could."""
    return Finding(check, Level.WARNING, summary, fix)


def problem(check: str, summary: str, fix: str) -> Finding:
    """Something will fail."""
    return Finding(check, Level.PROBLEM, summary, fix)
