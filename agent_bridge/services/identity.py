"""IdentityService: cookies and storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import identity
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.wire.v1 import common_pb2, identity_pb2, identity_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.services.base import Context


class IdentityServicer(SessionServicer, identity_pb2_grpc.IdentityServiceServicer):
    """Reads and writes what a site knows the session by."""

    async def GetCookies(
        self, request: identity_pb2.GetCookiesRequest, context: Context
    ) -> identity_pb2.GetCookiesReply:
        """Return cookies."""
        async with self._turn(request.call, "cookies") as turn:
            found = await identity.cookies(turn.page, request.urls, turn.deadline)
            return identity_pb2.GetCookiesReply(cookies=[encode.cookie(cookie) for cookie in found])

    async def SetCookies(
        self, request: identity_pb2.SetCookiesRequest, context: Context
    ) -> common_pb2.PageState:
        """Add cookies."""
        cookies = [decode.cookie(cookie) for cookie in request.cookies]
        async with self._turn(request.call, "set_cookies") as turn:
            await identity.set_cookies(turn.page, cookies, turn.deadline)
            return encode.page_state(turn.session)

    async def ClearCookies(self, request: common_pb2.SessionCall, context: Context) -> common_pb2.PageState:
        """Delete all cookies."""
        async with self._turn(request, "clear_cookies") as turn:
            await identity.clear_cookies(turn.page, turn.deadline)
            return encode.page_state(turn.session)

    async def GetStorageState(
        self, request: common_pb2.SessionCall, context: Context
    ) -> identity_pb2.StorageStateReply:
        """Return cookies and local storage."""
        async with self._turn(request, "storage_state") as turn:
            state = await identity.storage_state(turn.page, turn.deadline)
            return identity_pb2.StorageStateReply(state=encode.payload(state, self._transfers))
