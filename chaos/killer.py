"""Somebody who kills at random, while others work."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Final

import psutil

from chaos.bench import is_browser, is_driver, is_renderer
from chaos.cells import Victim
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Mapping

    from chaos.bench import Bench

_WANTED: Final[Mapping[Victim, Callable[[list[str]], bool]]] = {
    Victim.RENDERER: is_renderer,
    Victim.BROWSER: is_browser,
    Victim.DRIVER: is_driver,
}


class Killer:
    """Kills one process after the other for as long as `work` is awaited.

    Attributes:
        killed: How many of each kind.
    """

    def __init__(
        self,
        bench: Bench,
        chance: random.Random,
        *,
        every: float,
        weights: Mapping[Victim, int],
        done: Callable[[], int],
        clients: Collection[psutil.Process] = (),
        spared: Callable[[], Collection[Victim]] = tuple,
    ) -> None:
        """Make one.

        Args:
            bench: Whose processes are killed.
            chance: What is drawn from.
            every: Seconds between two kills, on average.
            weights: How often each kind is chosen.
            done: Tells how much of the work is done. Nothing is killed twice without any
                being done between, or a slow machine would be at starting things for ever.
            clients: The processes of clients, of which there may be others at any time.
            spared: Tells which kinds are not killed at the moment.
        """
        self.killed: Counter[str] = Counter()
        self._bench = bench
        self._chance = chance
        self._every = every
        self._weights = dict(weights)
        self._done = done
        self._clients = clients
        self._spared = spared

    async def work(self) -> None:
        """Kill until cancelled."""
        done = -1
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._every))
            (victim,) = self._chance.choices(list(self._weights), list(self._weights.values()))
            if self._done() == done or victim in self._spared():
                continue
            # There may be none at the moment: the last one was only just killed.
            with contextlib.suppress(CMDOPError, psutil.Error, IndexError):
                process = self._pick(victim)
                process.kill()
                self.killed[victim.value] += 1
                done = self._done()

    def _pick(self, victim: Victim) -> psutil.Process:
        if victim is Victim.AGENT:
            return self._bench.agent
        if victim is Victim.CLIENT:
            return self._chance.choice(list(self._clients))
        return self._chance.choice(self._bench.below(_WANTED[victim]))
