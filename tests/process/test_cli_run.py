"""Recipes by the command line: their rows, their files, their errors."""

from __future__ import annotations

import ast
import json
import signal
from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import error_from_dict
from tests.process.shell import RECIPE, wait_until_line

if TYPE_CHECKING:
    from tests.process.shell import Shell

# The command, and it is not done with importing what it needs before it was signalled so often.
SLOW_START = """
import os
import signal
import sys

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            sys.meta_path.remove(self)
            for _ in range({times}):
                print("begun", flush=True)
                os.read(signalled, 1)

signalled, wakes = os.pipe()
os.set_blocking(wakes, False)
signal.set_wakeup_fd(wakes)

from cmdop_browser.cli import main

sys.meta_path.insert(0, Slow())
sys.argv[1:] = ["agents", "list", "--json"]
sys.exit(main())
"""

# A program that is interrupted at the import of one of its modules.
INTERRUPTED = """
import os
import runpy
import signal
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = {words!r}
runpy.run_module({program!r}, run_name="__main__", alter_sys=True)
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
    for times in (1, 2):
        starting = shell.start_python(SLOW_START.format(times=times))
        for _ in range(times):
            wait_until_line(starting.stdout, "begun")
            starting.send_signal(number)
        rest, _ = starting.communicate(timeout=20)
        assert starting.returncode == 130
        assert "interrupted" in error_from_dict(json.loads(rest)["error"]).message


@pytest.mark.parametrize(
    ("program", "words", "module"),
    [
        ("cmdop_browser", ["agents", "list"], "cmdop_browser.cli.interrupts"),
        ("cmdop_browser.cli", ["agents", "list"], "typer"),
        ("cmdop_browser", ["serve"], "cmdop_browser._spawn"),
        ("agent_bridge", ["serve"], "agent_bridge.commands"),
        ("agent_bridge", ["browsers"], "cmdop_browser.settings"),
        ("agent_bridge", ["serve"], "agent_bridge.startup"),
        ("agent_bridge", ["serve"], "agent_bridge.server"),
    ],
)
def test_nothing_shows_a_traceback_that_is_interrupted_while_it_loads(
    shell: Shell, program: str, words: list[str], module: str
) -> None:
    loading = shell.start_python(INTERRUPTED.format(program=program, words=words, module=module))
    said, _ = loading.communicate(timeout=60)
    assert (loading.returncode, "Traceback" in said) == (130, False), said


def test_a_command_can_be_interrupted_before_it_loads_anything(shell: Shell) -> None:
    script = "import sys; before = {*sys.modules}; import cmdop_browser.cli; print({*sys.modules} - before)"
    said, _ = shell.start_python(script).communicate(timeout=60)
    assert ast.literal_eval(said) <= {
        "__future__", "cmdop_browser", "cmdop_browser._version", "cmdop_browser.cli"
    }  # fmt: skip


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
