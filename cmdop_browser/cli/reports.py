"""``--save-errors``: the report of what went wrong, beside the message."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdop_browser.exceptions import CMDOPError, FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

SaveErrors = Annotated[
    Path | None,
    typer.Option(
        "--save-errors",
        metavar="DIR",
        file_okay=False,
        help="Write an HTML report of an error there, with a screenshot.",
    ),
]


@contextmanager
def errors_saved(directory: Path | None) -> Iterator[None]:
    """Write a report of an error that passes, and say where in its details and tips."""
    try:
        yield
    except CMDOPError as error:
        if directory is not None:
            _save(error, directory)
        raise


def _save(error: CMDOPError, directory: Path) -> None:
    try:
        path = error.save(directory)
    except FileError as failure:
        error.tips = (*error.tips, f"there is no report of this: {failure.message}")
        return
    error.details["report"] = str(path)
    error.tips = (*error.tips, f"look at the report: {path}")
