"""Rows on their way into a file: JSON Lines, complete or not there at all."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from cmdop_browser._files import errors_of_ours, replaceable

if TYPE_CHECKING:
    from types import TracebackType

Row = dict[str, Any]


def as_row(value: Any) -> Row:
    """*value* as a row: a mapping, a dataclass or a pydantic model.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dict(dump())
    raise TypeError(
        f"a row is a dict, a dataclass or a pydantic model, not {type(value).__name__}: {value!r:.80}"
    )


def encode_row(row: Row) -> bytes:
    """One line of JSON.

    Dates, decimals, paths and the like become text.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON cannot say.
        TypeError: It holds something that has no form in JSON.
    """
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, default=_jsonable)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, as scripts of pages can produce
        return json.dumps(row, allow_nan=False, default=_jsonable).encode() + b"\n"


def _jsonable(value: Any) -> Any:
    from pydantic_core import to_jsonable_python

    try:
        return to_jsonable_python(value)
    except ValueError as error:
        raise TypeError(f"a row cannot hold {type(value).__name__}") from error


class RowFile:
    """A JSON Lines file that appears under its name when all rows are in it.

    Leaving the context with an exception leaves what was there before.

    Raises:
        FileError: On entering, writing and leaving: the disk is full, for example.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._replaced = path
        self._temporary = Path()
        self._file: IO[bytes]

    def __enter__(self) -> Self:
        # Beside its final place, so that the rename stays within one file system.
        self._replaced = replaceable(self.path)
        with errors_of_ours(self.path, "write"):
            fd, name = tempfile.mkstemp(prefix=f".{self._replaced.name}.", dir=self._replaced.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(fd, "wb")
        return self

    def write(self, line: bytes) -> None:
        """Append what `encode_row` made of a row."""
        with errors_of_ours(self.path, "write"):
            self._file.write(line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                with errors_of_ours(self.path, "write"), self._file:
                    self._commit()
            else:
                # What is still in the buffer may be what the disk did not take.
                with contextlib.suppress(OSError):
                    self._file.close()
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._temporary.unlink()

    def _commit(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        os.fchmod(self._file.fileno(), _mode_for(self._replaced))
        self._temporary.replace(self._replaced)


def _mode_for(path: Path) -> int:
    """The mode that opening *path* for writing would have left."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
