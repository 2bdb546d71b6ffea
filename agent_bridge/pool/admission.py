"""Slots and the queue before them. Knows nothing of browsers."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from cmdop_browser.exceptions import AgentBusyError, AgentOfflineError
from cmdop_browser.exceptions.text import seconds
from cmdop_browser.wire.channel import DRAINING

if TYPE_CHECKING:
    from collections.abc import Callable

# What a client that finds the agent full is told to wait when nothing is known yet:
# about as long as a short session lasts.
_RETRY_AFTER_SECONDS = 2.0
# Above the most a client's `retry` would fail at once; below the least it would only be in the way.
_LEAST_SECONDS = 0.2
_MOST_SECONDS = 30.0
_COUNTED = 20


class Admission:
    """A fixed number of slots, given in turn.

    Waiters are served first come, first served within an owner, and owners in
    rotation, so that one client with a hundred waiting sessions does not starve
    another with one.

    Attributes:
        limit: How many slots there are.
        active: How many are taken.
        on_waited: Told of each wait: how long, and whether there was a slot at its end.
        is_away: Whether a client could not take a slot if it were given one.
    """

    def __init__(self, limit: int, max_queue: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.active = 0
        self._max_queue = max_queue
        self._clock = clock
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._closed = False
        self._freed: deque[float] = deque(maxlen=_COUNTED)  # when slots became free of late
        self._since: dict[asyncio.Future[None], float] = {}
        self.on_waited: Callable[[float, bool], None] | None = None
        self.is_away: Callable[[str], bool] = lambda _owner: False

    @property
    def longest_wait(self) -> float:
        """Seconds that the one has waited who has waited longest, of those who wait now."""
        return self._clock() - next(iter(self._since.values())) if self._since else 0.0

    @property
    def queued(self) -> int:
        """How many wait for a slot."""
        return sum(len(queue) for queue in self._waiting.values())

    async def acquire(self, owner: str, timeout: float) -> Slot:
        """Take a slot, waiting up to *timeout* seconds for one.

        Raises:
            AgentBusyError: None became free in time, or too many wait already.
            AgentOfflineError: The agent is being stopped.
        """
        self._require_open()
        if self.active < self.limit and all(map(self.is_away, self._waiting)):
            self.active += 1
            self._waited(None, admitted=True)
            return Slot(self)
        if timeout <= 0 or self.queued >= self._max_queue:
            raise self._busy(timeout, is_crowded=timeout > 0)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._since[turn] = self._clock()
        self._waiting.setdefault(owner, deque()).append(turn)
        admitted = False
        try:
            async with asyncio.timeout(timeout):
                await turn
        except BaseException as exc:
            self._forget(owner, turn)
            # The turn may have come in the same moment: it goes to the next.
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._release()
            if isinstance(exc, TimeoutError):
                raise self._busy(timeout) from exc
            raise
        else:
            admitted = True
        finally:
            self._waited(self._since.pop(turn), admitted=admitted)
        return Slot(self)

    def close(self) -> None:
        """Let nobody in any more; whoever waits is told so."""
        self._closed = True
        for queue in self._waiting.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(_stopping())
        self._waiting.clear()

    def _retry_after(self) -> float:
        """How long it takes until all who wait have had their turn, going by the last ones."""
        if len(self._freed) < 2:
            return _RETRY_AFTER_SECONDS
        each = (self._freed[-1] - self._freed[0]) / (len(self._freed) - 1)
        return round(min(max(each * (self.queued + 1), _LEAST_SECONDS), _MOST_SECONDS), 2)

    def _release(self) -> None:
        self.active -= 1
        self._freed.append(self._clock())
        self.hand_out()

    def hand_out(self) -> None:
        """Give the slots that are free to those who wait; who is away keeps the place in the line."""
        while self.active < self.limit and (turn := self._next()) is not None:
            self.active += 1
            turn.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        for owner in list(self._waiting):
            if self.is_away(owner):
                continue
            queue = self._waiting.pop(owner)
            while queue and queue[0].done():
                queue.popleft()  # given up in this very moment, which is not its owner's turn
            if not queue:
                continue
            turn = queue.popleft()
            if queue:
                self._waiting[owner] = queue
            return turn
        return None

    def _forget(self, owner: str, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(owner)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[owner]

    def _waited(self, began: float | None, *, admitted: bool) -> None:
        if self.on_waited is not None:
            self.on_waited(0.0 if began is None else self._clock() - began, admitted)

    def _require_open(self) -> None:
        if self._closed:
            raise _stopping()

    def _busy(self, waited: float, *, is_crowded: bool = False) -> AgentBusyError:
        more = (
            f"{self.queued} callers wait already, which is as many as may"
            if is_crowded
            else f"none became free within {seconds(waited)}"
        )
        return AgentBusyError(
            f"all {self.limit} sessions are taken and {more}",
            limit=self.limit,
            active=self.active,
            queued=self.queued,
            retry_after_seconds=self._retry_after(),
            tips=(
                "close sessions when done: use `with client.browser.create_session()`",
                "wait longer with queue_timeout, or raise the agent's max_sessions",
            ),
        )


class Slot:
    """A taken slot; giving it back twice gives back one."""

    def __init__(self, admission: Admission) -> None:
        self._admission: Admission | None = admission

    def release(self) -> None:
        """Give the slot to the next in the queue."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission._release()


def _stopping() -> AgentOfflineError:
    return AgentOfflineError(
        "the agent is being stopped and takes no new sessions",
        details={DRAINING: True},
        tips=("start another one: cmdop-browser agents start",),
    )
