"""The cells of the matrix: what is struck, how, in the middle of what, for which kind of session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product


class Victim(StrEnum):
    """What is struck."""

    RENDERER = "renderer"
    BROWSER = "browser"
    DRIVER = "driver"
    AGENT = "agent"
    CLIENT = "client"


class Fault(StrEnum):
    """How it is struck."""

    SIGKILL = "sigkill"
    SIGSTOP = "sigstop"
    # A script without end in a page; of other processes the first thread stands still and the rest run on.
    HANG = "hang"
    OOM = "oom"


class During(StrEnum):
    """In the middle of what."""

    IDLE = "idle"
    NAVIGATE = "navigate"
    CLICK = "click"
    SOUP = "soup"
    QUEUE = "queue"
    CREATE = "create"


class Mode(StrEnum):
    """What the session was told to do after a crash."""

    RAISE = "raise"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix."""

    victim: Victim
    fault: Fault
    during: During
    mode: Mode

    def __str__(self) -> str:
        return f"{self.victim} {self.fault} {self.during} {self.mode}"

    def to_dict(self) -> dict[str, str]:
        """The cell as JSON holds it."""
        return {
            "victim": self.victim,
            "fault": self.fault,
            "during": self.during,
            "mode": self.mode,
        }

    @classmethod
    def from_dict(cls, known: dict[str, str]) -> Cell:
        """The cell that `to_dict` has told of."""
        return cls(
            Victim(known["victim"]), Fault(known["fault"]), During(known["during"]), Mode(known["mode"])
        )

    @classmethod
    def named(cls, name: str) -> Cell:
        """The cell whose `str` is *name*."""
        victim, fault, during, mode = name.split()
        return cls(Victim(victim), Fault(fault), During(during), Mode(mode))


def all_cells() -> list[Cell]:
    """Every combination, those that do not apply included."""
    return [Cell(*each) for each in product(Victim, Fault, During, Mode)]
