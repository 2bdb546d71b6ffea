"""Files that a call reads or writes."""

from __future__ import annotations

import builtins
import errno

from cmdop_browser.exceptions.base import CMDOPError, error, parsed
from cmdop_browser.exceptions.connection import path_text
from cmdop_browser.exceptions.text import quote


@error("FILE_ERROR", http_status=500, summary="A file could not be used.")
class FileError(CMDOPError):
    """Something is wrong with a file.

    Attributes:
        path: The file, as the caller gave it.
    """

    path: str | None = parsed(path_text, default=None)

    def _sentence(self, what: str) -> str:
        return f"{quote(self.path)} {what}" if self.path else f"the file {what}"

    def _compose(self) -> str:
        return self._sentence("could not be used")


@error("FILE_NOT_FOUND", http_status=404, summary="A file does not exist.")
class FileNotFoundError(FileError, builtins.FileNotFoundError):
    """There is no such file."""

    def _compose(self) -> str:
        return self._sentence("does not exist")

    def _complete(self) -> None:
        self.errno, self.filename = errno.ENOENT, self.path


@error("FILE_PERMISSION_DENIED", http_status=403, summary="A file may not be used.")
class FilePermissionError(FileError, builtins.PermissionError):
    """The file may not be used that way.

    Attributes:
        operation: ``read`` or ``write``.
    """

    operation: str | None = None

    def _compose(self) -> str:
        return self._sentence(
            f"may not be {'written' if self.operation == 'write' else self.operation or 'used'}"
        )

    def _complete(self) -> None:
        self.errno, self.filename = errno.EACCES, self.path


@error("FILE_TOO_LARGE", http_status=400, summary="A file is too large.")
class FileTooLargeError(FileError):
    """The file is over a limit.

    Attributes:
        size_bytes: Its size.
        max_bytes: The limit.
    """

    size_bytes: int | None = None
    max_bytes: int | None = None

    def _compose(self) -> str:
        if self.size_bytes is None or self.max_bytes is None:
            return self._sentence("is too large")
        return self._sentence(f"has {self.size_bytes} bytes, at most {self.max_bytes} are allowed")
