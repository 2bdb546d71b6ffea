"""The command line as people and cron run it: a process, its output, its exit code, what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil
import pytest

import cmdop_browser
from cmdop_browser import cli
from cmdop_browser.demo.catalog import rows as catalogue
from cmdop_browser.demo.server import DemoSite
from cmdop_browser.exceptions import error_from_dict
from cmdop_browser.wire.rendezvous import AgentPaths

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "cmdop_browser.cli"]
RECIPE = """
def recipe(client, *, url: str, times: int = 1):
    with client.browser.create_session() as session:
        for number in range(times):
            yield {"n": number, "status": session.navigate(url).status}
"""


@dataclass
class Shell:
    """Where commands run: a directory and a runtime directory of their own."""

    directory: Path
    runtime: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.directory,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def json(self, *words: str, code: int = 0, **environment: str) -> Any:
        done = self.run(*words, "--json", **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def recipe(self, source: str = RECIPE) -> str:
        path = self.directory / "some_recipe.py"
        path.write_text(source)
        return path.name

    def processes(self) -> list[psutil.Process]:
        """All that belongs to this place, by its environment."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return (
                process.pid != os.getpid() and process.environ().get("TMPDIR") == self.environment["TMPDIR"]
            )
        except psutil.Error:
            return False

    def sockets(self) -> list[Path]:
        places = [self.runtime, Path(self.environment["TMPDIR"])]
        return [path for place in places for path in place.rglob("*") if path.is_socket()]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    for name in ("work", "tmp"):
        (tmp_path / name).mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMDOP_")} | {
        "CMDOP_RUNTIME_DIR": str(tmp_path / "run"),
        "CMDOP_LOG_DIR": str(tmp_path / "log"),
        "CMDOP_CONFIG": str(tmp_path / "config.toml"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(ROOT),
    }
    (tmp_path / "config.toml").touch()
    place = Shell(tmp_path / "work", tmp_path / "run", environment)
    yield place
    place.run("agents", "stop", "--force")
    for process in place.started:
        process.kill()
        process.communicate()
    left = place.processes()
    for stray in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            stray.kill()
    assert left == []


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with DemoSite(latency=0.0) as site:
        yield site.url


def wait_until_line(stream: IO[str] | None, text: str) -> None:
    assert stream is not None
    for line in stream:
        if text in line:
            return
    pytest.fail(f"no line with {text!r}")


def record_of(shell: Shell, agent: str = "default") -> Path:
    return AgentPaths.of(agent, shell.runtime).record


# agents


def test_the_life_of_an_agent(shell: Shell) -> None:
    assert shell.json("agents", "list") == {"agents": []}
    assert shell.run("agents", "status").returncode == 1

    started = shell.json("agents", "start")
    assert started["state"] == "running"
    assert psutil.pid_exists(started["pid"])
    again = shell.json("agents", "start", code=3)
    assert again["error"]["code"] == "AGENT_EXISTS"

    (listed,) = shell.json("agents", "list")["agents"]
    assert (listed["name"], listed["state"], listed["pid"]) == ("default", "running", started["pid"])
    status = shell.json("agents", "status")
    assert (status["version"], status["sessions"]) == (cmdop_browser.__version__, [])
    assert "ready" in "\n".join(shell.json("agents", "logs")["lines"])

    assert shell.json("agents", "stop") == {"agent": "default", "outcome": "stopped"}
    assert not psutil.pid_exists(started["pid"])
    assert shell.json("agents", "stop", code=1)["error"]["code"] == "AGENT_NOT_RUNNING"
    assert shell.sockets() == []


def test_agents_of_other_names_are_others(shell: Shell) -> None:
    shell.json("agents", "start", "--agent", "nightly")
    assert shell.run("agents", "status").returncode == 1
    assert shell.run("agents", "status", "--agent", "nightly").returncode == 0
    assert shell.run("agents", "stop", "--agent", "nightly").returncode == 0


def test_tables_are_for_people(shell: Shell) -> None:
    shell.run("agents", "start")
    assert "default  running" in shell.run("agents", "list").stdout
    status = shell.run("agents", "status").stdout
    assert "sessions" in status
    assert "without its sandbox" in status or "in its sandbox" in status


def test_a_killed_agent_is_found_and_cleaned_up(shell: Shell) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.kill()
    agent.wait(10)
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["stale"]
    findings = shell.json("doctor", code=1)["findings"]
    (stale,) = [finding for finding in findings if finding["check"] == "agent default"]
    assert "stale discovery file" in stale["summary"]
    assert stale["fix"] == "cmdop-browser agents stop --agent default"
    assert shell.json("agents", "stop")["outcome"] == "cleaned up"
    assert not record_of(shell).exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_suspended_agent_is_named_and_can_be_ended(shell: Shell, force: bool) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.suspend()
    os.utime(record_of(shell), (time.time() - 60, time.time() - 60))
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["suspended"]
    findings = shell.json("doctor", code=1)["findings"]
    (asleep,) = [finding for finding in findings if finding["check"] == "agent default"]
    assert f"kill -CONT {agent.pid}" in asleep["fix"]
    assert shell.json("agents", "stop", *(["--force"] if force else []))["outcome"] == "stopped"


