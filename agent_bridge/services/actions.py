"""ActionService: what changes the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import actions
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import BadRequestError
from cmdop_browser.wire.v1 import actions_pb2, actions_pb2_grpc, common_pb2

if TYPE_CHECKING:
    from agent_bridge.services.base import Context

_MAX_DELAY_SECONDS = 60.0


class ActionServicer(SessionServicer, actions_pb2_grpc.ActionServiceServicer):
    """Acts on elements."""

    async def Click(self, request: actions_pb2.ClickRequest, context: Context) -> common_pb2.PageState:
        """Click an element."""
        selector = decode.selector(request.selector)
        how = actions.Click(
            button=decode.button(request),
            count=request.count or 1,
            position=(request.position.x, request.position.y) if request.HasField("position") else None,
            modifiers=decode.modifiers(request),
            force=request.force,
        )
        async with self._turn(request.call, "click") as turn:
            await actions.click(turn.page, selector, how, turn.deadline)
            return encode.page_state(turn.session)

    async def Fill(self, request: actions_pb2.FillRequest, context: Context) -> common_pb2.PageState:
        """Set the value of a text field."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "fill") as turn:
            await actions.fill(turn.page, selector, request.value, turn.deadline)
            return encode.page_state(turn.session)

    async def Type(self, request: actions_pb2.TypeRequest, context: Context) -> common_pb2.PageState:
        """Type text key by key."""
        selector = decode.selector(request.selector)
        if not 0 <= request.delay_seconds <= _MAX_DELAY_SECONDS:
            raise BadRequestError(
                f"delay must be 0 to {_MAX_DELAY_SECONDS:g} seconds",
                field="delay",
                value=request.delay_seconds,
            )
        async with self._turn(request.call, "type") as turn:
            await actions.type_text(
                turn.page,
                selector,
                request.text,
                delay=request.delay_seconds,
                clear=request.clear,
                deadline=turn.deadline,
            )
            return encode.page_state(turn.session)

    async def Press(self, request: actions_pb2.PressRequest, context: Context) -> common_pb2.PageState:
        """Press a key."""
        selector = decode.selector(request.selector) if request.HasField("selector") else None
        async with self._turn(request.call, "press") as turn:
            await actions.press(turn.page, request.key, selector, turn.deadline)
            return encode.page_state(turn.session)

    async def Hover(self, request: actions_pb2.HoverRequest, context: Context) -> common_pb2.PageState:
        """Move the pointer over an element."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "hover") as turn:
            await actions.hover(turn.page, selector, turn.deadline)
            return encode.page_state(turn.session)

    async def SetChecked(
        self, request: actions_pb2.SetCheckedRequest, context: Context
    ) -> common_pb2.PageState:
        """Check or uncheck a box."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "check" if request.checked else "uncheck") as turn:
            await actions.set_checked(turn.page, selector, turn.deadline, checked=request.checked)
            return encode.page_state(turn.session)

    async def SelectOption(
        self, request: actions_pb2.SelectOptionRequest, context: Context
    ) -> actions_pb2.SelectOptionReply:
        """Select options of a list."""
        selector = decode.selector(request.selector)
        choice = decode.choice(request)
        async with self._turn(request.call, "select_option") as turn:
            selected = await actions.select_option(turn.page, selector, choice, turn.deadline)
            return actions_pb2.SelectOptionReply(
                selected=[encode.text(value) for value in selected],
                url=encode.text(turn.page.url),
                filled=turn.session.has_entries,
            )

    async def Upload(self, request: actions_pb2.UploadFilesRequest, context: Context) -> common_pb2.PageState:
        """Put files into a file input."""
        selector = decode.selector(request.selector)
        async with self._turn(request.call, "upload") as turn:
            files = self._transfers.files(turn.session.id, request.transfer_ids)
            await actions.upload(turn.page, selector, files, turn.deadline)
            return encode.page_state(turn.session)
