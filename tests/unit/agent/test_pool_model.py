"""The pool against a model of it: creating, closing, dying and giving up in random order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent_bridge.browser.options import ContextOptions
from agent_bridge.pool.session import Session, SessionSpec
from cmdop_browser.exceptions import AgentBusyError, BrowserError, CloseReason
from tests.unit.agent.fakes import make_pool

if TYPE_CHECKING:
    from collections.abc import Coroutine

LIMIT = 3
MAX_QUEUE = 5
LONG = 3600.0
# More than any chain of callbacks in the pool is long.
TURNS = 20


@dataclass(eq=False)
class Creation:
    """A call of `Pool.create`, and the session that came of it."""

    owner: str
    task: asyncio.Task[Session]


class Model:
    """Who is in and who waits: clients in rotation, in turn within each."""

    def __init__(self) -> None:
        self.inside: list[Creation] = []
        self.waiting: OrderedDict[str, deque[Creation]] = OrderedDict()

    @property
    def queue(self) -> list[Creation]:
        return [creation for queue in self.waiting.values() for creation in queue]

    @property
    def has_room(self) -> bool:
        return len(self.inside) < LIMIT and not self.waiting

    def come(self, creation: Creation) -> None:
        if self.has_room:
            self.inside.append(creation)
        else:
            self.waiting.setdefault(creation.owner, deque()).append(creation)

    def leave(self, creation: Creation) -> None:
        if creation in self.inside:
            self.inside.remove(creation)
            if self.waiting:
                owner, queue = self.waiting.popitem(last=False)
                self.inside.append(queue.popleft())
                if queue:
                    self.waiting[owner] = queue
        else:
            queue = self.waiting[creation.owner]
            queue.remove(creation)
            if not queue:
                del self.waiting[creation.owner]


class PoolMachine(RuleBasedStateMachine):
    """What may happen to a pool."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.came = 0
        self.do(self._make())

    async def _make(self) -> None:
        self.pool, self.pages, self.ended = make_pool(LIMIT, max_queue=MAX_QUEUE)
        self.pages.turns = 3

    def teardown(self) -> None:
        self.do(self.pool.close_all(CloseReason.SHUTDOWN))
        for creation in self.model.queue:
            creation.task.cancel()
        self.do(asyncio.sleep(0))
        self.loop.close()

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run something, and all that follows from it."""

        async def settled() -> Any:
            result = await coroutine
            for _ in range(TURNS):
                await asyncio.sleep(0)
            return result

        return self.loop.run_until_complete(settled())

    # What may happen

    @rule(owner=st.sampled_from(["ada", "ben", "cleo"]))
    def create(self, owner: str) -> None:
        is_full = not self.model.has_room and len(self.model.queue) >= MAX_QUEUE
        creation = self.do(self._create(owner))
        if not is_full:
            self.model.come(creation)
            return
        error = creation.task.exception()
        assert isinstance(error, AgentBusyError)
        assert (error.limit, error.active, error.queued) == (LIMIT, LIMIT, MAX_QUEUE)

    @precondition(lambda self: self.model.has_room)
    @rule()
    def create_in_vain(self) -> None:
        self.pages.fail_with = BrowserError("no page")
        creation = self.do(self._create("ada"))
        self.pages.fail_with = None
        assert isinstance(creation.task.exception(), BrowserError)

    @precondition(lambda self: self.model.has_room)
    @rule(turns=st.integers(0, 8))
    def create_and_give_up(self, turns: int) -> None:
        """Anywhere between the call and its page, or in the moment in which it has one."""
        creation = self.do(self._create_and_give_up(turns))
        if not creation.task.cancelled():
            self.model.come(creation)

    @precondition(lambda self: self.model.inside)
    @rule(data=st.data(), turns=st.integers(0, 8))
    def close_and_give_up(self, data: st.DataObject, turns: int) -> None:
        """A session whose closing has begun is closed, whether anybody waits for that or not."""
        creation = data.draw(st.sampled_from(self.model.inside))
        if self.do(self._close_and_give_up(creation, turns)):
            self.model.leave(creation)

    @precondition(lambda self: self.model.inside)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        creation = data.draw(st.sampled_from(self.model.inside))
        assert self.do(self.pool.close(creation.task.result().id, CloseReason.CLOSED_BY_CALLER))
        self.model.leave(creation)

    @precondition(lambda self: self.model.inside)
    @rule(data=st.data())
    def page_dies(self, data: st.DataObject) -> None:
        creation = data.draw(st.sampled_from(self.model.inside))
        self.do(self._die(creation.task.result()))
        self.model.leave(creation)

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        creation = data.draw(st.sampled_from(self.model.queue))
        self.do(self._give_up(creation))
        self.model.leave(creation)

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data(), turns=st.integers(0, 8))
    def give_up_while_another_leaves(self, data: st.DataObject, turns: int) -> None:
        """The turn may come in the very moment in which nobody wants it any more."""
        leaving = data.draw(st.sampled_from(self.model.inside))
        waiting = data.draw(st.sampled_from(self.model.queue))
        for creation in self.do(self._leave_both(leaving, waiting, turns)):
            self.model.leave(creation)

    async def _create(self, owner: str) -> Creation:
        creating = self.pool.create(
            owner, SessionSpec(idle_timeout=LONG), ContextOptions(), queue_timeout=LONG, timeout=LONG
        )
        self.came += 1
        return Creation(owner, asyncio.ensure_future(creating))

    async def _create_and_give_up(self, turns: int) -> Creation:
        creation = await self._create("ada")
        for _ in range(turns):
            await asyncio.sleep(0)
        creation.task.cancel()
        await asyncio.wait({creation.task})
        return creation

    async def _close_and_give_up(self, creation: Creation, turns: int) -> bool:
        """Returns whether the closing had begun."""
        session = creation.task.result()
        closing = asyncio.ensure_future(self.pool.close(session.id, CloseReason.CLOSED_BY_CALLER))
        for _ in range(turns):
            await asyncio.sleep(0)
        has_begun = session.id not in self.pool
        closing.cancel()
        await asyncio.wait({closing})
        return has_begun

    async def _die(self, session: Session) -> None:
        session.page.lose(CloseReason.RENDERER_CRASH)

    async def _give_up(self, creation: Creation) -> None:
        creation.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await creation.task

    async def _leave_both(
        self, leaving: Creation, waiting: Creation, turns: int
    ) -> tuple[Creation, Creation]:
        """Returns the two in the order in which they left, on which it depends whose turn is next."""
        queued = self.pool.admission.queued
        closing = asyncio.ensure_future(
            self.pool.close(leaving.task.result().id, CloseReason.CLOSED_BY_CALLER)
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        is_freed = self.pool.admission.queued < queued
        if waiting.task.done():
            await self.pool.close(waiting.task.result().id, CloseReason.CLOSED_BY_CALLER)
        else:
            await self._give_up(waiting)
        await closing
        return (leaving, waiting) if is_freed else (waiting, leaving)

    # What always holds

    @invariant()
    def the_slots_taken_are_the_sessions_there_are(self) -> None:
        admission = self.pool.admission
        assert admission.active == len(self.pool) == len(self.pages.open_pages) == len(self.model.inside)
        assert admission.queued == len(self.model.queue)

    @invariant()
    def those_are_in_whose_turn_it_is(self) -> None:
        assert all(not creation.task.done() for creation in self.model.queue)
        ids = {creation.task.result().id for creation in self.model.inside}
        assert ids == {session.id for session in self.pool.sessions()}


TestPool = PoolMachine.TestCase
# Ten thousand steps in all. Explaining a failure needs a trace of every line, which takes ten times as long.
TestPool.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
)
