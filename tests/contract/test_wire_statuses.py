"""A status becomes an error of the tree, also when nothing else came with it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from cmdop_browser import exceptions
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BadRequestError,
    ConnectionLostError,
    ConnectionTimeoutError,
    InternalError,
    Outcome,
    from_rpc_error,
)
from cmdop_browser.wire.errors import (
    CLASS_OF_STATUS,
    DETAILS_KEY,
    GRPC_STATUS_OF,
    status_from_error,
)
from tests.contract.error_samples import ALL_CLASSES
from tests.contract.wire_calls import FailedCall, failed_with


def test_status_map_covers_the_tree() -> None:
    assert set(GRPC_STATUS_OF) == set(ALL_CLASSES)
    assert grpc.StatusCode.OK not in GRPC_STATUS_OF.values()


def test_class_map_covers_every_status() -> None:
    assert set(CLASS_OF_STATUS) == set(grpc.StatusCode)


DOCUMENTED = {
    "UNAUTHENTICATED": "InvalidAPIKeyError",
    "PERMISSION_DENIED": "PermissionDeniedError",
    "NOT_FOUND": "SessionNotFoundError",
    "UNAVAILABLE": "AgentOfflineError",
    "DEADLINE_EXCEEDED": "ConnectionTimeoutError",
    "RESOURCE_EXHAUSTED": "RateLimitError",
    "CANCELLED": "SessionInterruptedError",
    "UNIMPLEMENTED": "MethodNotFoundError",
    "INVALID_ARGUMENT": "BadRequestError",
    "OUT_OF_RANGE": "BadRequestError",
    "ALREADY_EXISTS": "ConflictError",
    "ABORTED": "ConflictError",
    "FAILED_PRECONDITION": "SessionError",
    "INTERNAL": "InternalError",
    "UNKNOWN": "InternalError",
    "DATA_LOSS": "InternalError",
    "OK": "InternalError",
}


@pytest.mark.parametrize("code", list(grpc.StatusCode), ids=lambda code: code.name)
def test_bare_status_becomes_the_documented_class(code: grpc.StatusCode) -> None:
    error = from_rpc_error(
        FailedCall(code, "said gRPC"), operation="click", timeout_seconds=3.0, request_id="r"
    )
    assert type(error).__name__ == DOCUMENTED[code.name]
    assert error.request_id == "r"
    assert error.details["grpc_status"] == code.name


def test_deadline_names_the_callers_own_timeout() -> None:
    call = FailedCall(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
    error = from_rpc_error(call, operation="navigate", timeout_seconds=5.0)
    assert isinstance(error, ConnectionTimeoutError)
    assert (error.timeout_seconds, error.operation) == (5.0, "navigate")
    assert error.message == "navigate got no answer within 5.0 s"
    assert error.retryable
    assert not from_rpc_error(call, operation="click", idempotency_key="k").retryable


def test_connection_that_had_answered_is_lost() -> None:
    call = FailedCall(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    assert type(from_rpc_error(call)) is AgentOfflineError
    lost = from_rpc_error(call, answered_before=True, idempotency_key="k")
    assert type(lost) is ConnectionLostError
    assert lost.outcome is Outcome.UNKNOWN
    assert not lost.retryable


@pytest.mark.parametrize(
    "text", ["Unexpected <class 'ValueError'>: s3cret", "Exception calling application: s3cret"]
)
def test_unhandled_exceptions_of_the_agent_stay_there(text: str) -> None:
    error = from_rpc_error(FailedCall(grpc.StatusCode.UNKNOWN, text))
    assert isinstance(error, InternalError)
    assert "s3cret" not in str(error.to_dict())


def test_too_large_messages_are_no_rate_limit() -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    sent = from_rpc_error(
        FailedCall(code, "CLIENT: Sent message larger than max (9 vs. 4)"), operation="fill"
    )
    assert isinstance(sent, BadRequestError)
    received = from_rpc_error(FailedCall(code, "CLIENT: Received message larger than max (9 vs. 4)"))
    assert isinstance(received, InternalError)
    assert not sent.retryable
    assert not received.retryable


def test_an_error_without_any_status() -> None:
    error = from_rpc_error(grpc.RpcError("odd"), operation="ping")
    assert isinstance(error, InternalError)
    assert "odd" in str(error)


@pytest.mark.parametrize(
    "trailer", [((DETAILS_KEY, b"\xff\xff\xff"),), ((DETAILS_KEY, b""),), (("other", "x"),), None]
)
def test_garbage_in_the_trailer_falls_back_to_the_status(trailer: Any) -> None:
    error = from_rpc_error(FailedCall(grpc.StatusCode.NOT_FOUND, "gone", trailer))
    assert type(error) is exceptions.SessionNotFoundError


def test_what_the_client_sent_fills_what_the_agent_left_out() -> None:
    call = failed_with(status_from_error(BadRequestError(request_id="theirs")))
    error = from_rpc_error(call, request_id="ours", idempotency_key="key", agent_id="agent")
    assert (error.request_id, error.idempotency_key, error.agent_id) == ("theirs", "key", "agent")
