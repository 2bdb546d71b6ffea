"""The commands, and the one place where their errors end."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING

import typer
from typer.main import get_command

from cmdop_browser.cli import agents, demo, doctor, pages, process, recipe, shell
from cmdop_browser.cli.exit_codes import ExitCode, UsageError, exit_code_of
from cmdop_browser.cli.output import Output, abandon_stdout
from cmdop_browser.exceptions import CMDOPError, InternalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = "cmdop-browser"

app = typer.Typer(
    name=PROGRAM,
    help="Scrape with browser sessions that live in an agent.",
    epilog=(
        "Exit codes: 0 done, 1 failed, 2 usage, 3 already running, 4 agent not started, "
        "5 no rows, 6 crashed again and again, 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("install")(process.install)
app.command("serve")(process.serve)
app.add_typer(agents.app, name="agents")
app.command("run")(recipe.run)
app.command("fetch")(pages.fetch)
app.command("screenshot")(pages.screenshot)
app.command("shell")(shell.shell)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def version(wanted: bool) -> None:
    """Print the version, if asked for, and leave."""
    if wanted:
        from cmdop_browser import __version__

        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: bool = typer.Option(
        False, "--version", callback=version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Scrape with browser sessions that live in an agent."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and turn whatever goes wrong into a message and an exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    flags = words[: words.index("--")] if "--" in words else words
    output = Output(as_json="--json" in flags)
    debug = "--debug" in flags
    try:
        with sigterm_interrupts():
            # Without standalone_mode typer raises usage errors and returns the code of an Exit.
            return int(get_command(app).main(words, prog_name=PROGRAM, standalone_mode=False) or ExitCode.OK)
    except typer.TyperException as error:
        return _usage(output, error)
    except CMDOPError as error:
        _trace(debug)
        output.error(error)
        return exit_code_of(error)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # noqa: BLE001 -- a person at a terminal gets a sentence, not a stack
        _trace(debug)
        output.error(_unexpected(error))
        return ExitCode.FAILED


@contextlib.contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, so that both leave nothing behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _usage(output: Output, error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    if type(error).__name__ == "NoArgsIsHelpError":
        output.text(error.format_message())
        return ExitCode.USAGE
    output.error(UsageError(error.format_message(), tips=(f"see: {command} --help",)))
    return ExitCode.USAGE


def _unexpected(error: Exception) -> InternalError:
    return InternalError(
        f"{type(error).__name__}: {error}",
        tips=("this is a fault of cmdop-browser: run it again with --debug and report what it prints",),
    )


def _trace(debug: bool) -> None:
    if debug:
        traceback.print_exc()


def _reader_left() -> int:
    # As in `cmdop-browser fetch URL | head`.
    abandon_stdout()
    return ExitCode.FAILED
