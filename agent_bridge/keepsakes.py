"""What is remembered of sessions, where it outlives the agent: a killed one can be asked for nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.keepsake import Keepsake
from agent_bridge.observation.storage import Place
from cmdop_browser.wire.rendezvous import kept, make_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

# Seconds: what is kept of an open session is never much older than the agent's last moment.
RENEWED_EVERY: Final = 2.0

_OUTDATED: Final = ".old"
SESSION_ID: Final = re.compile(r"s-[0-9a-f]{16}")


class Keepsakes:
    """A file for each session that is to be restored, readable by its user alone.

    It is removed when the session ends. When the agent is killed it stays, for as long as
    the session might have been idle: until then its client can have it rebuilt.
    """

    def __init__(self, directory: Path, place: Place | None = None) -> None:
        """Name the directory; it is made when there is something to keep."""
        self._directory = directory
        self._place = place or Place("runtime", directory)

    @property
    def has_room(self) -> bool:
        """Whether they can be written, as far as is known."""
        return not self._place.problem

    def of(self, session_id: str, owner: str, idle_timeout: float) -> Kept:
        """Return what is kept of one session of *owner*'s.

        Raises:
            ValueError: *session_id* is none.
        """
        return Kept(self._path(session_id), self._place, owner, idle_timeout)

    async def renew(self, session_ids: Iterable[str]) -> None:
        """Have what is kept of open sessions age from now on, whether it has changed or not."""
        paths = [self._path(session_id) for session_id in session_ids]
        await asyncio.to_thread(self._renew, [*paths, *(path.with_suffix(_OUTDATED) for path in paths)])

    def load(self, session_id: str, owner: str) -> Keepsake | None:
        """Return what is kept of a session of *owner*'s, if anything is."""
        path = self._path(session_id)
        is_outdated = not path.exists()
        try:
            kept_in = path.with_suffix(_OUTDATED) if is_outdated else path
            head, _, content = kept_in.read_text(encoding="utf-8").partition("\n")
            if json.loads(head)["owner"] != owner:
                return None
            return replace(Keepsake.from_json(content), is_outdated=is_outdated)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as exc:
            log.warning("what was kept of session %s cannot be read: %s", session_id, type(exc).__name__)
            return None

    def remove(self, session_id: str) -> None:
        """Forget a session that has ended."""
        try:
            for path in (self._path(session_id), self._path(session_id).with_suffix(_OUTDATED)):
                path.unlink(missing_ok=True)
        except OSError as exc:
            log.warning("cannot remove what was kept of session %s: %s", session_id, exc)

    def _path(self, session_id: str) -> Path:
        # The id comes from a client, and becomes a name in this directory.
        if not SESSION_ID.fullmatch(session_id):
            raise ValueError(f"{session_id[:40]!r} is no session id")
        return self._directory / session_id

    def _renew(self, paths: list[Path]) -> None:
        for path in paths:
            try:
                kept.renew(path)
            except OSError as exc:
                self._place.failed(exc)


class Kept:
    """What is kept of one session, in a file whose name tells whether more has happened since.

    Another name needs no room, and takes 20 µs: so it is given before a caller is told
    that a call is done, and what a killed agent has left is never taken for all there was.

    Attributes:
        changes: How often something may have changed.
    """

    def __init__(self, path: Path, place: Place, owner: str, idle_timeout: float) -> None:
        """Name it; it is made when there is something to keep."""
        self.changes = 0
        self._path = path
        self._outdated = path.with_suffix(_OUTDATED)
        self._place = place
        self._owner = owner
        # What was renewed last may be as much older than the end of the agent.
        self._seconds = idle_timeout + RENEWED_EVERY
        # The file is written beside the event loop, and given its name by whoever comes last.
        self._naming = threading.Lock()

    def changed(self) -> None:
        """Note that something may have changed that is not kept yet."""
        with self._naming:
            self.changes += 1
            self._rename(self._path, self._outdated)

    def confirm(self, changes: int) -> None:
        """Note that after so many *changes* all is as it is kept."""
        with self._naming:
            if changes == self.changes:
                self._rename(self._outdated, self._path)

    async def save(self, keepsake: Keepsake, changes: int) -> bool:
        """Keep what there was after so many *changes*.

        A disk that is full costs the session only what it would have been good for: what was
        kept before stays then, and is known to be outdated.

        Returns:
            Whether it is kept.
        """
        content = f"{kept.head(self._owner, self._seconds)}\n{keepsake.to_json()}".encode()
        try:
            await asyncio.to_thread(self._write, content, changes)
        except OSError as exc:
            self._place.failed(exc, len(content))
            return False
        return True

    def _write(self, content: bytes, changes: int) -> None:
        make_private(self._path.parent)
        written = self._path.with_suffix(".new")
        try:
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            with self._naming:
                if changes == self.changes:
                    written.replace(self._path)
                    self._outdated.unlink(missing_ok=True)
                else:
                    written.replace(self._outdated)
        except BaseException:
            written.unlink(missing_ok=True)
            with self._naming:
                self._rename(self._path, self._outdated)
            raise

    def _rename(self, before: Path, after: Path) -> None:
        try:
            before.replace(after)
        except FileNotFoundError:
            return  # nothing is kept yet, or it has that name already
        except OSError as exc:
            self._place.failed(exc)
