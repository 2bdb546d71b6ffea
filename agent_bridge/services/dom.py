"""DomService: reads of the document as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import reading
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire.v1 import common_pb2, dom_pb2, dom_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.services.base import Context


class DomServicer(SessionServicer, dom_pb2_grpc.DomServiceServicer):
    """Reads documents."""

    async def Html(self, request: dom_pb2.HtmlRequest, context: Context) -> dom_pb2.ContentReply:
        """Return the HTML of the document or of an element."""
        selector = decode.selector(request.selector) if request.HasField("selector") else None
        async with self._turn(request.call, "dom.html") as turn:
            return self._content(
                await reading.html(turn.page, selector, turn.deadline, shadow=request.shadow)
            )

    async def Text(self, request: dom_pb2.SelectorRequest, context: Context) -> dom_pb2.ContentReply:
        """Return the rendered text of the document or of an element."""
        selector = decode.selector(request.selector) if request.HasField("selector") else None
        async with self._turn(request.call, "dom.text") as turn:
            return self._content(await reading.text(turn.page, selector, turn.deadline))

    async def Select(self, request: dom_pb2.SelectorRequest, context: Context) -> dom_pb2.ContentReply:
        """Return all matching elements."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "dom.select") as turn:
            return self._content(await reading.select(turn.page, selector, turn.deadline))

    async def Attrs(self, request: dom_pb2.AttrsRequest, context: Context) -> dom_pb2.ContentReply:
        """Return an attribute of all matching elements."""
        selector = decode.selector(request.selector)
        if not request.name:
            raise BadRequestError("name must not be empty", field="name")
        async with self._turn(request.call, "dom.attrs") as turn:
            return self._content(await reading.attributes(turn.page, selector, request.name, turn.deadline))

    async def Count(self, request: dom_pb2.SelectorRequest, context: Context) -> dom_pb2.CountReply:
        """Return how many elements match."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "dom.count") as turn:
            return dom_pb2.CountReply(count=await reading.count(turn.page, selector, turn.deadline))

    async def Links(self, request: common_pb2.SessionCall, context: Context) -> dom_pb2.ContentReply:
        """Return the URLs that the document links to."""
        async with self._turn(request, "dom.links") as turn:
            return self._content(await reading.links(turn.page, turn.deadline))

    async def Table(self, request: dom_pb2.SelectorRequest, context: Context) -> dom_pb2.ContentReply:
        """Return the rows of a table."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "dom.table") as turn:
            return self._content(await reading.table(turn.page, selector, turn.deadline))

    def _content(self, content: str) -> dom_pb2.ContentReply:
        return dom_pb2.ContentReply(content=encode.payload(content, self._transfers))
