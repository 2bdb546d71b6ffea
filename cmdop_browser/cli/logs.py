"""Reading an agent's log, which may be rotated under the reader."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from typing import IO, TYPE_CHECKING, Final

from cmdop_browser.agent_log import log_path
from cmdop_browser.exceptions import AgentAttachError
from cmdop_browser.wire.rendezvous import set_aside_logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmdop_browser.settings import Settings

_CHUNK: Final = 64 * 1024


class Log:
    """An agent's log, open for reading.

    Raises:
        AgentAttachError: On entering: there is no log that can be read.
    """

    def __init__(self, agent: str, settings: Settings, *, about: str = "") -> None:
        """Name the log of an agent; of it, the lines that have *about* in them."""
        self.agent = agent
        self._about = about
        self.path: Path = log_path(agent, settings)
        self._file: IO[bytes]
        self._partial = b""

    def __enter__(self) -> Log:
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            raise AgentAttachError(
                f"agent {self.agent!r} has no log that can be read: {self.path}: {error.strerror}",
                agent=self.agent,
                backend="log",
                reason=str(error.strerror),
                tips=("an agent that runs in the foreground logs to its terminal",),
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def last_lines(self, count: int) -> list[str]:
        """The last *count* complete lines, older files included; then the log stands at its end."""
        lines = deque(self.new_lines(), maxlen=count)
        older: list[str] = []
        for path in set_aside_logs(self.path):
            missing = count - len(lines) - len(older)
            if missing <= 0:
                break
            older = [*self._older(path)[-missing:], *older]
        return [*older, *lines]

    def new_lines(self) -> Iterator[str]:
        """The lines that were completed since the last look, of those that are asked for."""
        while chunk := self._file.read(_CHUNK) or self._next_file():
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace")
                if self._about in text:
                    yield text

    def _older(self, path: Path) -> list[str]:
        """The lines of a file that was set aside; none when it is gone meanwhile."""
        with contextlib.suppress(OSError):
            return [line for line in path.read_text("utf-8", "replace").splitlines() if self._about in line]
        return []

    def _next_file(self) -> bytes:
        """The beginning of the file that has taken this one's place, if one has."""
        with contextlib.suppress(FileNotFoundError):
            named = self.path.stat()
            if not os.path.samestat(named, os.fstat(self._file.fileno())):
                self._file.close()
                self._file = self.path.open("rb")
                return self._file.read(_CHUNK)
        return b""
