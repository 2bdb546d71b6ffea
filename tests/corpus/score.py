"""How good a diagnosis is, in numbers and tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.corpus.runner import Result


@dataclass(frozen=True)
class Score:
    """Shares of a run, 0 to 1.

    Attributes:
        classes: Errors of the right class.
        causes: Causes that are the true one, among those that have one.
        first: Near misses where the first candidate is the element that was meant.
        first_three: Where one of the first three is.
        false_alarms: How often a wall was named where there is none.
        faults: Situations that are not what they say.
    """

    classes: float
    causes: float
    first: float
    first_three: float
    false_alarms: int
    faults: int

    @classmethod
    def of(cls, results: Sequence[Result]) -> Score:
        """Count."""
        typos = [result for result in results if result.situation.cause is ElementCause.TYPO]
        known = [result for result in results if result.situation.cause is not None]
        return cls(
            classes=_share(result.right_class for result in results),
            causes=_share(result.right_cause for result in known),
            first=_share(result.place == 1 for result in typos),
            first_three=_share(1 <= result.place <= 3 for result in typos),
            false_alarms=sum(result.false_alarm for result in results),
            faults=sum(bool(result.fault) for result in results),
        )

    def __str__(self) -> str:
        parts = (
            f"class right {self.classes:.1%}",
            f"cause right {self.causes:.1%}",
            f"typos: first {self.first:.1%}, first three {self.first_three:.1%}",
            f"false alarms {self.false_alarms}",
            f"faults {self.faults}",
        )
        return " · ".join(parts)


def misses(results: Iterable[Result]) -> str:
    """Return a table of all that went wrong, one block a situation; "" when nothing did."""
    return "\n".join(_block(result) for result in results if result.missed)


def by_cause(results: Iterable[Result]) -> str:
    """Return how each cause fared, and what it was taken for."""
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    taken: dict[str, Counter[str]] = {}
    for result in results:
        cause = result.situation.cause
        name = cause.value if cause else result.situation.error.__name__ if _timeout(result) else "(no wall)"
        every[name] += 1
        if result.right_class and result.right_cause:
            right[name] += 1
        else:
            taken.setdefault(name, Counter())[result.named] += 1
    lines = []
    for name in sorted(every):
        others = ", ".join(f"{other} {count}" for other, count in taken.get(name, Counter()).most_common())
        lines.append(f"{name:24} {right[name]:3} of {every[name]:3}   {others}".rstrip())
    return "\n".join(lines)


def slowest(results: Iterable[Result], count: int = 5) -> str:
    """Return the calls that took longest."""
    ordered = sorted(results, key=lambda result: -result.seconds)[:count]
    return "\n".join(
        f"{result.seconds:5.2f} s  {result.situation.name}: {result.situation.call}" for result in ordered
    )


def _share(answers: Iterable[bool]) -> float:
    counted = list(answers)
    return sum(counted) / len(counted) if counted else 1.0


def _timeout(result: Result) -> bool:
    return result.situation.error.__name__ == "BrowserTimeoutError"


def _block(result: Result) -> str:
    situation = result.situation
    expected = situation.cause.value if situation.cause else "no wall"
    lines = [
        f"- {situation.name}  [{situation.path}]",
        f"    {situation.call}: expected {situation.error.__name__} {expected}, got {result.named}",
    ]
    if result.fault:
        lines.append(f"    the situation is not what it says: {result.fault}")
    if situation.cause is ElementCause.TYPO:
        lines.append(f"    meant {situation.target}, place {result.place} of {list(result.candidates)}")
    if result.error is not None:
        lines.append(f"    {result.error.message[:300]}")
    return "\n".join(lines)
