"""What happens around every call: the token, the ids, the log line, the error's way out."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from agent_bridge.artifacts import Keeper, NotKept, keeper
from agent_bridge.calls import Call, current_call
from agent_bridge.idempotency import Executions
from agent_bridge.observation.calls import CallObserver
from cmdop_browser.exceptions import BrowserError, CMDOPError, InternalError, InvalidAPIKeyError
from cmdop_browser.wire.errors import is_cut, status_from_error
from cmdop_browser.wire.evidence import OFF, Retries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from agent_bridge.artifacts import Artifacts
    from agent_bridge.observation.calls import Observed

log = logging.getLogger(__name__)

_HEALTH_PREFIX = "/grpc.health."
# As long as the client lives: nobody waits for its end.
_LEASE = "/cmdop.browser.v1.AgentService/Attach"

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Checks the token, gives the call its identity, and lets out only errors of ours."""

    def __init__(
        self,
        token: str,
        agent_id: str,
        artifacts: Artifacts,
        *,
        pictures: bool = True,
        observer: CallObserver | None = None,
    ) -> None:
        """Make the interceptor of an agent.

        Args:
            token: What callers have to show.
            agent_id: Id of the instance.
            artifacts: Where what an error refers to is kept.
            pictures: Whether failures are pictured.
            observer: Who observes the calls.
        """
        self._token = token.encode()
        self._agent_id = agent_id
        self._artifacts = artifacts
        self._pictures = pictures
        self._executions = Executions()
        self._observer = observer or CallObserver()
        self._running = 0

    @property
    def running(self) -> int:
        """How many calls are under way, besides those that hold leases."""
        return self._running

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wrap the handler of one call."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        # Whoever watches the agent's health need not hold its token.
        if handler is None or method.startswith(_HEALTH_PREFIX):
            return handler
        call = Call.read(method, handler_call_details.invocation_metadata)
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self._unary(handler.unary_unary, call),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(handler.stream_unary, call, is_streamed=True),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return grpc.unary_stream_rpc_method_handler(
            self._stream(handler.unary_stream, call),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _unary(self, behaviour: Any, call: Call, *, is_streamed: bool = False) -> Any:
        async def serve(request: Any, context: Context) -> Any:
            self._begin(call)
            self._running += 1
            try:
                with self._observer.observe(call, request) as seen:
                    try:
                        self._authenticate(call)
                        reply = await self._executed(behaviour, call, request, context, streamed=is_streamed)
                    except Exception as exc:  # noqa: BLE001 -- the boundary: it becomes an error of ours
                        await self._abort(context, call, exc, seen)
                    else:
                        seen.replied(reply)
                        return reply
            finally:
                self._running -= 1

        return serve

    async def _executed(
        self, behaviour: Any, call: Call, request: Any, context: Context, *, streamed: bool
    ) -> Any:
        """What the call comes to; one with a key is executed once."""
        if not call.idempotency_key:
            return await behaviour(request, context)

        async def execute(arriving: Any) -> Any:
            try:
                return await behaviour(arriving, context)
            except Exception as exc:
                # What is remembered of it has no traceback to be logged any more.
                error = self._ours(call, exc)
                if error is exc:
                    raise
                raise error from exc

        if streamed:
            return await self._executions.run_stream(call, request, execute)
        return await self._executions.run(call, request, lambda: execute(request))

    def _stream(self, behaviour: Any, call: Call) -> Any:
        async def serve(request: Any, context: Context) -> AsyncIterator[Any]:
            self._begin(call)
            counted = 0 if call.method == _LEASE else 1
            self._running += counted
            try:
                with self._observer.observe(call, request) as seen:
                    try:
                        self._authenticate(call)
                        async for reply in behaviour(request, context):
                            yield reply
                    except Exception as exc:  # noqa: BLE001 -- the boundary: it becomes an error of ours
                        await self._abort(context, call, exc, seen)
                    else:
                        seen.replied(None)
            finally:
                self._running -= counted

        return serve

    def _begin(self, call: Call) -> None:
        current_call.set(call)
        wanted = self._pictures and call.evidence != OFF
        keeper.set(Keeper(self._artifacts, Retries.decode(call.evidence)) if wanted else None)

    def _authenticate(self, call: Call) -> None:
        if not hmac.compare_digest(call.token.encode(), self._token):
            raise InvalidAPIKeyError(
                "the call does not carry this agent's token", tips=("connect anew: CMDOPClient.local()",)
            )

    async def _abort(self, context: Context, call: Call, exc: Exception, seen: Observed) -> None:
        error = self._ours(call, exc)
        seen.failed(error)
        status = await self._status(error)
        await context.abort(status.code, status.details or "", status.trailing_metadata or ())

    async def _status(self, error: CMDOPError) -> grpc.Status:
        """The status of *error*; what does not fit in it is kept for the client to fetch."""
        if isinstance(error, BrowserError) and is_cut(error):
            whole = json.dumps(error.to_dict()).encode()
            record = await self._artifacts.keep(whole, "application/json")
            if isinstance(record, NotKept):
                error.evidence = error.evidence.without("record", record.why)
            else:
                error.evidence = replace(error.evidence, record=record)
        return status_from_error(error)

    def _ours(self, call: Call, exc: Exception) -> CMDOPError:
        if not isinstance(exc, CMDOPError):
            # The text may hold anything; it stays in the log, where the id finds it.
            incident_id = secrets.token_hex(6)
            log.error("incident %s in %s", incident_id, call.method, exc_info=exc)
            exc = InternalError(f"the agent failed (incident {incident_id})", incident_id=incident_id)
        exc.request_id = exc.request_id or call.request_id or None
        exc.idempotency_key = exc.idempotency_key or call.idempotency_key or None
        exc.agent_id = exc.agent_id or self._agent_id
        return exc
