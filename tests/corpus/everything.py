"""All situations of the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.corpus.calls import CALLS
from tests.corpus.ordinary import ORDINARY
from tests.corpus.places import PLACES
from tests.corpus.reach import REACH
from tests.corpus.states import STATES
from tests.corpus.typos import TYPOS
from tests.corpus.walls import WALLS_AND_STATES

if TYPE_CHECKING:
    from tests.corpus.situation import Situation

# What is slow comes first, so that it does not end alone.
EVERYTHING: Final[list[Situation]] = [
    *WALLS_AND_STATES,
    *STATES,
    *REACH,
    *PLACES,
    *CALLS,
    *TYPOS,
    *ORDINARY,
]
