"""TransferService: bytes too large for one message, and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser.exceptions import BadRequestError, BrowserSessionClosedError, SessionNotFoundError
from cmdop_browser.wire.channel import CHUNK_BYTES
from cmdop_browser.wire.v1 import common_pb2, transfers_pb2, transfers_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from agent_bridge.artifacts import Artifacts
    from agent_bridge.pool.pool import Pool
    from agent_bridge.services.base import Context
    from agent_bridge.transfers import Transfers


class TransferServicer(transfers_pb2_grpc.TransferServiceServicer):
    """Sends and receives in chunks."""

    def __init__(self, pool: Pool, transfers: Transfers, artifacts: Artifacts) -> None:
        self._pool = pool
        self._transfers = transfers
        self._artifacts = artifacts

    async def Download(
        self, request: transfers_pb2.DownloadRequest, context: Context
    ) -> AsyncIterator[transfers_pb2.Chunk]:
        """Send what a reply referred to."""
        for chunk in _cut(self._transfers.take(request.transfer_id)):
            yield chunk

    async def Upload(
        self, requests: AsyncIterator[transfers_pb2.UploadChunk], context: Context
    ) -> common_pb2.TransferRef:
        """Receive a file for a session."""
        header: transfers_pb2.UploadHeader | None = None
        async for first in requests:
            header = first.header if first.WhichOneof("part") == "header" else None
            break
        if header is None:
            raise BadRequestError("an upload begins with its header", field="files")
        try:
            session = self._pool.find(header.session_id)
            with session.in_use():
                transfer_id, size = await self._transfers.receive(
                    session.id,
                    header.file_name,
                    self._arriving(requests, session.id),
                    least_bytes=header.size_bytes,
                )
        except (BrowserSessionClosedError, SessionNotFoundError):
            # gRPC loses the status of a stream that ends while its client still sends.
            async for _ in requests:
                pass
            raise
        return common_pb2.TransferRef(transfer_id=transfer_id, size_bytes=size)

    async def _arriving(
        self, requests: AsyncIterator[transfers_pb2.UploadChunk], session_id: str
    ) -> AsyncIterator[bytes]:
        """The content of a file for as long as its session is open, also at its end.

        Raises:
            BrowserSessionClosedError: The session has ended: with it goes what was received for it.
            BadRequestError: Something else arrived.
        """
        async for message in requests:
            if message.WhichOneof("part") != "data":
                raise BadRequestError("after its header an upload holds data only", field="files")
            self._pool.find(session_id)
            yield message.data
        self._pool.find(session_id)

    async def ReadArtifact(
        self, request: transfers_pb2.ReadArtifactRequest, context: Context
    ) -> AsyncIterator[transfers_pb2.Chunk]:
        """Send what an error referred to."""
        for chunk in _cut(await self._artifacts.read(request.artifact_id)):
            yield chunk


def _cut(content: bytes) -> Iterator[transfers_pb2.Chunk]:
    view = memoryview(content)
    for start in range(0, len(view), CHUNK_BYTES):
        yield transfers_pb2.Chunk(data=bytes(view[start : start + CHUNK_BYTES]))
