"""What callers fill in on pages, of which one that is loaded again has nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agent_bridge.browser.page import Entries
from cmdop_browser.wire.acts import FILLS_IN

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage

# They hand it on, or go on from it.
_HANDS_ON: Final = frozenset({"click", "press"})
# A script may do either.
_BUILDS_ON_IT: Final = FILLS_IN | _HANDS_ON | {"evaluate"}


def admit(action: str, page: ManagedPage) -> bool:
    """Note that the call *action* is about to be made on *page*, unless what it counts on is gone.

    Nobody wants half a form to be sent: so the caller is told by the first such call, and what would
    hand the form on is refused for as long as nothing is filled in again, and no other document comes.

    Returns:
        Whether it may be made.
    """
    is_first = page.entries is Entries.GONE and action in _BUILDS_ON_IT
    if is_first or (page.entries is Entries.TOLD and action in _HANDS_ON):
        page.entries = Entries.TOLD
        return False
    if action in FILLS_IN or (page.entries is Entries.TOLD and action in _BUILDS_ON_IT):
        page.entries = Entries.FILLED
    return True
