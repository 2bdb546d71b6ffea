"""Results go to stdout, everything said along the way to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.text import Text

from cmdop_browser.exceptions import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from cmdop_browser.exceptions import CMDOPError


# Where no terminal sets the width: log files and pipes take long lines better than broken ones.
_WIDTH_OF_FILES: Final = 200


class OutputError(FileError):
    """The result of a command cannot be printed; it is told on stderr, also to those who asked for JSON."""


def _console() -> Console:
    console = Console(soft_wrap=True, highlight=False)
    return console if console.is_terminal else Console(soft_wrap=True, highlight=False, width=_WIDTH_OF_FILES)


def _notes() -> Console:
    return Console(stderr=True, soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Output:
    """How one command speaks: as JSON, or to a person.

    Attributes:
        as_json: stdout carries exactly one JSON document.
        console: stdout, for results.
        notes: stderr, for progress, remarks and errors.
    """

    as_json: bool = False
    console: Console = field(default_factory=_console)
    notes: Console = field(default_factory=_notes)

    @property
    def shows_progress(self) -> bool:
        """Whether a person is watching."""
        return self.notes.is_terminal and not self.as_json

    def result(self, document: Any, rendered: RenderableType) -> None:
        """Print a command's result in the form asked for."""
        if self.as_json:
            self.document(document)
            return
        with _writing():
            self.console.print(rendered)

    def document(self, document: Any) -> None:
        """Print *document* as JSON, indented where a person reads it."""
        indent = 2 if self.console.is_terminal else None
        # ASCII only: text of pages may hold what the terminal's encoding or UTF-8 itself cannot express.
        self._write(json.dumps(document, indent=indent, default=str) + "\n")

    def text(self, text: str) -> None:
        """Print *text* to stdout as it is: neither markup nor styles."""
        self._write(text if text.endswith("\n") else text + "\n")

    def note(self, text: str, style: str = "") -> None:
        """Tell the person something; scripts that asked for JSON are spared it."""
        if not self.as_json:
            self.notes.print(Text(text, style=style))

    def error(self, error: CMDOPError) -> None:
        """Show *error*: with its tips to a person, as `CMDOPError.to_dict` to a script."""
        if self.as_json and not isinstance(error, OutputError):
            self.document({"error": error.to_dict()})
            return
        name = Text(f"{type(error).__name__}: ", style="bold red")
        self.notes.print(name + Text(str(error)))

    def _write(self, text: str) -> None:
        stream = self.console.file
        encoding = getattr(stream, "encoding", None) or "utf-8"
        with _writing():
            stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
            stream.flush()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Turn what keeps stdout from taking a result into an error of ours.

    Raises:
        OutputError: It is closed, or the disk that it goes to is full.
        BrokenPipeError: Whoever read it has left.
    """
    if sys.stdout is None:
        raise OutputError("cannot write stdout: it is closed", path="stdout")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        abandon_stdout()
        raise OutputError(f"cannot write stdout: {exc.strerror}", path="stdout") from exc


def abandon_stdout() -> None:
    """Write nothing more; Python would fail again when it flushes stdout at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
