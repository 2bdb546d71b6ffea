"""The agent in figures: put together when somebody asks, from what each part counts for itself."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from agent_bridge import limits
from agent_bridge.supervision import memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent_bridge.artifacts import Artifacts
    from agent_bridge.browser.shards import Shards
    from agent_bridge.observation.history import History
    from agent_bridge.observation.lag import LoopLag
    from agent_bridge.observation.log import LogHandler
    from agent_bridge.observation.storage import Place
    from agent_bridge.pool.leases import Leases
    from agent_bridge.pool.pool import Pool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the agent goes on without.

    Attributes:
        what: What is in trouble.
        problem: What is wrong with it.
        seconds: For how long; 0 where that is not known.
    """

    what: str
    problem: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that can be said of an agent in numbers; reads only, from any thread."""

    pool: Pool
    shards: Shards
    leases: Leases
    artifacts: Artifacts
    lag: LoopLag
    history: History
    places: Sequence[Place]
    log: LogHandler | None = None
    began: float = field(default_factory=time.monotonic)
    _process: psutil.Process = field(default_factory=psutil.Process)

    @property
    def uptime(self) -> float:
        """Seconds since it was ready."""
        return time.monotonic() - self.began

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often something took the place of what was lost, the smallest thing first."""
        counted = {cause: self.shards.restarts[cause] for cause in ("page", "context", "browser", "driver")}
        return counted | {"agent": self.history.crashes}

    @property
    def load(self) -> float:
        """What waits for a processor, for each processor that there is: above 1 the machine is busy."""
        return os.getloadavg()[0] / limits.cpus()

    @property
    def own_memory(self) -> int:
        """Bytes that the agent's own process takes."""
        return memory.size_of(self._process)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What the agent goes on without at this moment."""
        found = [Trouble(place.name, place.problem, place.seconds) for place in self.places if place.problem]
        if self.log is not None and self.log.problem:
            found.append(Trouble("log", self.log.problem.lower()))
        return tuple(found)
