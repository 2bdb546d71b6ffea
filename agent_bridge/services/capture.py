"""CaptureService: pictures and prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import capture
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire.v1 import capture_pb2, capture_pb2_grpc, common_pb2

if TYPE_CHECKING:
    from agent_bridge.services.base import Context


class CaptureServicer(SessionServicer, capture_pb2_grpc.CaptureServiceServicer):
    """Takes pictures."""

    async def Screenshot(
        self, request: capture_pb2.ScreenshotRequest, context: Context
    ) -> capture_pb2.CaptureReply:
        """Take a picture of the viewport, the page or an element."""
        selector = decode.selector(request.selector) if request.HasField("selector") else None
        if selector is not None and request.full_page:
            raise BadRequestError("screenshot takes a selector or full_page, not both", field="full_page")
        image_format = decode.choose(decode.IMAGE_FORMAT, request.format, "format")
        async with self._turn(request.call, "screenshot") as turn:
            image = await capture.screenshot(
                turn.page,
                selector,
                full_page=request.full_page,
                image_format=image_format,
                deadline=turn.deadline,
            )
            return capture_pb2.CaptureReply(content=encode.payload(image, self._transfers))

    async def Pdf(self, request: common_pb2.SessionCall, context: Context) -> capture_pb2.CaptureReply:
        """Print the page."""
        async with self._turn(request, "pdf") as turn:
            document = await capture.pdf(turn.page, turn.deadline)
            return capture_pb2.CaptureReply(content=encode.payload(document, self._transfers))
