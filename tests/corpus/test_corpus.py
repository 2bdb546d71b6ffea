"""The diagnosis against the corpus: what is promised of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import ElementCause
from tests.corpus import score
from tests.corpus.everything import EVERYTHING
from tests.corpus.ordinary import ORDINARY
from tests.corpus.runner import Result, run
from tests.corpus.site import PAGES, CorpusSite
from tests.corpus.situation import WALLS
from tests.corpus.typos import TYPOS
from tests.flavours import Flavour

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.agents import RunningAgent

# The first test that asks for the results waits for all situations.
pytestmark = pytest.mark.timeout(400)

# One for each of ten causes, for the flavour that is made from the other.
_SAMPLE = (
    ElementCause.TYPO,
    ElementCause.INVALID_SELECTOR,
    ElementCause.AMBIGUOUS,
    ElementCause.HIDDEN,
    ElementCause.COVERED,
    ElementCause.IN_IFRAME,
    ElementCause.WRONG_TYPE,
    ElementCause.NO_SUCH_OPTION,
    ElementCause.LOGIN_WALL,
    ElementCause.NO_MATCH,
)


@pytest.fixture(scope="module")
def corpus_site() -> Iterator[CorpusSite]:
    with CorpusSite() as site:
        yield site


@pytest.fixture(scope="module")
async def results(shared_agent: RunningAgent, corpus_site: CorpusSite) -> AsyncIterator[list[Result]]:
    """All situations, run once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDOP_RUNTIME_DIR", str(shared_agent.runtime_dir))
        yield await run(EVERYTHING, corpus_site, Flavour("async"))


def test_the_corpus_is_what_it_is_meant_to_be() -> None:
    names = Counter(situation.name for situation in EVERYTHING)
    assert [name for name, count in names.items() if count > 1] == []
    causes = {situation.cause for situation in EVERYTHING}
    assert set(ElementCause) <= causes
    assert len(EVERYTHING) - len(TYPOS) - len(ORDINARY) >= 75
    assert len(TYPOS) >= 40
    assert len(ORDINARY) >= 35
    assert {situation.cause for situation in ORDINARY} & WALLS == set()
    assert len(list(PAGES.glob("*.html"))) >= 25


def test_the_pages_are_what_is_said_of_them(results: list[Result]) -> None:
    faulty = [result for result in results if result.fault]
    assert not faulty, "\n" + score.misses(faulty)


def test_errors_are_of_the_right_class(results: list[Result]) -> None:
    wrong = [result for result in results if not result.right_class]
    assert not wrong, "\n" + score.misses(wrong)


def test_the_true_cause_is_named(results: list[Result]) -> None:
    assert score.Score.of(results).causes >= 0.97, "\n" + score.misses(results)


def test_no_wall_is_named_on_an_ordinary_page(results: list[Result]) -> None:
    alarms = [result for result in results if result.false_alarm]
    assert not alarms, "\n" + score.misses(alarms)


def test_the_element_that_was_meant_is_proposed(results: list[Result]) -> None:
    typos = [result for result in results if result.situation.cause is ElementCause.TYPO]
    scored = score.Score.of(typos)
    assert scored.first >= 0.90, "\n" + score.misses(typos)
    assert scored.first_three >= 0.98, "\n" + score.misses(typos)


async def test_both_flavours_agree(
    results: list[Result], agent: RunningAgent, corpus_site: CorpusSite
) -> None:
    sample = [
        next(result.situation for result in results if result.situation.cause is cause) for cause in _SAMPLE
    ]
    told = [
        [
            (type(result.error), result.cause, result.candidates)
            for result in await run(sample, corpus_site, Flavour(flavour))
        ]
        for flavour in ("async", "sync")
    ]
    assert told[0] == told[1]
