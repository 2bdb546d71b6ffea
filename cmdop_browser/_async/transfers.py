"""Bytes that are too large for one message, and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser import _methods as methods
from cmdop_browser._files import readable_size
from cmdop_browser.exceptions import ConnectionLostError
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import transfers_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser._deadline import Deadline
    from cmdop_browser.wire.v1 import common_pb2


async def read_payload(
    rpc: AsyncRpc, payload: common_pb2.Payload, deadline: Deadline, operation: str
) -> bytes:
    """The bytes of *payload*, fetched if they did not come along.

    Raises:
        ConnectionLostError: They did not all arrive.
        CMDOPError: Whatever else went wrong.
    """
    if payload.WhichOneof("content") != "transfer":
        return payload.inline
    wanted = payload.transfer.size_bytes
    received = bytearray()
    request = transfers_pb2.DownloadRequest(transfer_id=payload.transfer.transfer_id)
    async for chunk in rpc.receive(
        methods.DOWNLOAD, request, timeout=deadline.remaining(), operation=operation
    ):
        received += chunk.data
    if len(received) != wanted:
        raise ConnectionLostError(
            f"{operation}: {len(received)} of {wanted} bytes arrived", details={"operation": operation}
        )
    return bytes(received)


async def send_file(rpc: AsyncRpc, path: Path, session_id: str, instance_id: str, deadline: Deadline) -> str:
    """Send a file to the agent, for use in a session.

    Returns:
        The name by which the session can use it.

    Raises:
        FileError: The file cannot be read.
        CMDOPError: Whatever else went wrong.
    """
    header = transfers_pb2.UploadHeader(
        session_id=session_id, file_name=path.name, size_bytes=readable_size(path)
    )
    reference = await rpc.send(
        methods.SEND_FILE,
        _parts(header, path),
        timeout=deadline.remaining(),
        operation="upload",
        instance_id=instance_id,
    )
    return reference.transfer_id


def _parts(header: transfers_pb2.UploadHeader, path: Path) -> Iterator[transfers_pb2.UploadChunk]:
    yield transfers_pb2.UploadChunk(header=header)
    with path.open("rb") as file:
        while data := file.read(wire.CHUNK_BYTES):
            yield transfers_pb2.UploadChunk(data=data)
