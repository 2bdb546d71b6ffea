"""Bytes on their way: large replies waiting to be fetched, files waiting to be used."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent_bridge.observation.storage import NO_ROOM, Place
from cmdop_browser.exceptions import BadRequestError, CMDOPError, FileError, FileTooLargeError
from cmdop_browser.exceptions import FileNotFoundError as MissingFileError
from cmdop_browser.wire.channel import MIB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

# A client fetches a large reply right after it learns of it.
OFFER_SECONDS = 60.0
MAX_OFFERED_BYTES = 1024 * MIB
MAX_UPLOAD_BYTES = 1024 * MIB


@dataclass
class _Offer:
    content: bytes = field(repr=False)
    expiry: asyncio.TimerHandle


class Transfers:
    """What was too large for one message, in both directions."""

    def __init__(self, directory: Path, place: Place | None = None) -> None:
        self._directory = directory
        self._place = place or Place("temporary", directory)
        self._offers: dict[str, _Offer] = {}
        self._files: dict[str, dict[str, Path]] = {}

    def offer(self, content: bytes) -> str:
        """Keep *content* until it is taken or a minute has passed; returns its id.

        Raises:
            FileTooLargeError: Too much waits to be fetched already.
        """
        waiting = sum(len(offer.content) for offer in self._offers.values())
        if waiting + len(content) > MAX_OFFERED_BYTES:
            raise FileTooLargeError(
                "too many large replies wait to be fetched",
                size_bytes=len(content),
                max_bytes=MAX_OFFERED_BYTES,
            )
        transfer_id = f"t-{secrets.token_hex(8)}"
        expiry = asyncio.get_running_loop().call_later(OFFER_SECONDS, self._offers.pop, transfer_id, None)
        self._offers[transfer_id] = _Offer(content, expiry)
        return transfer_id

    @property
    def waiting(self) -> int:
        """How many replies wait to be fetched."""
        return len(self._offers)

    def take(self, transfer_id: str) -> bytes:
        """Return what was offered, once.

        Raises:
            FileNotFoundError: It was never there, was taken, or waited too long.
        """
        offer = self._offers.pop(transfer_id, None)
        if offer is None:
            raise MissingFileError(
                "the large reply is no longer there: it was fetched, or waited too long", path=transfer_id
            )
        offer.expiry.cancel()
        return offer.content

    async def receive(
        self, session_id: str, name: str, chunks: AsyncIterator[bytes], least_bytes: int = 0
    ) -> tuple[str, int]:
        """Write a file for a session, under its own name.

        Args:
            session_id: Of the session.
            name: Of the file.
            chunks: Its content.
            least_bytes: Less is no whole file: a client that goes away looks like its end.

        Returns:
            Its id and its size in bytes.

        Raises:
            BadRequestError: The name is not a plain file name, or not all of the file arrived.
            FileTooLargeError: It exceeds the limit.
            FileError: The agent's disk does not take it.
        """
        if not name or name in {".", ".."} or "/" in name or "\0" in name:
            raise BadRequestError(
                "the name of an uploaded file must be a plain name", field="files", value=name
            )
        transfer_id = f"u-{secrets.token_hex(8)}"
        # Known from the beginning, so that the end of the session removes what there is by then.
        received = self._files.setdefault(session_id, {})
        directory = self._directory / session_id / transfer_id
        path = directory / name
        try:
            directory.mkdir(parents=True)
            size = await self._write(path, chunks, least_bytes)
        except BaseException as exc:
            shutil.rmtree(directory, ignore_errors=True)
            # Those of ours are builtin errors, too.
            if isinstance(exc, OSError) and not isinstance(exc, CMDOPError):
                raise self._not_taken(name, exc) from exc
            raise
        received[transfer_id] = path
        return transfer_id, size

    async def _write(self, path: Path, chunks: AsyncIterator[bytes], least_bytes: int) -> int:
        size = 0
        with path.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > MAX_UPLOAD_BYTES:
                    raise FileTooLargeError(
                        "the file is too large to upload",
                        path=path.name,
                        size_bytes=size,
                        max_bytes=MAX_UPLOAD_BYTES,
                    )
                await asyncio.to_thread(file.write, chunk)
        if size < least_bytes:
            raise BadRequestError(
                f"{size} of {least_bytes} bytes of a file to upload arrived", field="files", value=path.name
            )
        return size

    def _not_taken(self, name: str, exc: OSError) -> FileError:
        return FileError(
            f"the agent cannot take {name!r}: {self._place.failed(exc)}",
            path=name,
            retryable=exc.errno in NO_ROOM,
            tips=(f"make room where the agent keeps temporary files: {self._directory.parent}",),
        )

    def files(self, session_id: str, transfer_ids: Sequence[str]) -> list[Path]:
        """Return the paths of files received for a session.

        Raises:
            BadRequestError: One of them was not received.
        """
        received = self._files.get(session_id, {})
        missing = [transfer_id for transfer_id in transfer_ids if transfer_id not in received]
        if missing:
            raise BadRequestError("a file to upload has not arrived", field="files", value=missing[0])
        return [received[transfer_id] for transfer_id in transfer_ids]

    def forget(self, session_id: str) -> None:
        """Delete the files of a session that has ended."""
        if self._files.pop(session_id, None) is not None:
            shutil.rmtree(self._directory / session_id, ignore_errors=True)
