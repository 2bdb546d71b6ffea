"""What goes to stdout and what to stderr, and which exit code goes with it."""

from __future__ import annotations

import json
import os
import signal

import pytest
import typer

from cmdop_browser import cli
from cmdop_browser.cli import app as cli_app
from cmdop_browser.cli.exit_codes import ExitCode, NoRowsError, UsageError, exit_code_of
from cmdop_browser.cli.output import Output
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentStartError,
    BrowserNotInstalledError,
    BrowserTimeoutError,
    CMDOPError,
    ConfigurationError,
    error_from_dict,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CMDOPError("x"), 1),
        (BrowserTimeoutError("x"), 1),
        (UsageError("x"), 2),
        (ConfigurationError("x"), 2),
        (AgentExistsError("x"), 3),
        (AgentStartError("x"), 4),
        (BrowserNotInstalledError("x"), 4),
        (NoRowsError("x"), 5),
    ],
)
def test_exit_codes(error: CMDOPError, code: int) -> None:
    assert exit_code_of(error) == code


def test_an_error_reads_as_a_message_with_tips(capsys: pytest.CaptureFixture[str]) -> None:
    Output().error(BrowserTimeoutError("took [too] long", tips=("wait",)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "BrowserTimeoutError: took [too] long\n  tips:\n    - wait\n"


def test_an_error_as_json_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    error = BrowserTimeoutError("took long", timeout_seconds=1.0, tips=("wait",))
    Output(as_json=True).error(error)
    out, err = capsys.readouterr()
    assert err == ""
    read = error_from_dict(json.loads(out)["error"])
    assert (type(read), read.to_dict()) == (BrowserTimeoutError, error.to_dict())


@pytest.mark.parametrize(
    "words", [["bogus"], ["fetch"], ["fetch", "--bogus", "u"], ["agents", "stop", "--agent", ".."]]
)
def test_usage_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("UsageError: ")
    assert "--help" in err


def test_usage_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch", "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "BAD_REQUEST"


def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMDOP_TIMEOUT", "soon")
    assert cli.main(["agents", "list"]) == ExitCode.USAGE
    assert "CMDOP_TIMEOUT" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--help"], ["agents"], ["run", "--help"], ["--version"]])
def test_help_goes_to_stdout(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(words)
    assert code == (ExitCode.OK if words and words[-1].startswith("--") else ExitCode.USAGE)
    assert "cmdop-browser" in capsys.readouterr().out


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A command line of our own behind the same error boundary."""
    other = typer.Typer()
    other.callback()(lambda: None)
    monkeypatch.setattr(cli_app, "app", other)
    return other


def test_a_fault_of_ours_is_a_sentence_unless_debug(
    command: typer.Typer, capsys: pytest.CaptureFixture[str]
) -> None:
    @command.command()
    def break_down(*, debug: bool = False) -> None:
        raise KeyError("price")

    assert cli.main(["break-down"]) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert err.startswith("InternalError: KeyError: 'price'")
    assert "Traceback" not in err
    assert cli.main(["break-down", "--debug"]) == ExitCode.FAILED
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_signals_interrupt(
    command: typer.Typer,
    number: signal.Signals,
    times: int,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Who starts the tests in the background of a shell has them ignore SIGINT.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, usual))

    @command.command()
    def work(*, json: bool = False) -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            if times == 2:
                os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["work"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().out == ""
    assert cli.main(["work", "--json"]) == ExitCode.INTERRUPTED
    error = error_from_dict(json.loads(capsys.readouterr().out)["error"])
    assert (error.code, error.message) == (
        "EXECUTION_FAILED",
        "the command was interrupted by Ctrl-C or SIGTERM",
    )
    assert signal.getsignal(signal.SIGTERM) is before
