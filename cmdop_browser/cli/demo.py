"""``demo``: the bundled recipe against the bundled shop, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

import cmdop_browser
from cmdop_browser.cli import options
from cmdop_browser.cli.output import Output
from cmdop_browser.cli.progress import counted
from cmdop_browser.cli.recipe import Tally, require_rows, write_rows
from cmdop_browser.cli.recipes import load_recipe
from cmdop_browser.exceptions import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser import CMDOPClient
    from cmdop_browser.cli.rows import Row
    from cmdop_browser.settings import Settings

AGENT: Final = "demo"
# Should this process be killed, its agent ends by itself soon after.
_IDLE_EXIT: Final = 20.0
_START_TIMEOUT: Final = 60.0


def demo(
    *,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", metavar="DIR", help="Where books.jsonl and books.png go.")
    ] = Path(),
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Scrape the bundled book shop with the bundled recipe: books.jsonl and books.png."""
    from cmdop_browser.demo.catalog import rows as catalogue
    from cmdop_browser.demo.server import DemoSite

    output = Output(as_json=as_json)
    output_dir.mkdir(parents=True, exist_ok=True)
    path, picture = output_dir / "books.jsonl", output_dir / "books.png"
    recipe = load_recipe(str(recipe_file("books")))
    tally = Tally(kept=[])
    with DemoSite() as site, temporary_agent() as client:
        output.note(f"the shop is open at {site.url}; an agent of its own scrapes it")
        truth = catalogue(site.url)
        started = time.monotonic()
        rows = recipe.rows(client, {"base_url": site.url, "screenshot": picture})
        shown = counted(require_rows(rows, recipe.name), output, "books", total=len(truth))
        write_rows(shown, recipe.name, path, output, tally)
        seconds = time.monotonic() - started
    scraped = tally.kept or []
    require_equal(scraped, truth)
    document = {"rows": len(scraped), "of": len(truth), "output": str(path), "screenshot": str(picture)}
    output.result(document | {"seconds": round(seconds, 3)}, books_table(scraped))
    output.note(
        f"{len(scraped)} of {len(truth)} books in {seconds:.1f} s -> {path}, {picture}", style="green"
    )


def recipe_file(name: str) -> Path:
    """The bundled recipe called *name*: in a checkout, or in the installed package.

    Raises:
        ExecutionError: This installation lacks it.
    """
    package = Path(cmdop_browser.__file__).parent
    for directory in (package.parent / "recipes", package / "demo" / "recipes"):
        path = directory / f"{name}.py"
        if path.is_file():
            return path
    raise ExecutionError(f"recipe {name} is missing from this installation", command=name)


@contextlib.contextmanager
def temporary_agent() -> Iterator[CMDOPClient]:
    """A client of an agent that nobody else sees and that ends with the block.

    Raises:
        AgentStartError: It did not start.
        BrowserNotInstalledError: It has no browser to run.
    """
    from cmdop_browser import CMDOPClient
    from cmdop_browser._sync import launcher
    from cmdop_browser.settings import Settings

    with tempfile.TemporaryDirectory(prefix="cmdop-demo-") as directory, _environment(Path(directory)):
        settings = Settings.load(spawn_idle_exit=_IDLE_EXIT)
        launcher.start_agent(AGENT, settings, timeout=_START_TIMEOUT)
        try:
            with CMDOPClient.local(agent=AGENT) as client:
                yield client
        finally:
            _stop(settings)


def require_equal(scraped: list[Row], truth: list[dict[str, str | float | bool | None]]) -> None:
    """Compare what was scraped with what the shop sells.

    Raises:
        ExecutionError: They differ.
    """
    wrong = [
        number for number, pair in enumerate(zip(scraped, truth, strict=False), start=1) if pair[0] != pair[1]
    ]
    if len(scraped) != len(truth) or wrong:
        where = f", the first difference in row {wrong[0]}" if wrong else ""
        raise ExecutionError(
            f"the shop has {len(truth)} books, and {len(scraped)} were scraped{where}", command="books"
        )


def books_table(rows: list[Row]) -> Table:
    """The rows for a person."""
    table = Table("title", "author", "category", box=None, pad_edge=False)
    for title in ("price", "rating", "in stock"):
        table.add_column(title, justify="right")
    for row in rows:
        rating = "" if row["rating"] is None else f"{row['rating']:.1f}"
        words = (Text(str(row[name])) for name in ("title", "author", "category"))
        table.add_row(*words, f"{row['price']:.2f}", rating, "yes" if row["in_stock"] else "no")
    return table


@contextlib.contextmanager
def _environment(directory: Path) -> Iterator[None]:
    """Let agent and client of this process meet in *directory*, and log there."""
    ours = {"CMDOP_RUNTIME_DIR": str(directory / "run"), "CMDOP_LOG_DIR": str(directory / "log")}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _stop(settings: Settings) -> None:
    from cmdop_browser.cli.inventory import State, look
    from cmdop_browser.cli.stopping import stop_agent

    agent = look(AGENT, settings)
    if agent.state is not State.STOPPED:
        stop_agent(agent, settings, timeout=None, force=True)
