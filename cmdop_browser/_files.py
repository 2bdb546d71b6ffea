"""Files on the client's side, with errors of ours."""

from __future__ import annotations

import builtins
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cmdop_browser._convert import checks
from cmdop_browser.exceptions import FileError, FileNotFoundError, FilePermissionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
        raise FileError(f"cannot {operation} {path}: {exc.strerror}", path=str(path)) from exc


def read_file(path: Path) -> bytes:
    """The content of *path*.

    Raises:
        FileError: It cannot be read.
    """
    with errors_of_ours(path, "read"):
        return path.read_bytes()


def readable_size(path: Path) -> int:
    """The size of a file that can be read.

    Raises:
        FileError: It cannot.
    """
    with errors_of_ours(path, "read"), path.open("rb") as file:
        return os.fstat(file.fileno()).st_size


def target(path: object) -> Path | None:
    """Where a call shall also write its result; refused before work is done for it.

    Raises:
        BadRequestError: It is no path.
        FileError: Its directory does not exist or may not be written, or it is one itself.
    """
    checked = checks.optional_path("path", path)
    if checked is not None:
        with errors_of_ours(checked, "write"):
            _require_writable(checked)
    return checked


def _require_writable(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(0, "it is a directory")
    if not path.parent.is_dir():
        raise builtins.FileNotFoundError(0, f"there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise builtins.PermissionError(0, f"the directory {path.parent} may not be written")


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put *content* at *path*, whole or not at all; *private*: only the user may read it.

    Raises:
        FileError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    with errors_of_ours(path, "write"):
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(content)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
