"""Whatever README and docs tell people to run does run, in the order in which they read it.

Blocks of one document share their names and their directory, as cells of a notebook
do. A ``text`` block right after Python shows what that prints.
"""

from __future__ import annotations

import configparser
import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from typer.main import get_command

from cmdop_browser import cli
from cmdop_browser.cli.app import app
from cmdop_browser.cli.exit_codes import ExitCode
from cmdop_browser.exceptions import ERROR_CLASSES
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord
from tests.agents import end_at_once
from tests.process.container import Container
from tests.waiting import eventually
from tools import error_docs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# Where the documents say that the demo shop is.
SHOP = "http://127.0.0.1:8080"
# Only parsed: they end when somebody ends them, or change the machine.
NOT_RUN = {"serve", "shell", "install", "attach"}

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CLI = re.compile(r"(?:\S*/)?\bcmdop-browser\b(?= )")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 2) for m in _BLOCK.finditer(text)]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory like a checkout, with an agent of its own."""
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("CMDOP_LOG_DIR", str(tmp_path / "log"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(sys, "path", list(sys.path))
    directory = tmp_path / "checkout"
    directory.mkdir()
    (directory / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(directory)
    modules = set(sys.modules)
    yield directory
    with contextlib.suppress(FileNotFoundError):  # clients of these blocks stay open, as in a notebook
        end_at_once(
            psutil.Process(DiscoveryRecord.read(AgentPaths.of("default", tmp_path / "run").record).pid)
        )
    cli.main(["agents", "stop", "--force"])
    for name in set(sys.modules) - modules:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(ROOT / "recipes"):
            del sys.modules[name]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_runs(document: Path, shop: str, workplace: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    before: Block | None = None
    printed = ""
    for block in blocks(document):
        place = f"{document.name}:{block.line}"
        match block.language:
            case "python":
                printed = run_python(block.text.replace(SHOP, shop), place, names).replace(shop, SHOP)
            case "console":
                for command in commands(block.text):
                    run_command(command.replace(SHOP, shop), place)
            case "crontab":
                for command in cron_commands(block.text):
                    run_command(command.replace(SHOP, shop).replace("/srv/shop", str(workplace)), place)
            case "ini":
                check_unit(block.text, workplace)
            case "sh":
                run_entrypoint(block.text, workplace)
            case "toml":
                Settings(**tomllib.loads(block.text))
            case "text" if before is not None and before.language == "python":
                assert printed == block.text, f"{place}: the output is another one"
            case "text" | "mermaid":
                pass
            case other:
                pytest.fail(f"{place}: a block of {other or 'no language'} that no test runs")
        before = block


def run_python(source: str, place: str, names: dict[str, Any]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, place, "exec"), names)
    return output.getvalue()


def commands(text: str) -> list[str]:
    lines = text.splitlines()
    assert all(line.startswith("$ ") for line in lines), "console blocks hold commands only"
    return [line.removeprefix("$ ") for line in lines]


def cron_commands(text: str) -> list[str]:
    return [line.split(maxsplit=5)[5] for line in text.splitlines()]


def run_command(command: str, place: str) -> None:
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), command
        return
    if words[0] == "cmdop-browser" and NOT_RUN & set(words):
        parse(words[1:])
        return
    line, count = _CLI.subn(f"{shlex.quote(sys.executable)} -m cmdop_browser.cli", command)
    assert count == 1, f"{place}: {command}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line], capture_output=True, text=True, check=False
    )
    # doctor may have found something about the machine that the tests run on.
    assert done.returncode in ({0, 1} if "doctor" in words else {0}), f"{place}: {command}\n{done.stderr}"


def check_unit(text: str, workplace: Path) -> None:
    """Hold a unit to systemd's own check, with the program where the unit says that it is."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    words = shlex.split(parser["Service"]["ExecStart"])
    assert Path(words[0]).name == "cmdop-browser"
    parse(words[1:])
    closing = Settings().drain_timeout + 10
    assert float(parser["Service"]["TimeoutStopSec"]) > closing
    codes = parser["Service"]["RestartPreventExitStatus"].split()
    assert {ExitCode(int(code)) for code in codes} == {
        ExitCode.USAGE,
        ExitCode.ALREADY_RUNNING,
        ExitCode.AGENT_NOT_STARTED,
    }
    if shutil.which("systemd-analyze") is None:  # the machine has no systemd
        return
    program = Path(sys.executable).with_name("cmdop-browser")
    assert program.exists()
    unit = workplace / "agent.service"
    unit.write_text(text.replace(words[0], str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    # It also looks at the units of the machine that this one depends on.
    complaints = [line for line in done.stderr.splitlines() if "agent.service" in line]
    assert complaints == []


def run_entrypoint(script: str, workplace: Path) -> None:
    """Run a container's entry point as process 1, until it has an agent, and end it."""
    path = workplace / "entrypoint.sh"
    path.write_text(script)
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with Container(["sh", str(path)], os.environ | {"AGENT": "boxed", "PATH": binaries}) as container:
        record = AgentPaths.of("boxed", Path(os.environ["CMDOP_RUNTIME_DIR"])).record
        eventually(record.exists, within=30.0)
        container.first.terminate()
        assert container.wait() == 0
    assert not record.exists()


def parse(words: list[str]) -> None:
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    command.make_context(command.name, list(words))


def test_the_tables_of_errors_are_those_of_the_code() -> None:
    page = error_docs.PAGE.read_text(encoding="utf-8")
    assert sorted(error_docs.regions(page)) == sorted(error_docs.TABLES)
    assert error_docs.with_tables(page) == page, "run: make gen"
    assert all(f"`{code}`" in page for code in ERROR_CLASSES)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", page, re.MULTILINE)
    assert [name for name, _ in documented] == list(Settings.model_fields)
    for name, default in documented:
        value = Settings.model_fields[name].default
        if value is not None:
            assert default.strip("`") == (f'"{value}"' if isinstance(value, str) else str(value)), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target
