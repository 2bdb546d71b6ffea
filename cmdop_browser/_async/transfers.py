"""Bytes that are too large for one message, and files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cmdop_browser import _methods as methods
from cmdop_browser._files import open_regular
from cmdop_browser.exceptions import CMDOPError, FileError, InternalError
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.v1 import transfers_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmdop_browser._async.rpc import AsyncRpc
    from cmdop_browser._deadline import Deadline
    from cmdop_browser.wire.v1 import common_pb2


async def read_payload(
    rpc: AsyncRpc,
    payload: common_pb2.Payload,
    deadline: Deadline,
    operation: str,
    instance_id: str | None = None,
) -> bytes:
    """The bytes of *payload*, fetched if they did not come along.

    Raises:
        InstanceGoneError: Another instance is connected than the one that keeps them.
        InternalError: The agent said that these were all, and they are not.
        CMDOPError: Whatever else went wrong.
    """
    if payload.WhichOneof("content") != "transfer":
        return payload.inline
    wanted = payload.transfer.size_bytes
    received = bytearray()
    request = transfers_pb2.DownloadRequest(transfer_id=payload.transfer.transfer_id)
    async for chunk in rpc.receive(
        methods.DOWNLOAD,
        request,
        timeout=deadline.remaining(),
        operation=operation,
        instance_id=instance_id,
    ):
        received += chunk.data
    if len(received) != wanted:
        # The stream ended in good order, so no connection was lost: asked again, or asked for
        # the session's loss, the agent would say the same.
        raise InternalError(
            f"{operation}: {len(received)} of {wanted} bytes arrived, and the agent says that these are all",
            retryable=False,
            details={"operation": operation},
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
    parts = _Parts(session_id, path)
    try:
        reference = await rpc.send(
            methods.SEND_FILE,
            parts,
            timeout=deadline.remaining(),
            operation="upload",
            instance_id=instance_id,
        )
    except CMDOPError:
        if parts.failure is not None:
            raise parts.failure from None
        raise
    if parts.failure is not None:
        raise parts.failure
    return reference.transfer_id


class _Parts:
    """A file as the messages that send it.

    gRPC iterates in a place of its own, where an error would say nothing to the caller:
    `failure` keeps it, and the messages end.
    """

    def __init__(self, session_id: str, path: Path) -> None:
        self.failure: FileError | None = None
        self._path = path
        with open_regular(path) as file:
            self._header = transfers_pb2.UploadHeader(
                session_id=session_id, file_name=path.name, size_bytes=os.fstat(file.fileno()).st_size
            )

    def __iter__(self) -> Iterator[transfers_pb2.UploadChunk]:
        yield transfers_pb2.UploadChunk(header=self._header)
        try:
            with open_regular(self._path) as file:
                while data := file.read(wire.CHUNK_BYTES):
                    yield transfers_pb2.UploadChunk(data=data)
        except FileError as exc:
            self.failure = exc
