"""From a lost page to another one: the least that helps first. Knows no session."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.remembering import last_cookies
from agent_bridge.deadline import Deadline
from cmdop_browser.exceptions import CloseReason, CMDOPError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agent_bridge.browser.keepsake import Keepsake
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.pool.pages import Pages

log = logging.getLogger(__name__)

# What a session can be rebuilt after. The others end it because somebody wants it to end.
LOSSES: Final = frozenset(
    {
        CloseReason.RENDERER_CRASH,
        CloseReason.RENDERER_HANG,
        CloseReason.OUT_OF_MEMORY,
        CloseReason.BROWSER_CRASH,
        CloseReason.DRIVER_CRASH,
        CloseReason.RECYCLED,
    }
)
# A dead renderer takes nothing but its page along.
_RENDERER_ENDED: Final = frozenset({CloseReason.RENDERER_CRASH, CloseReason.OUT_OF_MEMORY})
_BROWSER_ENDED: Final = frozenset({CloseReason.BROWSER_CRASH, CloseReason.DRIVER_CRASH})

# A page takes 60 ms, a context 80 ms, a browser with its driver 0.8 s; a loaded machine
# may take many times that. The last rung is climbed twice: browsers die while they start, too.
_PAGE_SECONDS: Final = 2.0
_CONTEXT_SECONDS: Final = 3.0
_BROWSER_SECONDS: Final = 20.0
_BROWSER_TRIES: Final = 2

_MAX_LOSSES: Final = 5
_WITHIN_SECONDS: Final = 30.0


@dataclass
class Losses:
    """How often a session was lost of late: one that is lost again and again is given up."""

    _at: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_LOSSES))

    def are_too_many(self) -> bool:
        """Count one more; whether there were more than five in the last 30 seconds."""
        now = time.monotonic()
        full = len(self._at) == _MAX_LOSSES and now - self._at[0] < _WITHIN_SECONDS
        self._at.append(now)
        return full


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a lost page was replaced by.

    Attributes:
        page: The new page, empty.
        in_same_context: Whether its context is the old one, with all that it has stored.
        keepsake: What was known when it was made.
    """

    page: ManagedPage
    in_same_context: bool
    keepsake: Keepsake


async def climb(
    pages: Pages, lost: ManagedPage, reason: CloseReason, options: ContextOptions, keepsake: Keepsake
) -> Rebuilt | None:
    """Replace *lost*: a page in its context, a context in its browser, a browser with its driver.

    Each rung has its time, and the next one comes when it is over.

    Args:
        pages: Where pages come from.
        lost: The page that is beyond use.
        reason: What took it away.
        options: What its context was made with.
        keepsake: What is remembered of it.

    Returns:
        None when no rung led to a page.
    """
    if reason in _RENDERER_ENDED:
        page = await pages.reopen(lost, Deadline.after(_PAGE_SECONDS))
        if page is not None:
            return Rebuilt(page, in_same_context=True, keepsake=keepsake)
    if reason not in _BROWSER_ENDED:
        keepsake = await last_cookies(lost, keepsake)
        page = await _opened(
            "context",
            lambda: pages.open_beside(lost, keepsake.options(options), Deadline.after(_CONTEXT_SECONDS)),
        )
        if page is not None:
            return Rebuilt(page, in_same_context=False, keepsake=keepsake)
    for _ in range(_BROWSER_TRIES):
        page = await _opened(
            "browser", lambda: pages.open(keepsake.options(options), Deadline.after(_BROWSER_SECONDS))
        )
        if page is not None:
            return Rebuilt(page, in_same_context=False, keepsake=keepsake)
    return None


async def _opened(what: str, opening: Callable[[], Awaitable[ManagedPage]]) -> ManagedPage | None:
    try:
        return await opening()
    except CMDOPError as exc:
        log.warning("no %s for a session that is rebuilt: %s", what, exc.message)
        return None
