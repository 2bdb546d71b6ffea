"""NavigationService: documents, and the whole of a scrape in one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent_bridge.browser import navigation, reading, waits
from agent_bridge.calls import current_call
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import CloseReason
from cmdop_browser.wire.v1 import common_pb2, navigation_pb2, navigation_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.pool.session import Session
    from agent_bridge.services.base import Context


class NavigationServicer(SessionServicer, navigation_pb2_grpc.NavigationServiceServicer):
    """Loads documents."""

    async def Navigate(
        self, request: navigation_pb2.NavigateRequest, context: Context
    ) -> navigation_pb2.NavigationReply:
        """Load a URL."""
        wait_until = decode.choose(decode.WAIT_UNTIL, request.wait_until, "wait_until")
        referer = request.referer if request.HasField("referer") else None
        async with self._turn(request.call, "navigate") as turn:
            loaded = await navigation.navigate(
                turn.page, request.url, wait_until=wait_until, referer=referer, deadline=turn.deadline
            )
            return encode.navigation(loaded, filled=turn.session.has_entries)

    async def Traverse(
        self, request: navigation_pb2.TraverseRequest, context: Context
    ) -> navigation_pb2.NavigationReply:
        """Go back or forward, or load anew."""
        direction = decode.choose(decode.DIRECTION, request.direction, "direction")
        wait_until = decode.choose(decode.WAIT_UNTIL, request.wait_until, "wait_until")
        async with self._turn(request.call, direction) as turn:
            loaded = await navigation.traverse(
                turn.page, direction, wait_until=wait_until, deadline=turn.deadline
            )
            return encode.navigation(loaded, filled=turn.session.has_entries)

    async def Location(self, request: common_pb2.SessionCall, context: Context) -> common_pb2.PageState:
        """Tell where the page is."""
        async with self._turn(request, "url") as turn:
            return encode.page_state(turn.session)

    async def Title(self, request: common_pb2.SessionCall, context: Context) -> navigation_pb2.TitleReply:
        """Tell the document's title."""
        async with self._turn(request, "title") as turn:
            title = await reading.title(turn.page, turn.deadline)
            return navigation_pb2.TitleReply(title=encode.text(title))

    async def Fetch(
        self, request: navigation_pb2.FetchRequest, context: Context
    ) -> navigation_pb2.FetchReply:
        """Open a session, load a page, read it, close the session."""
        session = await self._pool.create(
            current_call.get().client_id,
            # Its client makes the whole call again: there is no session to go on with.
            replace(decode.session_spec(request.options), restore=False),
            decode.context_options(request.options),
            queue_timeout=request.queue_timeout_seconds,
            timeout=decode.positive(request.timeout_seconds, "timeout"),
        )
        try:
            return await self._fetch(session, request)
        finally:
            self._pool.close_soon(session.id, CloseReason.CLOSED_BY_CALLER)

    async def _fetch(
        self, session: Session, request: navigation_pb2.FetchRequest
    ) -> navigation_pb2.FetchReply:
        wait_until = decode.choose(decode.WAIT_UNTIL, request.wait_until, "wait_until")
        selector = decode.selector(request.selector) if request.HasField("selector") else None
        wait_for = decode.selector(request.wait_for, "wait_for") if request.HasField("wait_for") else None
        call = common_pb2.SessionCall(
            session=common_pb2.SessionRef(session_id=session.id, epoch=session.epoch),
            timeout_seconds=request.timeout_seconds,
        )
        async with self._turn(call, "fetch") as turn:
            page, deadline = turn.page, turn.deadline
            referer = request.referer if request.HasField("referer") else None
            loaded = await navigation.navigate(
                page, request.url, wait_until=wait_until, referer=referer, deadline=deadline
            )
            if wait_for is not None:
                await waits.for_selector(page, wait_for, "visible", deadline)
            html = await reading.html(page, selector, deadline, shadow=False)
            return navigation_pb2.FetchReply(
                navigation=encode.navigation(loaded), html=encode.payload(html, self._transfers)
            )
