"""What is remembered of sessions, where it outlives the agent: a killed one can be asked for nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
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

    async def save(self, session_id: str, owner: str, idle_timeout: float, keepsake: Keepsake) -> bool:
        """Keep *keepsake*; a disk that is full costs the session only what it would have been good for.

        What was kept before stays then, and is known to be outdated.

        Returns:
            Whether it is kept.
        """
        # What was renewed last may be as much older than the end of the agent.
        head = kept.head(owner, idle_timeout + RENEWED_EVERY)
        content = f"{head}\n{keepsake.to_json()}".encode()
        try:
            await asyncio.to_thread(self._write, session_id, content)
        except OSError as exc:
            self._place.failed(exc, len(content))
            return False
        return True

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

    def _write(self, session_id: str, content: bytes) -> None:
        path = self._path(session_id)
        make_private(self._directory)
        written, outdated = path.with_suffix(".new"), path.with_suffix(_OUTDATED)
        try:
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            # Another name needs no room.
            if path.exists():
                path.replace(outdated)
            raise
        outdated.unlink(missing_ok=True)
