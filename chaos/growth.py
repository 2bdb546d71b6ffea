"""By how much an agent grows with the pages that it shows, once it is warm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# An agent takes 6 MiB more in its first few hundred pages, whatever it does afterwards: what is
# imported and cached then, and the room between, is no leak.
WARM_PAGES: Final = 500
# Its memory goes up and down by half a MiB, so that fewer pages tell of chance only.
LEAST_PAGES: Final = 800
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """What an agent took when so many pages had been shown."""

    pages: int
    rss: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How steep it is, and what that was measured by.

    Attributes:
        mib_per_1000_pages: The line of least squares through all long lives, each with a height of its own.
        pages: Over how many.
    """

    mib_per_1000_pages: float
    pages: int

    @classmethod
    def over(cls, lives: Iterable[Sequence[Sample]]) -> Self | None:
        """The growth over the lives of several agents; None when none lived for long enough to tell."""
        above, below, shown = 0.0, 0.0, 0
        for life in lives:
            warm = [sample for sample in life if sample.pages - life[0].pages >= WARM_PAGES]
            if not warm or warm[-1].pages - warm[0].pages < LEAST_PAGES:
                continue
            pages = sum(sample.pages for sample in warm) / len(warm)
            rss = sum(sample.rss for sample in warm) / len(warm)
            above += sum((sample.pages - pages) * (sample.rss - rss) for sample in warm)
            below += sum((sample.pages - pages) ** 2 for sample in warm)
            shown += warm[-1].pages - warm[0].pages
        return cls(above / below / _MIB * 1000, shown) if shown else None
