"""The discovery record: how a client learns where the agent is and proves itself to it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from cmdop_browser.exceptions import PermissionDeniedError, StalePortFileError
from cmdop_browser.wire.rendezvous.shortages import is_shortage

SCHEMA: Final = 1

_LARGEST: Final = 64 * 1024
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryRecord:
    """What a running agent publishes about itself."""

    instance_id: str
    pid: int
    pid_start_time: float
    boot_id: str
    uid: int
    socket: str
    protocol: int
    token: str = field(repr=False)
    ready_at: float
    """When the agent was ready, in seconds since the epoch."""
    schema: int = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: object) -> DiscoveryRecord:
        """The record with the given fields; unknown ones are left out.

        Raises:
            TypeError: A field is missing or of a wrong type.
            ValueError: The schema is unknown.
        """
        if not isinstance(content, dict):
            raise TypeError("it holds no object")
        if content.get("schema") != SCHEMA:
            raise ValueError(f"its schema is {content.get('schema')!r}, and this version reads {SCHEMA}")
        return cls(**{each.name: _checked(content, each.name, str(each.type)) for each in fields(cls)})

    @classmethod
    def read(cls, path: Path) -> DiscoveryRecord:
        """Read the record at *path*, trusting nothing about the file.

        Raises:
            FileNotFoundError: There is none (the builtin error).
            PermissionDeniedError: It is another user's.
            StalePortFileError: It is no record that can be used.
            OSError: It cannot be looked at, as when this process may open no more files.
        """
        content = _read_own_file(path)
        try:
            return cls.from_dict(json.loads(content))
        except (TypeError, ValueError) as error:
            raise _stale(path, f"cannot be read: {error}") from error
        except RecursionError as error:
            raise _stale(path, "cannot be read: it is nested too deeply") from error

    def write(self, path: Path) -> None:
        """Put the record at *path* in one step, readable by this user alone.

        Raises:
            OSError: The directory cannot be written.
        """
        # mkstemp creates with mode 0600, so the token is never readable by others.
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(self.to_dict(), file)
            Path(temporary).rename(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise


_TYPES: Final[dict[str, type | tuple[type, ...]]] = {"str": str, "int": int, "float": (int, float)}


def _checked(content: dict[str, Any], name: str, kind: str) -> Any:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, _TYPES[kind]):
        raise TypeError(f"{name} is {'missing' if value is None else 'of a wrong type'}")
    if isinstance(value, str) and not _can_be_used(name, value):
        raise ValueError(f"{name} has characters that it never has")
    return float(value) if kind == "float" and isinstance(value, int) else value


def _can_be_used(name: str, value: str) -> bool:
    if name != "socket":  # these go into headers
        return value.isascii() and value.isprintable()
    try:
        return bool(value.encode())
    except UnicodeEncodeError:
        return False


def _read_own_file(path: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a FIFO that somebody put there must not wait for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if is_shortage(error):
            raise
        if error.errno == errno.ELOOP:
            raise _stale(path, "is a symbolic link") from error
        _require_own(path, path.lstat())
        raise _stale(path, f"cannot be opened: {error.strerror or error}") from error
    try:
        _require_own(path, os.fstat(fd))
        return os.read(fd, _LARGEST)
    finally:
        os.close(fd)


def _require_own(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise _foreign(path, found.st_uid)
    if not stat.S_ISREG(found.st_mode):
        raise _stale(path, "is not a regular file")
    if found.st_mode & _OTHERS:
        raise _stale(path, f"is open to other users (mode {stat.S_IMODE(found.st_mode):03o})")


def _foreign(path: Path, owner: int) -> PermissionDeniedError:
    caller = os.geteuid()
    return PermissionDeniedError(
        f"{path} belongs to user {owner}, and this is user {caller}",
        agent_uid=owner,
        caller_uid=caller,
        tips=("run as the agent's user, or set CMDOP_RUNTIME_DIR to a directory of your own",),
    )


def _stale(path: Path, reason: str) -> StalePortFileError:
    return StalePortFileError(f"{path} {reason}", discovery_path=str(path), reason=reason)
