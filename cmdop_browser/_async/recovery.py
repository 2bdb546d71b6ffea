"""A client that works, whatever became of the agent meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from cmdop_browser._acompat import async_opening
from cmdop_browser._async.client import AsyncCMDOPClient
from cmdop_browser._async.launcher import ensure_agent
from cmdop_browser._convert import checks
from cmdop_browser._deadline import Deadline
from cmdop_browser.exceptions import BadRequestError, CMDOPError, ConfigurationError
from cmdop_browser.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType

    from cmdop_browser._acompat import AsyncUse
    from cmdop_browser._async.session import AsyncBrowserSession
    from cmdop_browser.models import PageResult, SessionOptions, WaitUntil

T = TypeVar("T")

# Starting an agent takes about a second; a loaded machine may take many times that.
RECOVERY_SECONDS = 15.0

_log = logging.getLogger("cmdop_browser.helpers")


async def async_ensure_agent_running(*, agent: str = "default", timeout: float = RECOVERY_SECONDS) -> bool:
    """Make sure that an agent runs on this machine, starting one if there is none.

    Args:
        agent: The agent's name.
        timeout: Seconds that starting it may take.

    Returns:
        Whether it runs now. If not, the reason is logged as a warning.

    Raises:
        BadRequestError: An argument is not what it should be.
        ConfigurationError: A setting is wrong.
    """
    seconds = checks.seconds("timeout", timeout)
    settings = Settings.load()
    try:
        await ensure_agent(checks.text("agent", agent), settings, timeout=seconds)
    except (BadRequestError, ConfigurationError):
        raise
    except CMDOPError as error:
        _log.warning("agent %r is not running: %s: %s", agent, type(error).__name__, error.message)
        return False
    return True


@async_opening
async def async_get_client_with_recovery(
    *, agent: str = "default", timeout: float = RECOVERY_SECONDS
) -> AsyncCMDOPClient:
    """A client of the local agent, which is started if there is none.

    What an agent that died left behind is removed first.

    Args:
        agent: The agent's name.
        timeout: Seconds for all of it.

    Raises:
        AgentStartError: No agent could be started.
        BrowserNotInstalledError: There is no browser that it could run.
        ConnectionTimeoutError: It did not answer in time.
        PermissionDeniedError: It belongs to another user.
        BadRequestError: An argument is not what it should be.
        ConfigurationError: A setting is wrong.
    """
    return await AsyncCMDOPClient.local(agent=agent, start=True, timeout=timeout)


async def async_with_session(
    fn: AsyncUse[AsyncBrowserSession, T],
    *,
    agent: str = "default",
    timeout: float | None = 30.0,
    queue_timeout: float = 60.0,
    **session_options: Unpack[SessionOptions],
) -> T:
    """Call *fn* with a session of the local agent, and close session and client after it.

    Args:
        fn: What to do with the session.
        agent: The agent's name; it is started if it does not run.
        timeout: As `create_session` takes it.
        queue_timeout: As `create_session` takes it.
        **session_options: As `create_session` takes them.

    Returns:
        What *fn* returns.

    Raises:
        AgentStartError: No agent could be started.
        AgentBusyError: No slot became free in time.
        BadRequestError: An option is not what it should be.
        CMDOPError: The agent could not be reached, or failed.
    """
    if not callable(fn):
        checks.refuse("fn", fn, "a function")
    async with async_get_client_with_recovery(agent=agent) as client:
        opening = client.browser.create_session(
            timeout=timeout, queue_timeout=queue_timeout, **session_options
        )
        async with opening as session:
            return await fn(session)


async def async_quick_fetch(
    url: str,
    *,
    selector: str | None = None,
    wait_for: str | None = None,
    wait_until: WaitUntil = "load",
    referer: str | None = None,
    timeout: float | None = None,
    queue_timeout: float = 60.0,
    agent: str = "default",
    **session_options: Unpack[SessionOptions],
) -> PageResult:
    """Load one page through the local agent and return its HTML, leaving nothing open.

    What is lost on the way, page, browser or agent, costs time and not the page: it is loaded again,
    unless `on_crash="raise"` says otherwise.

    Args:
        url: Of http or https.
        selector: Return the HTML of the first match instead of the document's.
        wait_for: Wait until this selector is visible.
        wait_until: "load", "domcontentloaded", "networkidle" or "commit".
        referer: Sent as the referring page.
        timeout: Seconds for the page; the client's default when None.
        queue_timeout: Seconds to wait for a free slot, on top of that.
        agent: The agent's name; it is started if it does not run.
        **session_options: As `create_session` takes them.

    Raises:
        BrowserNavigationError: No document arrived; `cause` says why.
        BrowserElementNotFoundError: A selector matched nothing in time.
        AgentStartError: No agent could be started.
        BadRequestError: An argument is not what it should be.
        CMDOPError: The agent could not be reached, or failed.
    """
    session_options.setdefault("on_crash", "restore")
    async with async_get_client_with_recovery(agent=agent) as client:
        return await client.browser.fetch(
            url,
            selector=selector,
            wait_for=wait_for,
            wait_until=wait_until,
            referer=referer,
            timeout=timeout,
            queue_timeout=queue_timeout,
            **session_options,
        )


class AsyncSupply:
    """The client of a function that is restarted: the caller's own, or one that is made here.

    Attributes:
        connecting: Whether `ready` is at work, so that its errors can be told from the
            function's.
    """

    def __init__(self, given: AsyncCMDOPClient | None, agent: str) -> None:
        self.connecting = False
        self._given = given is not None
        self._client = given
        self._agent = agent
        self._handed_out = False

    async def ready(self) -> AsyncCMDOPClient:
        """The client, connected; after the first time to whatever agent there is by now.

        It is the same object each time: what the function keeps of it stays valid.

        Raises:
            CMDOPError: No agent can be reached or started.
        """
        self.connecting = True
        if self._client is None:
            self._client = await async_get_client_with_recovery(agent=self._agent)
        elif self._handed_out:
            await _reconnect(self._client)
        self._handed_out = True
        self.connecting = False
        return self._client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None and not self._given:
            await self._client.__aexit__(kind, error, trace)


async def _reconnect(client: AsyncCMDOPClient) -> None:
    deadline = Deadline.after(RECOVERY_SECONDS)
    if client.mode == "local":
        await ensure_agent(client.agent_info.agent, Settings.load(), timeout=deadline.remaining())
    await client.reconnect(timeout=max(deadline.remaining(), 1.0))
