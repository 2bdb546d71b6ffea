"""What an agent says of itself; part of `cmdop_browser.models`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmdop_browser._display import fields_of, table

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class StartFailure:
    """A browser that did not start.

    Attributes:
        problem: Why.
        tips: What to do about it.
        seconds_ago: When that was.
    """

    problem: str
    tips: tuple[str, ...] = ()
    seconds_ago: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserInfo:
    """The browser that an agent runs.

    Attributes:
        version: None until a browser has been launched.
        failed_starts: How often a browser did not start.
        start_failure: The last of these; None when one has started since.
    """

    executable: str
    version: str | None
    sandboxed: bool
    failed_starts: int = 0
    start_failure: StartFailure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressure:
    """How full an agent is.

    Attributes:
        limit: Sessions that it runs at once.
        active: Sessions that are open.
        queued: Callers that wait for one.
        draining: True when it takes no new sessions, for it is about to stop.
        longest_wait: Seconds that the caller has waited who has waited longest.
        clients: How many are connected.
        away: How many of these stand still, stopped by a signal.
        lag: Seconds by which the agent's event loop was late at most in the last ten seconds.
        load: What waits for a processor, for each that the agent may use; above 1 the machine is busy.
    """

    limit: int
    active: int
    queued: int
    draining: bool
    longest_wait: float = 0.0
    clients: int = 0
    away: int = 0
    lag: float = 0.0
    load: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentMemory:
    """What an agent takes, in bytes, as last measured.

    Attributes:
        agent: Its own process.
        browsers: All browsers with their pages and drivers.
        largest_page: The largest page.
        limit: What all browsers may take; 0 when that is not known.
        page_limit: What one page may take; 0 when that is not known.
        artifacts: Pictures and HTML that are kept for errors, on disk.
    """

    agent: int = 0
    browsers: int = 0
    largest_page: int = 0
    limit: int = 0
    page_limit: int = 0
    artifacts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Something that an agent goes on without.

    Attributes:
        what: What is in trouble: ``temporary``, ``runtime`` or ``log`` files.
        problem: What is wrong.
        seconds: For how long; 0 where that is not known.
    """

    what: str
    problem: str
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentInfo:
    """Who the agent is, as it said when the client connected.

    Attributes:
        instance_id: Differs after every start of the agent.
        protocol: Lowest and highest revision of the protocol that it speaks.
        capabilities: Optional parts that it has.
        uptime: Seconds since it was ready.
        restarts: How often something took the place of what was lost, by what that was:
            ``page``, ``context``, ``browser``, ``driver``, and ``agent`` since the machine was booted.
        losses: How often a page was lost, by reason.
        recycled: How many worn browsers were replaced, by what they were worn by.
        memory: What it takes.
        troubles: What it goes on without, such as a disk that is full.
    """

    agent: str
    instance_id: str
    version: str
    protocol: tuple[int, int]
    capabilities: frozenset[str]
    pid: int
    uptime: float
    browser: BrowserInfo
    pressure: Pressure
    restarts: Mapping[str, int] = field(default_factory=dict, hash=False)
    losses: Mapping[str, int] = field(default_factory=dict, hash=False)
    recycled: Mapping[str, int] = field(default_factory=dict, hash=False)
    memory: AgentMemory = field(default_factory=AgentMemory)
    troubles: tuple[Trouble, ...] = ()

    def _repr_html_(self) -> str:
        return table(f"agent {self.agent}", fields_of(self))
