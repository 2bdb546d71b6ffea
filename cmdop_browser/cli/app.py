"""The commands, and the one place where their errors end."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

import typer
from typer.main import get_command

from cmdop_browser.cli import agents, demo, doctor, pages, process, recipe, shell
from cmdop_browser.cli.exit_codes import ExitCode, InterruptedCommandError, UsageError, exit_code_of
from cmdop_browser.cli.output import Output, OutputError, abandon_stdout
from cmdop_browser.exceptions import CMDOPError, InternalError

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def run(words: Sequence[str]) -> int:
    """Run the command line and turn whatever goes wrong into a message and an exit code.

    Raises:
        KeyboardInterrupt: It was interrupted; see `interrupted`.
    """
    output = _output(words)
    debug = "--debug" in _flags(words)
    try:
        # Without standalone_mode typer raises usage errors and returns the code of an Exit.
        code = get_command(app).main(list(words), prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        return _usage(output, error)
    except CMDOPError as error:
        _trace(debug)
        output.error(error)
        return exit_code_of(error)
    except typer.Abort as exc:  # what typer makes of it, in some versions
        raise KeyboardInterrupt from exc
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # noqa: BLE001 -- a person at a terminal gets a sentence, not a stack
        _trace(debug)
        output.error(_unexpected(error))
        return ExitCode.FAILED
    if code == ExitCode.INTERRUPTED:  # what it makes of it in others
        raise KeyboardInterrupt
    return int(code or ExitCode.OK)


def interrupted(words: Sequence[str]) -> ExitCode:
    """Tell a script that asked for JSON that it was interrupted; a person knows."""
    output = _output(words)
    if output.as_json:
        # Whoever reads it may have been interrupted, too.
        with contextlib.suppress(OutputError, BrokenPipeError):
            output.error(InterruptedCommandError(exit_code=ExitCode.INTERRUPTED))
    return ExitCode.INTERRUPTED


def _output(words: Sequence[str]) -> Output:
    return Output(as_json="--json" in _flags(words))


def _flags(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


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
