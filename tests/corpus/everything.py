"""All situations of the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.corpus.elements import ELEMENTS
from tests.corpus.ordinary import ORDINARY
from tests.corpus.places import PLACES
from tests.corpus.typos import TYPOS
from tests.corpus.walls import WALLS_AND_STATES

if TYPE_CHECKING:
    from tests.corpus.situation import Situation

EVERYTHING: Final[list[Situation]] = [*ELEMENTS, *PLACES, *WALLS_AND_STATES, *ORDINARY, *TYPOS]
