"""How calls on elements fail on pages that can be asked for the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError, ElementCause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def refusal_of(call: Callable[[], Awaitable[object]]) -> BrowserElementNotFoundError:
    """Return how a call is refused; it is made again where its page was not asked.

    A page that stands still for a third of a second, as on a busy machine it may, is not asked: its
    `ready_state` is missing then, with all that only the page knows. One that hangs is told to hang.
    """
    for _ in range(4):
        with pytest.raises(BrowserElementNotFoundError) as caught:
            await call()
        error = caught.value
        assert error.evidence.page is not None
        if error.evidence.page.ready_state is not None or error.cause is ElementCause.PAGE_HUNG:
            break
    return error
