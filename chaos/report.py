"""Tables for people, JSON for whoever compares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# Wide enough for a table where nobody says how wide the place is.
_WIDTH: Final = 130
_LONG: Final = {"documented"}
console: Final = Console(highlight=False)
if not console.is_terminal:
    console.width = _WIDTH


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; the last item of a row says whether all is well with it."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name not in _LONG)
    for *cells, well in rows:
        table.add_row(*map(_text, cells), style="" if well else "bold red")
    console.print(table)


def progress(text: str) -> None:
    """Tell people how far it is; files get the result only."""
    if console.is_terminal:
        console.print(text, end="\r")


def finish(report: dict[str, Any], path: Path) -> int:
    """Write the report, print what is wrong; returns the exit code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    for wrong in report["wrong"]:
        console.print(f"[bold red]wrong:[/] {wrong}", soft_wrap=True)
    state = "[bold red]not as documented[/]" if report["wrong"] else "[green]all as documented[/]"
    console.print(f"{report['what']}: {state}, {report['seconds']:g} s; {path}")
    return 1 if report["wrong"] else 0


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
