"""Giving a new page what a lost one had: storage, and the place where it was."""

from __future__ import annotations

import contextlib
import json
import logging
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser import navigation
from agent_bridge.browser.answers import driver_may_end
from agent_bridge.browser.keepsake import OriginStorage
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_bridge.browser.keepsake import Keepsake, Place
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

_GIVE_BACK: Final = (files("agent_bridge.browser") / "give_back.js").read_text("utf-8")


class Added(Protocol):
    """What has been added to a page, for a type that Playwright does not export."""

    async def close(self) -> None:
        """Take it back."""


class StorageReturn:
    """Storage that waits for the origins it belongs to.

    Each gets it in its first document. To visit them all when the context is made, as
    Playwright does with a storage state, takes 150 ms for each.
    """

    def __init__(self, page: ManagedPage, origins: Mapping[str, OriginStorage]) -> None:
        self.waiting = dict(origins)
        self._page = page.page
        self._script: Added | None = None

    async def begin(self) -> None:
        """Have the documents of *page* get what is theirs.

        Raises:
            PlaywrightError: The page is gone.
        """
        before, self._script = self._script, None
        with driver_may_end():
            if self.waiting:
                kept = json.dumps({name: [its.local, its.session] for name, its in self.waiting.items()})
                self._script = await self._page.add_init_script(f"({_GIVE_BACK})({kept})")
            if before is not None:
                await before.close()

    async def arrived(self, origin: str) -> None:
        """Stop waiting for *origin*: what it stores from now on is its own affair."""
        if self.waiting.pop(origin, None) is not None:
            with contextlib.suppress(PlaywrightError):  # the page is gone, and its scripts with it
                await self.begin()

    def complete(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return Playwright's storage state *state* with what still waits."""
        there = {origin["origin"] for origin in state["origins"]}
        waiting = [
            {"origin": origin, "localStorage": [{"name": name, "value": value} for name, value in its.local]}
            for origin, its in self.waiting.items()
            if its.local and origin not in there
        ]
        return {**state, "origins": [*state["origins"], *waiting]}


async def equip(page: ManagedPage, keepsake: Keepsake, *, beside: ManagedPage | None) -> None:
    """Give a page that takes the place of a lost one the storage that is remembered.

    Args:
        page: The new page.
        keepsake: What is remembered.
        beside: The lost page, where the new one is in the same context.
    """
    origins: Mapping[str, OriginStorage] = keepsake.origins
    if (
        beside is not None
    ):  # the context has kept all but what ends with a page, and what it was not given yet
        ended = {name: OriginStorage(session=its.session) for name, its in origins.items() if its.session}
        origins = ended | (beside.returning.waiting if beside.returning is not None else {})
    if origins:
        page.returning = StorageReturn(page, origins)
        with contextlib.suppress(PlaywrightError):  # it is lost, too, and the next one will be equipped
            await page.returning.begin()


async def go_back(page: ManagedPage, place: Place, action: str, deadline: Deadline) -> None:
    """Load the page at *place* again, for the call *action* that needs it.

    Raises:
        BrowserNavigationError: It cannot be asked for again, or did not arrive.
        PageLost: The page went away.
    """
    shown = texts.shown_url(place.url)
    if not place.repeatable:
        raise BrowserNavigationError(
            f"{action} failed: the session was rebuilt, and its page {shown} cannot be asked for again:"
            " what brought it was no plain GET",
            action=action,
            url=shown,
            cause=NavigationCause.INTERRUPTED,
            tips=("navigate to where the job is to go on; nothing was sent a second time",),
        )
    log.info("loading the page of a rebuilt session again")
    try:
        await navigation.navigate(
            page, place.url, wait_until=place.wait_until, referer=place.referer, deadline=deadline
        )
    except BrowserNavigationError as exc:
        exc.message = f"{action} failed: the page of the rebuilt session did not come back: {exc.message}"
        exc.action = action
        raise
