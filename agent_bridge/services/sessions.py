"""SessionService: sessions come, are looked at, and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_bridge.browser import navigation
from agent_bridge.browser.known_secrets import KnownSecrets
from agent_bridge.calls import current_call
from agent_bridge.creations import Creations
from agent_bridge.services import decode, encode
from agent_bridge.services.base import SessionServicer
from cmdop_browser.exceptions import BadRequestError, CloseReason, CMDOPError
from cmdop_browser.wire.v1 import common_pb2, sessions_pb2, sessions_pb2_grpc

if TYPE_CHECKING:
    from agent_bridge.pool.leases import Leases
    from agent_bridge.pool.pool import Pool
    from agent_bridge.pool.session import Session
    from agent_bridge.services.base import Context
    from agent_bridge.transfers import Transfers


class SessionsServicer(SessionServicer, sessions_pb2_grpc.SessionServiceServicer):
    """Opens and closes sessions."""

    def __init__(self, pool: Pool, transfers: Transfers, leases: Leases) -> None:
        super().__init__(pool, transfers)
        self._leases = leases
        self._creations = Creations()

    async def Create(
        self, request: sessions_pb2.CreateSessionRequest, context: Context
    ) -> sessions_pb2.SessionInfo:
        """Open a session, or one that goes on where a session of an earlier instance ended."""
        if not request.queue_timeout_seconds >= 0:
            raise BadRequestError("queue_timeout must not be negative", field="queue_timeout")
        options = decode.context_options(request.options)
        call = current_call.get()
        try:
            with self._creations.under_way((call.client_id, call.idempotency_key)) as made:
                session = await self._pool.create(
                    call.client_id,
                    decode.session_spec(request.options),
                    options,
                    queue_timeout=request.queue_timeout_seconds,
                    timeout=decode.positive(request.timeout_seconds, "timeout"),
                    lost=decode.lost_session(request),
                )
                made(session.id)
        except CMDOPError as exc:
            exc.mask(KnownSecrets(options).values())
            raise
        return self._info(session)

    async def Get(
        self, request: sessions_pb2.GetSessionRequest, context: Context
    ) -> sessions_pb2.SessionInfo:
        """Find a session by id or name."""
        return self._info(self._pool.find(request.id_or_name))

    async def List(
        self, request: sessions_pb2.ListSessionsRequest, context: Context
    ) -> sessions_pb2.ListSessionsReply:
        """Return all open sessions, the oldest first."""
        return sessions_pb2.ListSessionsReply(
            sessions=[self._info(session) for session in self._pool.sessions()]
        )

    async def Info(self, request: common_pb2.SessionCall, context: Context) -> sessions_pb2.SessionInfo:
        """Return what can be told of a session, its page's title included."""
        async with self._turn(request, "info") as turn:
            return self._info(turn.session, await navigation.title_of(turn.page, turn.deadline))

    async def Close(
        self, request: sessions_pb2.CloseSessionRequest, context: Context
    ) -> sessions_pb2.CloseSessionReply:
        """Close a session; what is closed stays closed."""
        session_id = request.session_id
        if request.creation_key:
            client_id = current_call.get().client_id
            session_id = await self._creations.given_up((client_id, request.creation_key))
        was_open = await self._pool.close(session_id, CloseReason.CLOSED_BY_CALLER)
        return sessions_pb2.CloseSessionReply(was_open=was_open)

    def _info(self, session: Session, title: str = "") -> sessions_pb2.SessionInfo:
        return encode.session(session, owned=self._leases.holds(session.owner), title=title)
