"""The browser of an agent: its sessions, and pages in one call."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Unpack

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import async_opening
from cmdop_browser._async import transfers
from cmdop_browser._async.creation import AsyncCreation
from cmdop_browser._async.session import AsyncBrowserSession
from cmdop_browser._async.succession import connect_to_successor, moved
from cmdop_browser._convert import checks, replies, requests
from cmdop_browser._convert.options import session_options
from cmdop_browser._deadline import Deadline
from cmdop_browser._replay import MAX_REPLAYS, InstanceGoneError, ends_a_fetch
from cmdop_browser._versions import unknown_to_agent
from cmdop_browser.exceptions import (
    AgentOfflineError,
    CMDOPError,
    ConnectionLostError,
    ConnectionTimeoutError,
    Outcome,
    SessionNotFoundError,
)
from cmdop_browser.wire.v1 import sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from typing import Any

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser.models import (
        BlockedKind,
        OnCrash,
        PageResult,
        Proxy,
        SessionInfo,
        SessionOptions,
        WaitUntil,
    )
    from cmdop_browser.wire.v1 import navigation_pb2

_RESTORE = "restore"
# What ends a call without a word of the agent's.
_SILENT = (ConnectionLostError, ConnectionTimeoutError)


class AsyncBrowser:
    """Sessions of the agent's browser; `client.browser`.

    Example:
        async with AsyncCMDOPClient.local(start=True) as client:
            async with client.browser.create_session(block=("image",)) as session:
                page = await session.navigate("https://shop.test/")
                print(page.status, page.title)
    """

    def __init__(self, rpc: AsyncRpc, mode: str) -> None:
        self._rpc = rpc
        self._mode = mode

    @async_opening
    async def create_session(
        self,
        *,
        name: str | None = None,
        viewport: tuple[int, int] = (1280, 720),
        locale: str | None = None,
        timezone: str | None = None,
        user_agent: str | None = None,
        headers: Mapping[str, str] | None = None,
        proxy: Proxy | str | Mapping[str, Any] | None = None,
        storage_state: Mapping[str, Any] | str | PathLike[str] | None = None,
        block: Iterable[BlockedKind] = (),
        javascript: bool = True,
        ignore_https_errors: bool = False,
        on_crash: OnCrash = "raise",
        idle_timeout: float = 300.0,
        timeout: float | None = 30.0,
        queue_timeout: float = 60.0,
    ) -> AsyncBrowserSession:
        """Make a session, waiting for a free slot if there is none.

        Args:
            name: By which other clients can get it too; unique among those that are open.
            viewport: Width and height in CSS pixels.
            locale: Such as "de-DE".
            timezone: Such as "Europe/Berlin".
            user_agent: In place of the browser's own.
            headers: Sent with each request.
            proxy: A URL, a `Proxy` or a mapping with its fields.
            storage_state: What another session's `storage_state` gave, or a file of it.
            block: What not to load: "image", "font", "media", "stylesheet", "ads".
            javascript: Whether pages run scripts.
            ignore_https_errors: Accept certificates that cannot be verified.
            on_crash: "raise", or "restore" to go on in a rebuilt session after its page, its
                browser or its agent died: with its cookies, local storage and page, and with
                what cannot be restored told by `info()`. Reads are made again; so are acts
                that certainly did not run, while others raise `SessionInterruptedError`.
            idle_timeout: Seconds without a call after which the agent closes it.
            timeout: Seconds that making it may take, and each of its calls that names no
                timeout of its own; the client's default when None.
            queue_timeout: Seconds to wait for a free slot, on top of that.

        Raises:
            AgentBusyError: No slot became free in time.
            SessionExistsError: There is a session of that name.
            FeatureNotAvailableError: The agent cannot restore sessions.
            BadRequestError: An option is not what it should be.
            CMDOPError: The agent could not be reached, or failed.
        """
        seconds = checks.timeout(timeout, self._rpc.default_timeout)
        queue_seconds = checks.seconds("queue_timeout", queue_timeout, zero=True)
        options = session_options(
            name=name,
            viewport=viewport,
            locale=locale,
            timezone=timezone,
            user_agent=user_agent,
            headers=headers,
            proxy=proxy,
            storage_state=storage_state,
            block=block,
            javascript=javascript,
            ignore_https_errors=ignore_https_errors,
            on_crash=on_crash,
            idle_timeout=idle_timeout,
            timeout=seconds,
        )
        self._require_possible(options)
        deadline = Deadline.after(seconds + queue_seconds)
        while True:
            instance_id = self._rpc.info.instance_id
            try:
                return await self._create(options, queue_seconds, seconds, instance_id)
            except InstanceGoneError:
                pass  # another thread has connected this client to another agent meanwhile
            except (AgentOfflineError, ConnectionLostError) as exc:
                if not await moved(self._rpc, exc, deadline):
                    raise
            seconds, queue_seconds = _shared(deadline, seconds)

    @async_opening
    async def get_session(self, id_or_name: str, *, timeout: float | None = None) -> AsyncBrowserSession:
        """A session that is open already, made by this client or another one.

        Leaving it as a context manager, or closing it, ends it for all who use it.

        Args:
            id_or_name: Its id, or the name that it was given.
            timeout: Seconds for the whole call; the client's default when None.

        Raises:
            SessionNotFoundError: There is none.
            BadRequestError: An argument is not what it should be.
            CMDOPError: The agent could not be reached, or failed.
        """
        request = sessions_pb2.GetSessionRequest(id_or_name=checks.filled("id_or_name", id_or_name))
        seconds = checks.timeout(timeout, self._rpc.default_timeout)
        while True:
            instance_id = self._rpc.info.instance_id
            try:
                return await self._get(request, seconds, instance_id)
            except InstanceGoneError:
                pass  # another thread has connected this client to another agent meanwhile
            except SessionNotFoundError:
                # It may be in an agent that drains.
                for elder in self._rpc.instances:
                    if elder != instance_id:
                        with contextlib.suppress(CMDOPError, InstanceGoneError):
                            return await self._get(request, seconds, elder)
                raise

    async def list_sessions(self, *, timeout: float | None = None) -> list[SessionInfo]:
        """All sessions that are open in the agent.

        Args:
            timeout: Seconds for the whole call; the client's default when None.

        Raises:
            BadRequestError: *timeout* is not what it should be.
            CMDOPError: The agent could not be reached, or failed.
        """
        seconds = checks.timeout(timeout, self._rpc.default_timeout)
        reply = await self._rpc.call(
            methods.LIST, sessions_pb2.ListSessionsRequest(), timeout=seconds, operation="list_sessions"
        )
        return [replies.session_info(info) for info in reply.sessions]

    async def fetch(
        self,
        url: str,
        *,
        selector: str | None = None,
        wait_for: str | None = None,
        wait_until: WaitUntil = "load",
        referer: str | None = None,
        timeout: float | None = None,
        queue_timeout: float = 60.0,
        **options: Unpack[SessionOptions],
    ) -> PageResult:
        """Load one page in a session of its own and return its HTML, in one round trip.

        Args:
            url: Of http or https.
            selector: Return the HTML of the first match instead of the document's.
            wait_for: Wait until this selector is visible.
            wait_until: "load", "domcontentloaded", "networkidle" or "commit".
            referer: Sent as the referring page.
            timeout: Seconds for all of it; the client's default when None.
            queue_timeout: Seconds to wait for a free slot, on top of that.
            **options: As `create_session` takes them.

        Raises:
            BrowserNavigationError: No document arrived; `cause` says why.
            BrowserElementNotFoundError: A selector matched nothing in time.
            AgentBusyError: No slot became free in time.
            BadRequestError: An argument is not what it should be.
            CMDOPError: The agent could not be reached, or failed.
        """
        for name in options.keys() - (session_options.__kwdefaults__ or {}).keys():
            raise TypeError(f"fetch() got an unexpected keyword argument {name!r}")
        seconds = checks.timeout(timeout, self._rpc.default_timeout)
        queue_seconds = checks.seconds("queue_timeout", queue_timeout, zero=True)
        request = requests.fetch(
            session_options(**options, timeout=seconds),
            url,
            wait_until=wait_until,
            referer=referer,
            wait_for=wait_for,
            selector=selector,
            queue_timeout=queue_seconds,
            timeout=seconds,
        )
        self._require_possible(request.options)
        deadline = Deadline.after(seconds + queue_seconds)
        replays = MAX_REPLAYS if request.options.on_crash == sessions_pb2.ON_CRASH_RESTORE else 0
        while True:
            instance_id = self._rpc.info.instance_id
            try:
                reply = await self._rpc.call(
                    methods.FETCH,
                    request,
                    timeout=seconds + queue_seconds,
                    operation="fetch",
                    instance_id=instance_id,
                )
                return await self._fetched(reply, instance_id, deadline)
            except InstanceGoneError:
                pass  # another thread has connected this client to another agent meanwhile
            except CMDOPError as exc:
                is_gone = isinstance(exc, AgentOfflineError | ConnectionLostError)
                if not is_gone or not await moved(self._rpc, exc, deadline):
                    if not replays or not ends_a_fetch(exc) or not deadline.remaining():
                        raise
                    # It changed nothing, so it may be made again, by another agent if need be.
                    replays -= 1
                    await connect_to_successor(self._rpc, deadline)
            seconds, queue_seconds = _shared(deadline, seconds)
            request.timeout_seconds, request.queue_timeout_seconds = seconds, queue_seconds

    async def _create(
        self,
        options: sessions_pb2.SessionOptions,
        queue_seconds: float,
        seconds: float,
        instance_id: str,
    ) -> AsyncBrowserSession:
        """Make a session in an instance.

        Raises:
            InstanceGoneError: Another one is connected.
            CMDOPError: Whatever else went wrong.
        """
        creation = AsyncCreation(self._rpc, instance_id)
        request = requests.create_session(options, queue_seconds, seconds)
        try:
            reply = await creation.made(request, timeout=seconds + queue_seconds)
            return AsyncBrowserSession(self._rpc, replies.session_info(reply), instance_id, options)
        except BaseException as exc:
            # Cancelled, interrupted, or out of time: the agent may have made it all the same.
            if not isinstance(exc, Exception) or isinstance(exc, _SILENT):
                creation.take_back()
            raise

    async def _get(
        self, request: sessions_pb2.GetSessionRequest, seconds: float, instance_id: str
    ) -> AsyncBrowserSession:
        reply = await self._rpc.call(
            methods.GET, request, timeout=seconds, operation="get_session", instance_id=instance_id
        )
        return AsyncBrowserSession(self._rpc, replies.session_info(reply), instance_id)

    async def _fetched(
        self, reply: navigation_pb2.FetchReply, instance_id: str, deadline: Deadline
    ) -> PageResult:
        try:
            html = await transfers.read_payload(self._rpc, reply.html, deadline, "fetch", instance_id)
        except InstanceGoneError as exc:
            raise ConnectionLostError(
                "the reply of fetch is lost with its agent", outcome=Outcome.EXECUTED
            ) from exc
        return replies.page_result(reply.navigation, html)

    def _require_possible(self, options: sessions_pb2.SessionOptions) -> None:
        restore = options.on_crash == sessions_pb2.ON_CRASH_RESTORE
        if restore and _RESTORE not in self._rpc.info.capabilities:
            raise unknown_to_agent("on_crash='restore'", self._rpc.info.version, mode=self._mode)


def _shared(deadline: Deadline, seconds: float) -> tuple[float, float]:
    """What is left of a deadline: for the work, as it was given, and for the queue before it."""
    left = max(deadline.remaining(), checks.MIN_SECONDS)
    work = min(seconds, left)
    return work, left - work
