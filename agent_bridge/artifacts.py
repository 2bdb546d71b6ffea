"""What errors refer to and a client may fetch later: pictures, HTML, whole records."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent_bridge.observation.storage import Place
from cmdop_browser.exceptions import Artifact
from cmdop_browser.exceptions import FileNotFoundError as MissingFileError
from cmdop_browser.wire.channel import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmdop_browser.wire.evidence import Retries

log = logging.getLogger(__name__)

# An error is looked at soon after it came, or is in a log for a day: then its picture
# is gone, and the texts have to do.
MAX_AGE_SECONDS = 3600.0
MAX_NUMBER = 300
MAX_BYTES = 256 * MIB


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    size: int
    at: float


@dataclass(frozen=True, slots=True)
class NotKept:
    """In place of an artifact: why there is none."""

    why: str


class Artifacts:
    """A bounded number of files, none of them old.

    They are on disk, so that an agent whose callers fail all day does not grow, in the
    directory that the instance removes when it ends.
    """

    def __init__(
        self,
        directory: Path,
        place: Place | None = None,
        *,
        max_number: int = MAX_NUMBER,
        max_bytes: int = MAX_BYTES,
        max_age: float = MAX_AGE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._place = place or Place("temporary", directory)
        self._max_number = max_number
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # the longest unused first

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(kept.size for kept in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    async def keep(self, content: bytes, media_type: str) -> Artifact | NotKept:
        """Keep *content* for a while.

        Returns:
            What an error can refer to, or why there is nothing to refer to: it is too large,
            or the disk does not take it.
        """
        if len(content) > self._max_bytes:
            return NotKept(f"it is too large: {len(content)} bytes")
        artifact_id = f"a-{secrets.token_hex(16)}"
        path = self._directory / artifact_id
        writing = asyncio.ensure_future(asyncio.to_thread(_write, path, content))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # The thread goes on; what it writes would belong to nobody.
            writing.add_done_callback(lambda done: _discard(path, done))
            raise
        except OSError as exc:
            return NotKept(f"the agent could not keep it: {self._place.failed(exc, len(content))}")
        self._kept[artifact_id] = _Kept(path, len(content), self._clock())
        self._forget_surplus()
        return Artifact(artifact_id, media_type=media_type, size_bytes=len(content))

    async def read(self, artifact_id: str) -> bytes:
        """Return what is kept under an id, as often as it is asked for.

        Raises:
            FileNotFoundError: It is not there, or not any more.
        """
        self._forget_surplus()
        kept = self._kept.get(artifact_id)
        if kept is None:
            raise _missing(artifact_id)
        self._kept.move_to_end(artifact_id)
        try:
            return await asyncio.to_thread(kept.path.read_bytes)
        except OSError as exc:
            log.warning("cannot read what was kept for an error: %s", exc.strerror)
            self._forget(artifact_id)
            raise _missing(artifact_id) from exc

    def _forget_surplus(self) -> None:
        now = self._clock()
        for artifact_id, kept in list(self._kept.items()):
            if now - kept.at > self._max_age:
                self._forget(artifact_id)
        size = self.size
        while self._kept and (len(self._kept) > self._max_number or size > self._max_bytes):
            artifact_id, kept = next(iter(self._kept.items()))
            size -= kept.size
            self._forget(artifact_id)

    def _forget(self, artifact_id: str) -> None:
        kept = self._kept.pop(artifact_id)
        with contextlib.suppress(OSError):  # the whole directory goes when the agent ends
            kept.path.unlink()


@dataclass(frozen=True, slots=True)
class Keeper:
    """What the present call does about the picture and the HTML of a failure.

    Attributes:
        store: Where it keeps them.
        retries: Errors that another attempt follows, of which none are taken; None when all are.
    """

    store: Artifacts
    retries: Retries | None = None


keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)
"""Of the present call; None when it is to take no pictures."""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _discard(path: Path, written: asyncio.Future[None]) -> None:
    if not written.exception():
        path.unlink(missing_ok=True)


def _missing(artifact_id: str) -> MissingFileError:
    return MissingFileError(
        "the agent does not keep it any more",
        path=artifact_id,
        tips=("fetch it soon after the error: error.save(directory)",),
    )
