"""When a browser is worn out.

Chromium and its driver grow over the pages that they show, and give little of it
back. So a browser is replaced from time to time: it takes no new session, the
ones it has go on to their own end, and then it is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent_bridge import limits
from agent_bridge.supervision.memory import MIB

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

# Of the machine's memory, for all of the agent's processes, where the settings do not say.
_SHARE = 0.8
# An empty browser with its driver takes some 220 MiB: with less than twice that, one would be
# worn before it has shown a page.
_LEAST_SIZE = 512 * MIB


@dataclass(frozen=True, slots=True)
class Wear:
    """What a browser has been through.

    Attributes:
        pages: Documents that it has shown.
        age: Seconds since it was started.
        size: Bytes that its processes take, as last measured.
    """

    pages: int = 0
    age: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a browser, a session and the agent may take.

    Attributes:
        pages: Documents of a browser.
        age: Seconds of a browser.
        size: Bytes of a browser with its pages and its driver.
        session: Bytes of the renderer of a session.
        agent: Bytes of all browsers.
    """

    pages: int
    age: float
    size: int
    session: int
    agent: int

    @classmethod
    def of(cls, settings: Settings, shards: int) -> Limits:
        """Return what the settings say, for so many browsers."""
        agent = int(settings.memory * MIB if settings.memory is not None else limits.memory_bytes() * _SHARE)
        # Before the agent comes to its limit, where sessions have to end, its browsers are replaced.
        size = max(_LEAST_SIZE, agent // (2 * shards))
        return cls(settings.recycle_pages, settings.recycle_age, size, settings.session_memory * MIB, agent)

    def worn_by(self, wear: Wear) -> str:
        """Return what a browser is worn by: ``pages``, ``age`` or ``memory``; "" when it may go on."""
        if wear.pages >= self.pages:
            return "pages"
        if wear.age >= self.age:
            return "age"
        return "memory" if wear.size >= self.size else ""

    def why_worn(self, wear: Wear) -> str:
        """Return why a browser has to be replaced; "" when it may go on."""
        match self.worn_by(wear):
            case "pages":
                return f"it has shown {wear.pages} pages"
            case "age":
                return f"it has run for {wear.age:.0f} s"
            case "memory":
                return f"it takes {wear.size // MIB} MiB"
        return ""
