"""Files on the client's side, with errors of ours."""

from __future__ import annotations

import builtins
import errno
import os
import secrets
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from cmdop_browser._convert import checks
from cmdop_browser.exceptions import FileError, FileNotFoundError, FilePermissionError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What systems say of a disk, a quota or a limit that is used up.
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def errors_of_ours(path: Path, operation: str) -> Iterator[None]:
    """Turn an OSError about *path* into a `FileError`.

    Raises:
        FileNotFoundError: It, or the directory it should be in, does not exist.
        FilePermissionError: The system does not allow it.
        FileError: Anything else: it is a directory, the disk is full.
    """
    try:
        yield
    except (builtins.FileNotFoundError, NotADirectoryError) as exc:
        raise FileNotFoundError(f"cannot {operation} {path}: {exc.strerror}", path=str(path)) from exc
    except builtins.PermissionError as exc:
        message = f"cannot {operation} {path}: {exc.strerror}"
        raise FilePermissionError(message, path=str(path), operation=operation) from exc
    except OSError as exc:
        tips = ("make room there, or write to another disk",) if exc.errno in _NO_ROOM else ()
        raise FileError(f"cannot {operation} {path}: {exc.strerror}", path=str(path), tips=tips) from exc


def target_of(path: object, field: str = "path") -> Path:
    """A path to write to, as a caller gives it.

    Raises:
        BadRequestError: It is none.
    """
    return checks.path(field, path)


def make_directory(path: Path) -> None:
    """Make the directory *path* with those above it, if it is not there.

    Raises:
        FileError: It cannot be made, or there is something else.
    """
    with errors_of_ours(path, "write"):
        if path.exists() and not path.is_dir():
            raise FileError(f"cannot write into {path}: it is a file, not a directory", path=str(path))
        path.mkdir(parents=True, exist_ok=True)


def read_file(path: Path) -> bytes:
    """The content of *path*, which must be a regular file: another may have no end.

    Raises:
        FileError: It cannot be read.
    """
    with open_regular(path) as file:
        return file.read()


@contextmanager
def open_regular(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading that can be read to its end without waiting for anybody.

    Raises:
        FileError: It is no such file, or cannot be opened, or not read in the context.
    """
    with errors_of_ours(path, "read"):
        # Asked before it is opened: a device may act on being opened.
        _require_regular(path.stat())
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _require_regular(os.fstat(file.fileno()))
            yield file


def _require_regular(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(0, "it is a directory")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is not a regular file")


def target(path: object) -> Path | None:
    """Where a call shall also write its result; refused before work is done for it.

    Raises:
        BadRequestError: It is no path.
        FileError: Its directory does not exist or may not be written, or it is there and
            no regular file.
    """
    checked = checks.optional_path("path", path)
    if checked is not None:
        replaced = replaceable(checked)
        with errors_of_ours(checked, "write"):
            _require_writable_directory(replaced)
    return checked


def replaceable(path: Path) -> Path:
    """What a file put at *path* is to replace: *path* itself, or what it links to.

    Raises:
        FileError: It is there and no regular file: a device, once replaced, is gone.
    """
    with errors_of_ours(path, "write"):
        named = Path(os.path.realpath(path))
        try:
            found = path.stat()
        except builtins.FileNotFoundError:
            return named
        _require_regular(found)
        # What a link in /proc/self/fd leads to need not have the name that the link gives.
        if not os.path.samestat(found, named.lstat()):
            raise OSError(0, f"{named} is another file")
        return named


def _require_writable_directory(path: Path) -> None:
    if not path.parent.is_dir():
        raise builtins.FileNotFoundError(0, f"there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise builtins.PermissionError(0, f"the directory {path.parent} may not be written")


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put *content* at *path*, whole or not at all; *private*: only the user may read it.

    Raises:
        FileError: It cannot be written, or is there and no regular file.
    """
    replaced = replaceable(path)
    temporary = replaced.with_name(f".{replaced.name[:100]}.{secrets.token_hex(4)}")
    with errors_of_ours(path, "write"):
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(content)
            temporary.replace(replaced)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
