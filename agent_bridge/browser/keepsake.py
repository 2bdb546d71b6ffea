"""What is remembered of a session's page, so that another one can take its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_bridge.browser.navigation import WaitUntil
    from agent_bridge.browser.options import ContextOptions

Items = tuple[tuple[str, str], ...]
"""Names and values of a storage."""

# Sites that a session has not been to for so long are not given their storage back.
_MAX_ORIGINS: Final = 50
# Stands beside origins, of which none looks like it.
COOKIES: Final = "cookies"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is, and how it got there.

    Attributes:
        url: Of http or https.
        wait_until: What the caller had waited for there.
        referer: The page that it was reached from; None without one.
        repeatable: Whether it was got by GET, and so can be asked for again.
        filled: Whether the caller had filled in something there.
    """

    url: str
    wait_until: WaitUntil = "load"
    referer: str | None = None
    repeatable: bool = True
    filled: bool = False


@dataclass(frozen=True, slots=True)
class OriginStorage:
    """What an origin has stored in the browser."""

    local: Items = field(default=(), repr=False)
    session: Items = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Keepsake:
    """What was seen of a session while it was well.

    Attributes:
        cookies: In Playwright's form; None before they were looked at.
        origins: The storage of the origins that the page has been at, the latest last.
        too_large: Origins whose storage is too large to be remembered.
        place: Where the page was; None for an empty page.
        navigated: What the caller had last navigated to.
        is_outdated: Whether more may have happened after it was written down.
        unseen: What was changed and could not be looked at any more: origins, and `COOKIES`.
    """

    cookies: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)
    origins: Mapping[str, OriginStorage] = field(default_factory=dict, repr=False)
    too_large: frozenset[str] = frozenset()
    place: Place | None = None
    navigated: str = ""
    is_outdated: bool = False
    unseen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, options: ContextOptions) -> Keepsake:
        """What a session knows that was just made with *options*."""
        if not options.storage_state:
            return cls()
        try:
            state = json.loads(options.storage_state)
            origins = {
                origin["origin"]: OriginStorage(
                    tuple((item["name"], item["value"]) for item in origin.get("localStorage", ()))
                )
                for origin in state.get("origins", ())
            }
            return cls(tuple(state.get("cookies", ())), origins)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()  # the browser refuses it, and tells why

    def with_origin(self, origin: str, storage: OriginStorage | None) -> Keepsake:
        """The same with another storage of *origin*; None stands for one that is too large."""
        others = {name: kept for name, kept in self.origins.items() if name != origin}
        if storage is None:
            return replace(self, origins=others, too_large=self.too_large | {origin})
        named = [(origin, storage)] if storage.local or storage.session else []
        latest = [*others.items(), *named][-_MAX_ORIGINS:]
        return replace(self, origins=dict(latest), too_large=self.too_large - {origin})

    def options(self, options: ContextOptions) -> ContextOptions:
        """The options of a context that takes the place of one made with *options*.

        Local storage is not among them: Playwright visits each origin for it, 150 ms each.
        """
        if self.cookies is None:
            return options
        state = {"cookies": [dict(cookie) for cookie in self.cookies], "origins": []}
        return replace(options, storage_state=json.dumps(state).encode())

    def to_json(self) -> str:
        """As text, for a later instance of the agent."""
        place = self.place
        return json.dumps(
            {
                "cookies": None if self.cookies is None else [dict(cookie) for cookie in self.cookies],
                "origins": {name: [kept.local, kept.session] for name, kept in self.origins.items()},
                "too_large": sorted(self.too_large),
                "unseen": sorted(self.unseen),
                "navigated": self.navigated,
                "place": place and [place.url, place.wait_until, place.referer, place.repeatable],
                "filled": place is not None and place.filled,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Keepsake:
        """What `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            read = json.loads(text)
            return cls(
                None if read["cookies"] is None else tuple(read["cookies"]),
                {
                    name: OriginStorage(_items(local), _items(session))
                    for name, (local, session) in read["origins"].items()
                },
                frozenset(read["too_large"]),
                _place(read),
                read["navigated"],
                unseen=frozenset(read.get("unseen", ())),  # an agent of an earlier version writes none
            )
        except (KeyError, TypeError) as exc:
            raise ValueError(f"no keepsake: {exc!r}") from exc


def _place(read: Mapping[str, Any]) -> Place | None:
    if not read["place"]:
        return None
    url, wait_until, referer, repeatable = read["place"]
    # Of what is filled in an agent of an earlier version writes nothing.
    return Place(url, wait_until, referer, repeatable, filled=read.get("filled", False))


def _items(pairs: list[list[str]]) -> Items:
    return tuple((name, value) for name, value in pairs)
