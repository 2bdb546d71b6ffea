"""When a read that failed is made again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from agent_bridge.browser.rereading import made_again
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import (
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserError,
    BrowserScriptError,
    ElementCause,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_bridge.browser.page import ManagedPage


def not_found(cause: ElementCause, *, matches: int = 0) -> BrowserElementNotFoundError:
    return BrowserElementNotFoundError("dom.text failed", cause=cause, matches=matches)


REFUSED = BrowserError("pdf failed: Printing failed")


class Reading:
    """A page, and a read of it that fails so often."""

    def __init__(
        self, *failures: BrowserError, replaced: Iterable[int] = (), time_left: float = 30.0
    ) -> None:
        self.page = SimpleNamespace(documents=1, call_deadline=Deadline.after(time_left))
        self.times = 0
        self._failures = list(failures)
        self._replaced = set(replaced)

    async def made(self) -> str:
        """What the read comes to; the document is replaced under those of the given numbers."""

        @made_again
        async def read(page: Any, word: str) -> str:
            self.times += 1
            if self.times in self._replaced:
                page.documents += 1
            if self._failures:
                raise self._failures.pop(0)
            return word

        return await read(cast("ManagedPage", self.page), "read")


@pytest.mark.parametrize("failures", [
    (REFUSED,),
    (REFUSED, REFUSED),
    (not_found(ElementCause.PAGE_LOADING, matches=1),),
])  # fmt: skip
async def test_what_may_have_passed_is_tried_again(failures: tuple[BrowserError, ...]) -> None:
    assert await Reading(*failures).made() == "read"


async def test_what_was_not_there_is_looked_for_in_a_document_that_came_meanwhile() -> None:
    missing = not_found(ElementCause.NO_MATCH)
    assert await Reading(missing, replaced={1}).made() == "read"


@pytest.mark.parametrize("failure", [
    not_found(ElementCause.NO_MATCH),
    not_found(ElementCause.TYPO),
    not_found(ElementCause.PAGE_LOADING),
    BrowserScriptError("dom.text failed in the page"),
    BadRequestError("dom.html would return more than 64 MiB", field="selector"),
])  # fmt: skip
async def test_what_stays_as_it_is_fails_at_once(failure: BrowserError) -> None:
    reading = Reading(failure)
    with pytest.raises(type(failure)):
        await reading.made()
    assert reading.times == 1


async def test_a_page_that_is_replaced_without_end_is_left() -> None:
    reading = Reading(*[not_found(ElementCause.NO_MATCH)] * 9, replaced=range(9))
    with pytest.raises(BrowserElementNotFoundError):
        await reading.made()
    assert reading.times == 3


async def test_there_is_no_second_time_when_the_time_is_up() -> None:
    reading = Reading(REFUSED, time_left=0.0)
    with pytest.raises(BrowserError):
        await reading.made()
    assert reading.times == 1
