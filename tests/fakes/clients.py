"""Clients that only pretend, and the machine that they come from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cmdop_browser import AsyncCMDOPClient, CMDOPClient

if TYPE_CHECKING:
    from cmdop_browser.exceptions import CMDOPError


class FakeClient(CMDOPClient):
    """Reconnects as it is told, and remembers what was done to it."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.closed = self.reconnects = 0

    @property
    def mode(self) -> str:
        return "local"

    @property
    def agent_info(self) -> Any:
        return SimpleNamespace(agent="of-the-client")

    def reconnect(self, *, timeout: float | None = None) -> None:
        self.reconnects += 1
        self.machine.fail_as_told()

    def close(self) -> None:
        self.closed += 1


class FakeAsyncClient(AsyncCMDOPClient):
    """The same for jobs that are async."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.closed = self.reconnects = 0

    @property
    def mode(self) -> str:
        return "local"

    @property
    def agent_info(self) -> Any:
        return SimpleNamespace(agent="of-the-client")

    async def reconnect(self, *, timeout: float | None = None) -> None:
        self.reconnects += 1
        self.machine.fail_as_told()

    async def close(self) -> None:
        self.closed += 1


class FakeMachine:
    """Where clients come from; connecting fails with the errors in `failures`, one after the other."""

    def __init__(self) -> None:
        self.failures: list[CMDOPError] = []
        self.clients: list[Any] = []
        self.ensured: list[str] = []
        self.asked_for: list[str] = []

    def fail_as_told(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def local(self, *, agent: str, start: bool, timeout: float) -> FakeClient:
        self.connect(agent, start, timeout)
        client = FakeClient(self)
        self.clients.append(client)
        return client

    async def local_async(self, *, agent: str, start: bool, timeout: float) -> FakeAsyncClient:
        self.connect(agent, start, timeout)
        client = FakeAsyncClient(self)
        self.clients.append(client)
        return client

    def connect(self, agent: str, start: bool, timeout: float) -> None:
        assert start
        assert timeout > 0
        self.asked_for.append(agent)
        self.fail_as_told()

    def ensure(self, agent: str, settings: object, *, timeout: float) -> None:
        self.ensured.append(agent)

    async def ensure_async(self, agent: str, settings: object, *, timeout: float) -> None:
        self.ensured.append(agent)
