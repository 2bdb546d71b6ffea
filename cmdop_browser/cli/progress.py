"""Progress for a person who watches; scripts and log files are spared it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmdop_browser.cli.output import Output

T = TypeVar("T")


def counted(rows: Iterable[T], output: Output, title: str, *, total: int | None = None) -> Iterator[T]:
    """The rows as they come, with a bar that counts them when a terminal shows it."""
    if not output.shows_progress:
        yield from rows
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
        console=output.notes,
    ) as progress:
        task = progress.add_task(title, total=total)
        for row in rows:
            progress.advance(task)
            yield row
