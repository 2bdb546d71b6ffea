"""What is remembered of sessions, where it outlives the agent: a killed one can be asked for nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.keepsake import Keepsake
from cmdop_browser.wire.rendezvous import make_private

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

log = logging.getLogger(__name__)

SESSION_ID: Final = re.compile(r"s-[0-9a-f]{16}")


class Keepsakes:
    """A file for each session that is to be restored, readable by its user alone.

    It is removed when the session ends. When the agent is killed it stays, for as long as
    the session might have been idle: until then its client can have it rebuilt.
    """

    def __init__(self, directory: Path) -> None:
        """Name the directory; it is made when there is something to keep."""
        self._directory = directory
        self._failed = False

    async def save(self, session_id: str, owner: str, idle_timeout: float, keepsake: Keepsake) -> None:
        """Keep *keepsake*; a disk that is full costs the session only what it would have been good for."""
        head = json.dumps({"owner": owner, "keep_seconds": idle_timeout})
        try:
            await asyncio.to_thread(self._write, session_id, f"{head}\n{keepsake.to_json()}")
        except OSError as exc:
            if not self._failed:
                log.warning("sessions cannot be kept in %s: %s", self._directory, exc)
            self._failed = True

    def load(self, session_id: str, owner: str) -> Keepsake | None:
        """Return what is kept of a session of *owner*'s, if anything is."""
        try:
            head, _, kept = self._path(session_id).read_text(encoding="utf-8").partition("\n")
            return Keepsake.from_json(kept) if json.loads(head)["owner"] == owner else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as exc:
            log.warning("what was kept of session %s cannot be read: %s", session_id, type(exc).__name__)
            return None

    def remove(self, session_id: str) -> None:
        """Forget a session that has ended."""
        try:
            self._path(session_id).unlink(missing_ok=True)
        except OSError as exc:
            log.warning("cannot remove what was kept of session %s: %s", session_id, exc)

    def sweep(self, open_sessions: Container[str]) -> None:
        """Remove what nobody came for in time; that of *open_sessions* stays."""
        for path in self._directory.glob("s-*"):
            if path.name in open_sessions:
                continue
            try:
                head = json.loads(path.read_text(encoding="utf-8").partition("\n")[0])
                if time.time() - path.stat().st_mtime > head["keep_seconds"]:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError) as exc:
                log.warning("removing %s, which keeps no session: %s", path, type(exc).__name__)
                path.unlink(missing_ok=True)

    def _path(self, session_id: str) -> Path:
        # The id comes from a client, and becomes a name in this directory.
        if not SESSION_ID.fullmatch(session_id):
            raise ValueError(f"{session_id[:40]!r} is no session id")
        return self._directory / session_id

    def _write(self, session_id: str, content: str) -> None:
        path = self._path(session_id)
        make_private(self._directory)
        written = path.with_suffix(".new")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        written.replace(path)
