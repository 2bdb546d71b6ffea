"""Errors cross the wire whole, whatever their class and size."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdop_browser import exceptions
from cmdop_browser.exceptions import (
    AgentBusyError,
    AgentOfflineError,
    Artifact,
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserNavigationError,
    Candidate,
    CMDOPError,
    ConnectionLostError,
    ConnectionTimeoutError,
    Evidence,
    ExecutionError,
    InternalError,
    NavigationCause,
    from_rpc_error,
)
from cmdop_browser.wire.errors import (
    CLASS_OF_STATUS,
    DETAILS_KEY,
    GRPC_STATUS_OF,
    MAX_TRAILER_BYTES,
    status_code,
    status_from_error,
)
from cmdop_browser.wire.v1.errors_pb2 import ErrorDetail
from tests.contract.error_samples import ALL_CLASSES, full_sample
from tests.contract.test_error_tree import assert_equal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

each_class = pytest.mark.parametrize("cls", ALL_CLASSES, ids=lambda cls: cls.__name__)


class FailedCall(grpc.RpcError):
    """A call that ended with a status, as both flavours of gRPC show it."""

    def __init__(self, code: grpc.StatusCode, details: str = "", trailer: Any = ()) -> None:
        super().__init__(details)
        self._state = (code, details, trailer)

    def code(self) -> grpc.StatusCode:
        return self._state[0]

    def details(self) -> str:
        return self._state[1]

    def trailing_metadata(self) -> Any:
        return self._state[2]


def failed_with(status: Any) -> FailedCall:
    return FailedCall(status.code, status.details, status.trailing_metadata)


def detail_in(status: Any) -> ErrorDetail:
    detail = ErrorDetail()
    parts = status_pb2.Status.FromString(dict(status.trailing_metadata)[DETAILS_KEY]).details
    assert any(part.Unpack(detail) for part in parts)
    return detail


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


@each_class
def test_survives_the_wire(cls: type[CMDOPError]) -> None:
    for error in (full_sample(cls), cls(), cls("just a message")):
        status = status_from_error(error)
        assert status.code is GRPC_STATUS_OF[cls]
        received = from_rpc_error(failed_with(status))
        assert_equal(received, error)
        assert not detail_in(status).truncated


@each_class
def test_other_grpc_tools_can_read_it(cls: type[CMDOPError]) -> None:
    rich = rpc_status.from_call(failed_with(status_from_error(full_sample(cls))))
    info = error_details_pb2.ErrorInfo()
    assert any(part.Unpack(info) for part in rich.details)
    assert info.reason == cls.code


def test_wait_is_also_told_as_retry_info() -> None:
    status = status_from_error(AgentBusyError(retry_after_seconds=1.5))
    retry = error_details_pb2.RetryInfo()
    parts = status_pb2.Status.FromString(dict(status.trailing_metadata)[DETAILS_KEY]).details
    assert any(part.Unpack(retry) for part in parts)
    assert retry.retry_delay.ToMilliseconds() == 1500


def test_error_info_alone_is_enough_for_the_class() -> None:
    rich = status_pb2.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="full")
    rich.details.add().Pack(error_details_pb2.ErrorInfo(reason="AGENT_BUSY"))
    rich.details.add().Pack(error_details_pb2.RetryInfo(retry_delay={"seconds": 2}))
    error = from_rpc_error(failed_with(rpc_status.to_status(rich)))
    assert isinstance(error, AgentBusyError)
    assert error.retry_after_seconds == 2.0
    assert error.retryable


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(
    message=st.text(),
    details=st.dictionaries(st.text(), JSON_VALUES, max_size=6),
    value=JSON_VALUES,
    tips=st.lists(st.text(), max_size=4),
)
@settings(max_examples=80, deadline=None)
def test_any_text_and_value_arrives(
    message: str, details: dict[str, Any], value: Any, tips: list[str]
) -> None:
    error = BadRequestError(message, field="arg", value=value, details=details, tips=tuple(tips))
    status = status_from_error(error)
    assert wire_bytes(status) < MAX_TRAILER_BYTES
    received = from_rpc_error(failed_with(status))
    if not detail_in(status).truncated:
        assert_equal(received, error)


HOSTILE = ["x", "ü", "\N{ROCKET}", "\x00", '"', "\\", "\n"]


@pytest.mark.parametrize("unit", HOSTILE)
@each_class
def test_trailer_stays_under_4_kb(cls: type[CMDOPError], unit: str) -> None:
    error = full_sample(cls)
    blob = unit * 5_000
    error.message = blob
    error.tips = (blob,) * 20
    error.details = {blob[:500]: blob, "list": [blob] * 10} | {f"{unit}{n}": blob for n in range(20)}
    error.request_id = error.agent_id = error.idempotency_key = blob
    for name, value in error.fields().items():
        if isinstance(value, str) and not hasattr(value, "name"):
            setattr(error, name, blob)
    if hasattr(error, "evidence"):
        error.evidence = Evidence(
            call_log=(blob,) * 9, console=(blob,) * 9, failed_requests=(blob,) * 9, html=Artifact(blob)
        )
    if isinstance(error, BrowserElementNotFoundError):
        error.candidates = (Candidate(blob, 3, 1.0, blob),) * 5
    status = status_from_error(error)
    assert wire_bytes(status) < MAX_TRAILER_BYTES
    assert detail_in(status).truncated
    received = from_rpc_error(failed_with(status))
    assert type(received) is cls
    assert received.retryable is error.retryable
    assert received.details["truncated"] is True
    for name in ("cause", "outcome", "timeout_seconds", "limit", "exit_code"):
        assert getattr(received, name, None) == getattr(error, name, None)


def wire_bytes(status: Any) -> int:
    """The trailer in bytes, as HTTP/2 counts a header list."""
    encoded = [(key, -(-len(value) * 4 // 3)) for key, value in status.trailing_metadata]
    escaped = len(re.sub(r"[^ -$&-~]", "%XX", status.details.encode().decode("latin-1")))
    return sum(
        len(key) + size + 32 for key, size in [*encoded, ("grpc-message", escaped), ("grpc-status", 2)]
    )


def test_cutting_keeps_what_matters_longest() -> None:
    error = BrowserElementNotFoundError(
        "click '#buy' failed",
        cause="TYPO",  # type: ignore[arg-type]
        selector="#buy",
        tips=("did you mean '#buy-now'?",),
        candidates=(Candidate("#buy-now", 1, 0.9, "id"),),
        evidence=Evidence(
            call_log=tuple(f"line {n} {'x' * 100}" for n in range(100)), screenshot=Artifact("a-1")
        ),
    )
    received = from_rpc_error(failed_with(status_from_error(error)))
    assert isinstance(received, BrowserElementNotFoundError)
    assert (received.cause, received.selector, received.tips) == (error.cause, error.selector, error.tips)
    assert received.candidates == error.candidates
    assert received.evidence.screenshot == Artifact("a-1")
    assert len(received.evidence.call_log) == 3
    assert received.evidence.call_log[-1].startswith("line 99")


def test_output_is_kept_from_its_end() -> None:
    error = ExecutionError(stderr="".join(f"line {n}\n" for n in range(10_000)))
    received = from_rpc_error(failed_with(status_from_error(error)))
    assert isinstance(received, ExecutionError)
    assert received.stderr is not None
    assert received.stderr.endswith("line 9999\n")


def test_subclass_travels_as_its_class() -> None:
    class SpecialError(BadRequestError):
        pass

    assert status_code(SpecialError) is grpc.StatusCode.INVALID_ARGUMENT
    assert (
        type(from_rpc_error(failed_with(status_from_error(SpecialError("m", field="x"))))) is BadRequestError
    )


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


SECRET = "hunter2-9f8e7d6c"
PLANTED_MESSAGE = f"navigate failed: net::ERR_PROXY http://u:{SECRET}@proxy.test"
PLANTED_DETAILS = {
    "password": SECRET,
    "headers": {"Authorization": f"Bearer {SECRET}"},
    "log": [f"token={SECRET}"],
}


@each_class
def test_planted_secrets_do_not_show(cls: type[CMDOPError]) -> None:
    blank = cls()
    arguments: dict[str, Any] = {
        name: f"Cookie: sid={SECRET}"
        for name, value in blank.fields().items()
        if isinstance(value, str | None)
    }
    for name in ("cause", "outcome", "reason", "expired_at", "last_seen", "retry_after_seconds"):
        arguments.pop(name, None)
    if hasattr(blank, "evidence"):
        arguments["evidence"] = {
            "call_log": [f"Authorization: Basic {SECRET}"],
            "console": [f"api_key={SECRET}"],
            "page": {"url": f"http://u:{SECRET}@h.test/"},
        }
    error = cls(PLANTED_MESSAGE, details=PLANTED_DETAILS, tips=(PLANTED_MESSAGE,), **arguments)
    status = status_from_error(error)
    shown = [
        str(error),
        repr(error),
        error.error_detail,
        error.user_message(),
        error.to_dict(),
        error.__dict__,
    ]
    assert SECRET not in repr(shown)
    assert SECRET not in status.details
    assert SECRET.encode() not in status.trailing_metadata[0][1]


@pytest.mark.parametrize("field", ["password", "api_key", "headers.Authorization"])
def test_bad_request_hides_the_value_of_a_secret_argument(field: str) -> None:
    error = BadRequestError(field=field.rpartition(".")[2], value=SECRET)
    assert SECRET not in repr(error.to_dict())


class Raising(grpc.GenericRpcHandler):
    """Answers every call with the error whose code is the method's name."""

    def service(self, call: Any) -> Any:
        error = full_sample(exceptions.ERROR_CLASSES[call.method.rpartition("/")[2]])

        def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
            context.abort_with_status(status_from_error(error))
            raise AssertionError

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture(scope="module")
def raising_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("s") / "s"
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[Raising()])
        server.add_insecure_port(f"unix:{path}")
        server.start()
        yield f"unix:{path}"
        server.stop(None).wait()


@pytest.fixture(scope="module")
async def channel(raising_server: str) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(raising_server) as opened:
        yield opened


def call_that_fails(channel: Any, cls: type[CMDOPError]) -> Any:
    return channel.unary_unary(f"/t/{cls.code}")


@each_class
def test_survives_a_real_blocking_call(cls: type[CMDOPError], raising_server: str) -> None:
    with grpc.insecure_channel(raising_server) as opened, pytest.raises(grpc.RpcError) as caught:
        call_that_fails(opened, cls)(b"", timeout=10)
    assert_equal(from_rpc_error(caught.value), full_sample(cls))


@each_class
async def test_survives_a_real_asyncio_call(cls: type[CMDOPError], channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call_that_fails(channel, cls)(b"", timeout=10)
    assert_equal(from_rpc_error(caught.value), full_sample(cls))


def test_navigation_status_follows_the_cause() -> None:
    error = BrowserNavigationError(cause=NavigationCause.INVALID_URL)
    received = from_rpc_error(failed_with(status_from_error(error)))
    assert received.http_status == error.http_status == 400
