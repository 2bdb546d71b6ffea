"""Recipes by the command line: their rows, their files, their errors."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import error_from_dict
from tests.process.shell import RECIPE, wait_until_line

if TYPE_CHECKING:
    from tests.process.shell import Shell

# The command, and it is not done with importing what it needs before it was interrupted.
SLOW_START = """
import sys
import threading

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            sys.meta_path.remove(self)
            print("begun", flush=True)
            threading.Event().wait()

from cmdop_browser.cli import main

sys.meta_path.insert(0, Slow())
sys.argv[1:] = ["agents", "list", "--json"]
sys.exit(main())
"""


def test_a_recipe_writes_its_rows(shell: Shell, shop: str) -> None:
    done = shell.run("run", shell.recipe(), "--set", f"url={shop}", "--set", "times=2", "-o", "rows.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "some_recipe: 2 rows" in done.stderr
    lines = (shell.directory / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"n": 0, "status": 200}, {"n": 1, "status": 200}]


@pytest.mark.parametrize("place", ["missing/rows.jsonl", "/dev/null"])
def test_a_file_that_cannot_be_written_is_refused_before_the_recipe_runs(shell: Shell, place: str) -> None:
    recipe = shell.recipe("def recipe(client):\n    open('ran', 'w').close()\n    yield {}\n")
    error = shell.json("run", recipe, "-o", place, code=1)["error"]
    assert error["code"].startswith("FILE_")
    assert "--output" in error["tips"][0]
    assert not (shell.directory / "ran").exists()
    assert not shell.record().exists()


def test_rows_go_to_stdout_without_a_file(warm_shell: Shell, shop: str) -> None:
    done = warm_shell.run("run", warm_shell.recipe(), "--set", f"url={shop}")
    assert json.loads(done.stdout) == {"n": 0, "status": 200}
    document = warm_shell.json("run", warm_shell.recipe(), "--set", f"url={shop}")
    assert (document["rows"], document["data"]) == (1, [{"n": 0, "status": 200}])


def test_a_recipe_without_rows_fails_and_leaves_the_file_of_before(warm_shell: Shell, shop: str) -> None:
    (warm_shell.directory / "rows.jsonl").write_text("before\n")
    words = ("run", warm_shell.recipe(), "--set", f"url={shop}", "--set", "times=0", "-o", "rows.jsonl")
    assert warm_shell.json(*words, code=5)["error"]["code"] == "EXECUTION_FAILED"
    assert (warm_shell.directory / "rows.jsonl").read_text() == "before\n"
    assert warm_shell.run(*words, "--allow-empty").returncode == 0
    assert (warm_shell.directory / "rows.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "uri=x"), "has no option 'uri'; there are: url, times"),
        ((), "needs: --set url=…"),
        (("--set", "url=x", "--set", "times=many"), "option 'times'"),
        (("--set", "url=x", "--screenshot", "a.png"), "takes no screenshot"),
    ],
)
def test_wrong_options_start_nothing(shell: Shell, words: tuple[str, ...], message: str) -> None:
    done = shell.run("run", shell.recipe(), *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert shell.json("agents", "list") == {"agents": []}


def test_a_typed_error_of_a_recipe_reads_well(warm_shell: Shell) -> None:
    words = ("run", warm_shell.recipe(), "--set", "url=http://127.0.0.1:9/")
    done = warm_shell.run(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("BrowserNavigationError: ")
    assert "Traceback" not in done.stderr
    error = error_from_dict(warm_shell.json(*words, code=1)["error"])
    assert error.code == "BROWSER_NAVIGATION_FAILED"
    assert "Traceback" in warm_shell.run(*words, "--debug").stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_so_to_a_script_once(
    warm_shell: Shell, shop: str, number: signal.Signals
) -> None:
    source = RECIPE.replace(
        "            yield",
        "            print('row', file=__import__('sys').stderr, flush=True)\n            yield",
    )
    words = ("--set", f"url={shop}", "--set", "times=1000000", "--json")
    running = warm_shell.start("run", warm_shell.recipe(source), *words)
    wait_until_line(running.stdout, "row")
    for _ in range(3):  # whoever is impatient
        running.send_signal(number)
    rest, _ = running.communicate(timeout=20)
    assert running.returncode == 130
    (document,) = [line for line in rest.splitlines() if line != "row"]
    assert "interrupted" in error_from_dict(json.loads(document)["error"]).message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_before_it_begins_shows_no_traceback(
    shell: Shell, number: signal.Signals
) -> None:
    starting = shell.start_python(SLOW_START)
    wait_until_line(starting.stdout, "begun")
    starting.send_signal(number)
    rest, _ = starting.communicate(timeout=20)
    assert starting.returncode == 130
    assert "interrupted" in error_from_dict(json.loads(rest)["error"]).message


def test_an_interrupted_recipe_leaves_the_file_of_before(warm_shell: Shell, shop: str) -> None:
    source = RECIPE.replace("            yield", "            print('row', flush=True)\n            yield")
    (warm_shell.directory / "rows.jsonl").write_text("before\n")
    words = ("--set", f"url={shop}", "--set", "times=1000000", "-o", "rows.jsonl")
    for number in (signal.SIGINT, signal.SIGTERM):
        running = warm_shell.start("run", warm_shell.recipe(source), *words)
        wait_until_line(running.stdout, "row")
        running.send_signal(number)
        assert running.wait(20) == 130
    assert (warm_shell.directory / "rows.jsonl").read_text() == "before\n"
    assert [path.name for path in warm_shell.directory.glob(".rows*")] == []
