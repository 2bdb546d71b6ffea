"""What the pool needs of those who make pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from agent_bridge.browser.options import ContextOptions
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline
    from cmdop_browser.exceptions import CloseReason


class Pages(Protocol):
    """Where pages come from."""

    async def open(self, options: ContextOptions, deadline: Deadline) -> ManagedPage:
        """Return a page in a fresh context."""

    async def open_beside(
        self, lost: ManagedPage, options: ContextOptions, deadline: Deadline
    ) -> ManagedPage:
        """Return a page in a fresh context of the browser that *lost* is in."""

    async def reopen(self, lost: ManagedPage, deadline: Deadline) -> ManagedPage | None:
        """Return another page in the context of *lost*, in its place; None when there is none in time."""

    async def close(self, page: ManagedPage, reason: CloseReason) -> None:
        """Close a page; more than once does no harm."""
