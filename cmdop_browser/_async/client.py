"""The client: a connection to an agent, and the services behind it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import async_opening
from cmdop_browser._async.browser import AsyncBrowser
from cmdop_browser._async.rpc import AsyncRpc
from cmdop_browser._convert import checks
from cmdop_browser.exceptions import CMDOPError
from cmdop_browser.settings import Settings
from cmdop_browser.wire.v1 import agent_pb2

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal

    from cmdop_browser.models import AgentInfo


class AsyncCMDOPClient:
    """A client of a browser agent; make one with `local`.

    It closes itself as a context manager; calls after that raise `ConnectionError`.

    Attributes:
        browser: Sessions of the agent's browser.

    Example:
        async with AsyncCMDOPClient.local(start=True) as client:
            async with client.browser.create_session() as session:
                await session.navigate("https://shop.test/")
                print(await session.title())
    """

    def __init__(self, rpc: AsyncRpc, mode: Literal["local"]) -> None:
        self._rpc = rpc
        self._mode = mode
        self.browser = AsyncBrowser(rpc, mode)

    @classmethod
    @async_opening
    async def local(
        cls, *, agent: str = "default", start: bool = False, timeout: float | None = 10.0
    ) -> Self:
        """Connect to an agent of this user on this machine.

        Args:
            agent: The agent's name.
            start: Start an agent when none runs.
            timeout: Seconds that connecting may take, starting included; the settings'
                `connect_timeout` when None.

        Raises:
            AgentNotRunningError: None runs, and *start* is False.
            StalePortFileError: One ran, and left its discovery file behind.
            AgentStartError: It could not be started.
            ConnectionTimeoutError: It did not answer in time.
            PermissionDeniedError: It belongs to another user.
            ConfigurationError: A setting is wrong.
            BadRequestError: An argument is not what it should be.
        """
        settings = Settings.load()
        rpc = AsyncRpc(checks.text("agent", agent), settings, start=checks.flag("start", start))
        await rpc.connect(checks.timeout(timeout, settings.connect_timeout))
        return cls(rpc, "local")

    @property
    def mode(self) -> str:
        """How the client gets to its agent: "local"."""
        return self._mode

    @property
    def agent_info(self) -> AgentInfo:
        """Who the agent is and how full it was, as of the last time it was connected to."""
        return self._rpc.info

    async def ping(self, *, timeout: float | None = None) -> float:
        """Ask the agent for a sign of life.

        Args:
            timeout: Seconds for the whole call; the client's default when None.

        Returns:
            Seconds that it took to answer.

        Raises:
            ConnectionTimeoutError: It did not answer in time.
            ConnectionError: It cannot be reached, or this client is closed.
            AgentOfflineError: It is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        seconds = checks.timeout(timeout, self._rpc.default_timeout)
        began = time.perf_counter()
        await self._rpc.call(methods.PING, agent_pb2.PingRequest(), timeout=seconds, operation="ping")
        return time.perf_counter() - began

    async def reconnect(self, *, timeout: float | None = None) -> None:
        """Make sure that this client is connected, to a new agent if there is one.

        A connection that works is kept. Sessions of an agent that is gone stay lost.

        Args:
            timeout: Seconds that it may take; the settings' `connect_timeout` when None.

        Raises:
            AgentNotRunningError: There is no agent, and the client was not made with ``start=True``.
            StalePortFileError: One ran, and left its discovery file behind.
            AgentStartError: It could not be started.
            ConnectionTimeoutError: It did not answer in time.
            ConnectionError: This client is closed.
            BadRequestError: *timeout* is not what it should be.
        """
        await self._rpc.connect(checks.timeout(timeout, self._rpc.connect_timeout))

    async def close(self) -> None:
        """Disconnect; the agent closes the sessions that this client made. Twice is fine.

        Raises:
            ConnectionError: It is called on another event loop than the client's.
        """
        await self._rpc.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except CMDOPError as failure:
            if error is None:
                raise
            error.add_note(f"closing the client failed too: {failure.message}")

    def __repr__(self) -> str:
        state = "closed" if self._rpc.closed else "open"
        return f"<{type(self).__name__} {self._mode} agent {self._rpc.agent!r} {state}>"
