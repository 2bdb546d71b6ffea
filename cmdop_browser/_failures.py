"""The error of a call that failed: of what gRPC raised, and what is known here of call and agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc

from cmdop_browser import discovery
from cmdop_browser._acompat import ChannelClosed
from cmdop_browser._halt import AgentHalted
from cmdop_browser._origin import AgentOrigin
from cmdop_browser._silence import explain_silence, halted_error
from cmdop_browser._versions import unknown_to_agent
from cmdop_browser.agent_log import log_path
from cmdop_browser.exceptions import (
    CMDOPError,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    MethodNotFoundError,
    Outcome,
)
from cmdop_browser.wire.errors import from_rpc_error

if TYPE_CHECKING:
    from cmdop_browser._identity import CallHeader
    from cmdop_browser._methods import Method
    from cmdop_browser.models import AgentInfo
    from cmdop_browser.settings import Settings
    from cmdop_browser.wire.rendezvous import AgentPaths

# The status of a call whose connection broke under it, in an error that is not the agent's own.
_BROKEN: Final = grpc.StatusCode.UNAVAILABLE.name


class Link(Protocol):
    """What is known of a connection, of either flavour."""

    instance_id: str
    answered: bool
    is_broken: bool
    info: AgentInfo | None


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that failed.

    Attributes:
        link: The connection on which it was made.
        header: What went with it.
        method: What was called.
        operation: The call as the user knows it.
        timeout: Seconds that it was given.
    """

    link: Link
    header: CallHeader
    method: Method[Any, Any]
    operation: str
    timeout: float

    @property
    def ids(self) -> dict[str, Any]:
        """What names the call and its agent in an error."""
        return {
            "agent_id": self.link.instance_id,
            "request_id": self.header.request_id,
            # An error that names its key is one of an act, which must not be made again.
            "idempotency_key": self.header.idempotency_key if self.method.act else None,
        }


class Failures:
    """Makes the errors of the calls to one agent."""

    def __init__(self, agent: str, settings: Settings, paths: AgentPaths) -> None:
        self._agent = agent
        self._settings = settings
        self._paths = paths

    def error(
        self, exc: grpc.RpcError | ChannelClosed | AgentHalted, call: FailedCall, *, closed: bool
    ) -> CMDOPError:
        """The error to raise for *exc*; *closed* when the client was closed during the call."""
        if closed:
            return ConnectionError(
                f"this client was closed during {call.operation}", retryable=False, **call.ids
            )
        if isinstance(exc, ChannelClosed):
            return ConnectionLostError(
                f"the connection had broken, and was given up during {call.operation}",
                outcome=Outcome.UNKNOWN,
                **call.ids,
            )
        if isinstance(exc, AgentHalted):
            age = self._heartbeat_age(call.link)
            return halted_error(call.operation, sent=exc.sent, heartbeat_age=age, **call.ids)
        return self._of_grpc(exc, call)

    def _of_grpc(self, exc: grpc.RpcError, call: FailedCall) -> CMDOPError:
        link = call.link
        error = from_rpc_error(
            exc,
            operation=call.operation,
            timeout_seconds=call.timeout,
            answered_before=link.answered and not never_left(exc),
            **call.ids,
        )
        link.is_broken = error.details.get("grpc_status") == _BROKEN
        error.idempotency_key = error.idempotency_key if call.method.act else None
        if isinstance(error, MethodNotFoundError) and link.info is not None:
            error = unknown_to_agent(call.operation, link.info.version)
            error.request_id, error.agent_id = call.header.request_id, link.instance_id
        log = log_path(self._agent, self._settings)
        error.came_from(AgentOrigin.of(self._agent, self._paths, log, link.instance_id, link.info))
        if isinstance(error, ConnectionTimeoutError):
            error.tips = (explain_silence(self._heartbeat_age(link)),)
        return error

    def _heartbeat_age(self, link: Link) -> float | None:
        return discovery.heartbeat_age(self._paths, link.instance_id)


def broken(exc: grpc.RpcError) -> bool:
    """Whether the call failed because the connection did."""
    return bool(exc.code() is grpc.StatusCode.UNAVAILABLE)


def never_left(exc: grpc.RpcError) -> bool:
    """Whether the call failed before anything of it was sent, so that it cannot have run."""
    return broken(exc) and "failed to connect to all addresses" in (exc.details() or "")
