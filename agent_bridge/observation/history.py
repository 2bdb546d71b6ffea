"""How often the agent of a name was started again after a crash, told from one instance to the next."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from cmdop_browser.wire.rendezvous import boot_id

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Note:
    instance_id: str = ""
    crashes: int = 0
    ended: bool = True
    boot_id: str = ""


class History:
    """A note in the agent's directory: a context manager around the life of an instance.

    An instance that finds a note of one that has not said its farewell takes the place of
    one that crashed. When the machine boots the counting begins anew.

    Attributes:
        crashes: How many instances of this name have crashed since then.
    """

    def __init__(self, path: Path, instance_id: str) -> None:
        self.crashes = 0
        self._instance_id = instance_id
        self._path = path

    def __enter__(self) -> Self:
        before = self._read()
        same_boot = before.boot_id == boot_id()
        self.crashes = (before.crashes + (not before.ended)) if same_boot else 0
        self._write(ended=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say farewell: also one that ends with an error has not crashed."""
        self.farewell()

    def farewell(self) -> None:
        """Note that the instance ends because it is to: another may begin before it is over."""
        if self._read().instance_id == self._instance_id:
            self._write(ended=True)

    def _read(self) -> _Note:
        try:
            return _Note(**json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return _Note()
        except (OSError, ValueError, TypeError) as exc:
            log.info("how often this agent has crashed is not known: %s", type(exc).__name__)
            return _Note()

    def _write(self, *, ended: bool) -> None:
        content = json.dumps(asdict(_Note(self._instance_id, self.crashes, ended, boot_id()))).encode()
        try:
            # In place: the file is there already and of the same size, more or less, so that
            # a farewell is possible on a full disk, too.
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, content, 0)
                os.ftruncate(descriptor, len(content))
            finally:
                os.close(descriptor)
        except OSError as exc:
            log.info("the number of crashes cannot be kept: %s", exc.strerror)
