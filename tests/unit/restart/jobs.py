"""A job of each kind that can be restarted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason
from cmdop_browser.helpers import with_auto_restart
from tests.fakes.clients import FakeAsyncClient, FakeClient, FakeMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cmdop_browser import AsyncCMDOPClient, CMDOPClient

CRASH = BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH)


class Job:
    """Raises the given errors one after the other, then returns; notes the clients that it was given."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.clients: list[Any] = []

    def work(self, client: Any) -> str:
        self.clients.append(client)
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    @with_auto_restart(max_delay=0.001)
    def blocking(self, client: CMDOPClient) -> str:
        return self.work(client)

    @with_auto_restart(max_delay=0.001)
    async def coroutine(self, client: AsyncCMDOPClient) -> str:
        return self.work(client)

    @with_auto_restart(max_delay=0.001)
    def generator(self, client: CMDOPClient) -> Iterator[str]:
        yield self.work(client)

    @with_auto_restart(max_delay=0.001)
    async def async_generator(self, client: AsyncCMDOPClient) -> AsyncIterator[str]:
        yield self.work(client)


KINDS = ["blocking", "coroutine", "generator", "async_generator"]


def run(kind: str, job: Job, *client: Any) -> Any:
    """Run one kind of job to its end."""
    called = getattr(job, kind)(*client)
    if kind == "coroutine":
        return asyncio.run(called)
    if kind == "async_generator":

        async def collect() -> list[Any]:
            return [row async for row in called]

        return asyncio.run(collect()).pop()
    return list(called).pop() if kind == "generator" else called


def fake(kind: str, machine: FakeMachine) -> FakeClient | FakeAsyncClient:
    return FakeAsyncClient(machine) if "async" in kind or kind == "coroutine" else FakeClient(machine)
