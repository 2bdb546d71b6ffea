"""What callers fill in on pages, of which one that is loaded again has nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agent_bridge.browser.keepsake import Place
    from agent_bridge.browser.page import ManagedPage

_FILLS_IN: Final = frozenset({"check", "fill", "press", "select_option", "type", "uncheck", "upload"})
# These may hand it on, or go on from it.
_BUILDS_ON_IT: Final = _FILLS_IN | {"click", "evaluate"}
_LEADS_AWAY: Final = frozenset({"back", "forward", "navigate", "reload"})


def builds_on_entries(action: str) -> bool:
    """Whether the call *action* acts on what the page has by now."""
    return action in _BUILDS_ON_IT


class Entries:
    """Whether something that the caller had filled in is gone, and the caller does not know.

    A page is known to be filled in or not to be, by the calls that were made on it: its fields may
    hold secrets, and are nobody's business.
    """

    def __init__(self) -> None:
        self._are_gone = False

    def came_back(self, place: Place) -> None:
        """Note that the page of *place* was loaded again."""
        self._are_gone = self._are_gone or place.filled

    def told(self) -> None:
        """Note that the caller knows."""
        self._are_gone = False

    def withholds(self, action: str, page: ManagedPage) -> bool:
        """Whether the call *action* would build on what is gone: nobody wants half a form to be sent.

        The caller is told by that, once. What the call does to *page* otherwise is noted there.
        """
        is_withheld = self._are_gone and action in _BUILDS_ON_IT
        if is_withheld or action in _LEADS_AWAY:
            self._are_gone = page.is_filled = False
        elif self._are_gone or action in _FILLS_IN:
            page.is_filled = True
        return is_withheld