def test_attaching_leaves_the_agent_running(shell: Shell) -> None:
    pid = shell.json("agents", "start")["pid"]
    attached = shell.start("agents", "attach")
    wait_until_line(attached.stdout, f"agent default is running, process {pid}")
    attached.send_signal(signal.SIGINT)
    assert attached.wait(10) == 130
    assert psutil.pid_exists(pid)


def test_attaching_ends_with_the_agent(shell: Shell) -> None:
    shell.json("agents", "start")
    attached = shell.start("agents", "attach", "--json")
    wait_until_line(attached.stdout, '"state": "running"')
    shell.run("agents", "stop")
    wait_until_line(attached.stdout, '"state": "stopped"')
    assert attached.wait(10) == 0
    assert shell.run("agents", "attach").returncode == 1


def test_serve_is_the_agent_itself(shell: Shell) -> None:
    serving = shell.start("serve")
    wait_until_line(serving.stdout, "ready")
    assert shell.json("agents", "status")["pid"] == serving.pid
    assert shell.json("serve", code=3)["error"]["code"] == "AGENT_EXISTS"
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(20) == 0
    assert shell.sockets() == []


# run


def test_a_recipe_writes_its_rows(shell: Shell, site: str) -> None:
    done = shell.run("run", shell.recipe(), "--set", f"url={site}", "--set", "times=2", "-o", "rows.jsonl")
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
    assert not record_of(shell).exists()


def test_rows_go_to_stdout_without_a_file(shell: Shell, site: str) -> None:
    done = shell.run("run", shell.recipe(), "--set", f"url={site}")
    assert json.loads(done.stdout) == {"n": 0, "status": 200}
    document = shell.json("run", shell.recipe(), "--set", f"url={site}")
    assert (document["rows"], document["data"]) == (1, [{"n": 0, "status": 200}])


def test_a_recipe_without_rows_fails_and_leaves_the_file_of_before(shell: Shell, site: str) -> None:
    (shell.directory / "rows.jsonl").write_text("before\n")
    words = ("run", shell.recipe(), "--set", f"url={site}", "--set", "times=0", "-o", "rows.jsonl")
    assert shell.json(*words, code=5)["error"]["code"] == "EXECUTION_FAILED"
    assert (shell.directory / "rows.jsonl").read_text() == "before\n"
    assert shell.run(*words, "--allow-empty").returncode == 0
    assert (shell.directory / "rows.jsonl").read_text() == ""


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


