"""``run``: a recipe against the agent, its rows into a file."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cmdop_browser import _files
from cmdop_browser.cli import options
from cmdop_browser.cli.exit_codes import NoRowsError, UsageError
from cmdop_browser.cli.output import Output
from cmdop_browser.cli.progress import counted
from cmdop_browser.cli.recipes import Recipe, load_recipe, parse_options
from cmdop_browser.cli.reports import SaveErrors, errors_saved
from cmdop_browser.cli.rows import Row, RowFile, encode_row
from cmdop_browser.exceptions import ExecutionError, FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# For what has no form in JSON: objects, NaN, what contains itself, what is nested without end.
_NOT_JSON: Final = (TypeError, ValueError, RecursionError)


@dataclass
class Tally:
    """What became of the rows."""

    count: int = 0
    kept: list[Row] | None = None  # only when they are to be part of the JSON document

    def add(self, line: bytes) -> None:
        """Count the row that became *line*."""
        self.count += 1
        if self.kept is not None:
            self.kept.append(json.loads(line))


def run(
    reference: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A Python file, or an importable module.")
    ],
    *,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the recipe; repeatable."),
    ] = None,
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", dir_okay=False, help="Write the rows there; else to stdout."
        ),
    ] = None,
    screenshot: Annotated[
        Path | None,
        typer.Option("--screenshot", metavar="FILE", dir_okay=False, help="For recipes that take a picture."),
    ] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No rows are fine, too.")] = False,
    save_errors: SaveErrors = None,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Run a recipe and write its rows as JSON Lines.

    The file appears, or replaces the one of before, when the recipe has gone through.
    """
    from cmdop_browser import CMDOPClient

    require_writable(output_file)
    output = Output(as_json=as_json)
    recipe = load_recipe(reference)
    chosen = parse_options(recipe, assignments or [])
    if screenshot is not None:
        chosen["screenshot"] = _screenshot_option(recipe, screenshot)
    tally = Tally(kept=[] if as_json and output_file is None else None)
    started = time.monotonic()
    with errors_saved(save_errors), CMDOPClient.local(agent=agent, start=True) as client:
        rows = counted(recipe.rows(client, chosen), output, recipe.name)
        rows = require_rows(rows, recipe.name, allow_empty=allow_empty)
        write_rows(rows, recipe.name, output_file, output, tally)
    _report(output, recipe, tally, output_file, time.monotonic() - started)


def require_writable(path: Path | None) -> None:
    """Refuse a file that rows could not be written to, before the work is done for it.

    Raises:
        FileError: Its directory is missing or may not be written, or it is no regular file.
    """
    try:
        _files.target(path)
    except FileError as error:
        error.tips = ("choose another place with --output (-o), or make the directory: nothing was run",)
        raise


def require_rows(rows: Iterable[Row], name: str, *, allow_empty: bool = False) -> Iterator[Row]:
    """The rows as they come.

    Raises:
        NoRowsError: There are none.
    """
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty and not allow_empty:
        raise NoRowsError(
            f"recipe {name} went through and yielded no rows",
            command=name,
            tips=(
                "look whether its selectors still fit the page",
                "where no rows are fine, pass --allow-empty",
            ),
        )


def write_rows(rows: Iterable[Row], name: str, path: Path | None, output: Output, tally: Tally) -> None:
    """Put every row of recipe *name* into the file at *path*, or else on stdout, and count it.

    Raises:
        ExecutionError: A row has no form in JSON.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(RowFile(path)) if path is not None else None
        for row in rows:
            line = _encoded(row, name, tally.count + 1)
            tally.add(line)
            if file is not None:
                file.write(line)
            elif not output.as_json:
                output.text(line.decode())


def _encoded(row: Row, name: str, number: int) -> bytes:
    try:
        return encode_row(row)
    except _NOT_JSON as error:
        field = next((key for key, value in row.items() if not _has_json_form({key: value})), None)
        where = f"row {number}" if field is None else f"row {number}, field {field!r}"
        raise ExecutionError(
            f"recipe {name}: {where}: {error}",
            command=name,
            tips=("give its fields text, numbers, true or false, None, dates, and lists or dicts of such",),
        ) from error


def _has_json_form(row: Row) -> bool:
    try:
        encode_row(row)
    except _NOT_JSON:
        return False
    return True


def _screenshot_option(recipe: Recipe, path: Path) -> Path:
    if "screenshot" not in recipe.options:
        raise UsageError(f"recipe {recipe.name} takes no screenshot: it has no option of that name")
    return path


def _report(output: Output, recipe: Recipe, tally: Tally, path: Path | None, seconds: float) -> None:
    output.note(
        f"{recipe.name}: {tally.count} rows in {seconds:.1f} s{f' -> {path}' if path else ''}", style="green"
    )
    if output.as_json:
        document: dict[str, Any] = {
            "recipe": recipe.name,
            "rows": tally.count,
            "output": str(path) if path else None,
            "seconds": round(seconds, 3),
        }
        output.document(document if tally.kept is None else document | {"data": tally.kept})
