"""Errors cross the wire whole, whatever their class."""

from __future__ import annotations

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
    BadRequestError,
    BrowserNavigationError,
    CMDOPError,
    NavigationCause,
    from_rpc_error,
)
from cmdop_browser.wire.errors import (
    DETAILS_KEY,
    GRPC_STATUS_OF,
    MAX_TRAILER_BYTES,
    status_code,
    status_from_error,
)
from tests.contract.error_samples import full_sample
from tests.contract.test_error_tree import assert_equal
from tests.contract.wire_calls import detail_in, each_class, failed_with, wire_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


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


def test_subclass_travels_as_its_class() -> None:
    class SpecialError(BadRequestError):
        pass

    assert status_code(SpecialError) is grpc.StatusCode.INVALID_ARGUMENT
    assert (
        type(from_rpc_error(failed_with(status_from_error(SpecialError("m", field="x"))))) is BadRequestError
    )


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