def test_a_typed_error_of_a_recipe_reads_well(shell: Shell) -> None:
    words = ("run", shell.recipe(), "--set", "url=http://127.0.0.1:9/")
    done = shell.run(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("BrowserNavigationError: ")
    assert "Traceback" not in done.stderr
    error = error_from_dict(shell.json(*words, code=1)["error"])
    assert error.code == "BROWSER_NAVIGATION_FAILED"
    assert "Traceback" in shell.run(*words, "--debug").stderr


def test_an_interrupted_recipe_leaves_the_file_of_before(shell: Shell, site: str) -> None:
    source = RECIPE.replace("            yield", "            print('row', flush=True)\n            yield")
    (shell.directory / "rows.jsonl").write_text("before\n")
    words = ("--set", f"url={site}", "--set", "times=1000000", "-o", "rows.jsonl")
    for number in (signal.SIGINT, signal.SIGTERM):
        running = shell.start("run", shell.recipe(source), *words)
        wait_until_line(running.stdout, "row")
        running.send_signal(number)
        assert running.wait(20) == 130
    assert (shell.directory / "rows.jsonl").read_text() == "before\n"
    assert [path.name for path in shell.directory.glob(".rows*")] == []


# fetch, screenshot, shell


def test_fetch_prints_what_the_scripts_left(shell: Shell, site: str) -> None:
    done = shell.run("fetch", f"{site}/books", ".book .title", "--wait-for", ".book[data-sku]")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<")
    text = shell.run("fetch", f"{site}/", "h1", "--text").stdout
    assert text.strip()
    assert "<" not in text
    document = shell.json("fetch", f"{site}/", "-o", "page.html")
    assert (document["status"], document["output"]) == (200, "page.html")
    assert "</html>" in (shell.directory / "page.html").read_text()


def test_fetch_fails_on_an_error_status(shell: Shell, site: str) -> None:
    failed = shell.json("fetch", f"{site}/no-such-page", code=1)
    assert failed["error"]["details"]["status"] == 404
    assert shell.json("fetch", f"{site}/no-such-page", "--any-status")["status"] == 404


def test_screenshots_are_written(shell: Shell, site: str) -> None:
    document = shell.json("screenshot", f"{site}/")
    picture = shell.directory / document["output"]
    assert picture.name == "127.0.0.1.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert document["bytes"] == picture.stat().st_size
    assert shell.run("screenshot", f"{site}/", "-o", "a.jpg", "--selector", "h1").returncode == 0
    assert (shell.directory / "a.jpg").read_bytes().startswith(b"\xff\xd8")


def test_a_shell_needs_a_terminal(shell: Shell, site: str) -> None:
    done = shell.run("shell", site)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_a_shell_has_client_and_session(shell: Shell, site: str) -> None:
    leader, follower = pty.openpty()
    prompt = subprocess.Popen(
        [*COMMAND, "shell", site],
        cwd=shell.directory,
        env=shell.environment | {"TERM": "dumb", "IPYTHONDIR": str(shell.directory)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    try:
        read_until(leader, "In [1]")
        os.write(leader, b"'answer-' + str(session.dom.count('h1') + len(client.browser.list_sessions()))\n")
        read_until(leader, "answer-2")
        os.write(leader, b"exit()\n")
        assert prompt.wait(20) == 0
    finally:
        prompt.kill()
        prompt.wait()
        os.close(leader)


def read_until(fd: int, text: str) -> None:
    seen = ""
    while text not in seen:
        assert select.select([fd], [], [], 30)[0], seen
        seen += os.read(fd, 4096).decode("utf-8", "replace")


# doctor


def test_doctor_finds_nothing_wrong_here(shell: Shell) -> None:
    report = shell.json("doctor")
    assert report["ok"] is True
    checks = {finding["check"] for finding in report["findings"]}
    assert {"settings", "browser", "sandbox", "shared memory", "runtime directory"} <= checks


def test_doctor_names_a_missing_browser(shell: Shell) -> None:
    findings = shell.json("doctor", code=1, CMDOP_BROWSER_PATH="/nowhere/chromium")["findings"]
    (browser,) = [finding for finding in findings if finding["check"] == "browser"]
    assert browser["level"] == "problem"
    assert "/nowhere/chromium" in browser["summary"]
    assert browser["fix"]


@pytest.mark.parametrize("program", ["/bin/false", "/bin/true", "/bin/cat"])
def test_doctor_names_a_program_that_is_no_browser(shell: Shell, program: str) -> None:
    findings = shell.json("doctor", code=1, CMDOP_BROWSER_PATH=program)["findings"]
    (browser,) = [finding for finding in findings if finding["check"] == "browser"]
    assert browser["level"] == "problem"
    assert f"{program} (configured) does not run as a Chromium" in browser["summary"]
    assert "CMDOP_BROWSER_PATH" in browser["fix"]


def test_doctor_names_a_foreign_directory(shell: Shell) -> None:
    shell.runtime.mkdir(0o755)
    findings = shell.json("doctor", code=1)["findings"]
    (foreign,) = [finding for finding in findings if finding["check"] == "runtime directory"]
    assert (foreign["level"], foreign["fix"]) == ("problem", f"chmod 700 {shell.runtime}")


def test_doctor_names_a_wrong_setting(shell: Shell) -> None:
    done = shell.run("doctor", CMDOP_TIMEOUT="soon")
    assert done.returncode == 1
    assert "CMDOP_TIMEOUT" in done.stdout


def test_doctor_names_version_skew(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.json("agents", "start")
    for name in ("CMDOP_RUNTIME_DIR", "PYTHONPATH"):
        monkeypatch.setenv(name, shell.environment[name])
    monkeypatch.setattr(cmdop_browser, "__version__", "99.0")
    assert cli.main(["doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    (skew,) = [finding for finding in findings if finding["check"] == "version of agent default"]
    assert "99.0" in skew["summary"]
    assert "agents stop --agent default && cmdop-browser agents start" in skew["fix"]


def test_no_browser_is_an_exit_code_of_its_own(shell: Shell, site: str) -> None:
    failed = shell.json("fetch", site, code=4, CMDOP_BROWSER_PATH="/nowhere/chromium")
    assert failed["error"]["code"] == "BROWSER_NOT_INSTALLED"


# install, demo


def test_install_says_which_browser_is_used(shell: Shell) -> None:
    report = shell.json("install")
    assert Path(report["used"]).exists()
    assert report["used"] in shell.run("install").stdout


def test_the_demo_scrapes_every_book_and_leaves_nothing_behind(shell: Shell) -> None:
    document = shell.json("demo", "--output-dir", "out")
    assert (document["rows"], document["of"]) == (60, 60)
    rows = [json.loads(line) for line in (shell.directory / "out" / "books.jsonl").read_text().splitlines()]
    base = rows[0]["url"].partition("/books/")[0]
    assert rows == catalogue(base)
    assert (shell.directory / "out" / "books.png").read_bytes().startswith(b"\x89PNG")
    assert shell.processes() == []
    assert shell.sockets() == []
    assert list(Path(shell.environment["TMPDIR"]).glob("cmdop*")) == []


def test_the_demo_shows_a_table(shell: Shell) -> None:
    done = shell.run("demo")
    assert done.returncode == 0, done.stderr
    assert "60 of 60 books" in done.stderr
    assert len(done.stdout.splitlines()) == 61


def test_an_interrupted_demo_leaves_nothing_behind(shell: Shell) -> None:
    running = shell.start("demo")
    wait_until_line(running.stdout, "the shop is open")
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 130
    assert shell.processes() == []
    assert shell.sockets() == []
