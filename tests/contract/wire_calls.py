"""Calls that failed, as gRPC shows them, and what is in their status."""

from __future__ import annotations

import re
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2  # type: ignore[import-untyped]

from cmdop_browser.wire.errors import (
    DETAILS_KEY,
)
from cmdop_browser.wire.v1.errors_pb2 import ErrorDetail
from tests.contract.error_samples import ALL_CLASSES

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


def wire_bytes(status: Any) -> int:
    """The trailer in bytes, as HTTP/2 counts a header list."""
    encoded = [(key, -(-len(value) * 4 // 3)) for key, value in status.trailing_metadata]
    escaped = len(re.sub(r"[^ -$&-~]", "%XX", status.details.encode().decode("latin-1")))
    return sum(
        len(key) + size + 32 for key, size in [*encoded, ("grpc-message", escaped), ("grpc-status", 2)]
    )
