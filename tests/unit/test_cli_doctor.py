"""Each check of doctor, once for good and once for bad."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Literal

import pytest

from cmdop_browser.cli.doctor import agents, browser, failing, machine, report
from cmdop_browser.cli.doctor.finding import Finding, Level, ok, problem, warning
from cmdop_browser.cli.inventory import Agent, State
from cmdop_browser.models import AgentInfo, BrowserInfo, Pressure

if TYPE_CHECKING:
    from pathlib import Path

NO_SWITCHES: dict[Path, str] = {}


@pytest.fixture
def switch(tmp_path: Path) -> dict[Path, str]:
    path = tmp_path / "unprivileged_userns_clone"
    path.write_text("0\n")
    return {path: "0"}


@pytest.mark.parametrize(
    ("setting", "uid", "level"),
    [
        ("auto", 1000, Level.OK),
        ("on", 1000, Level.OK),
        ("off", 1000, Level.WARNING),
        ("auto", 0, Level.WARNING),
        ("on", 0, Level.PROBLEM),
    ],
)
def test_sandbox(setting: Literal["auto", "on", "off"], uid: int, level: Level) -> None:
    finding = machine.check_sandbox(setting, uid=uid, switches=NO_SWITCHES)
    assert finding.level is level
    assert bool(finding.fix) == (level is not Level.OK)


@pytest.mark.parametrize(("setting", "level"), [("auto", Level.WARNING), ("on", Level.PROBLEM)])
def test_a_kernel_that_forbids_the_sandbox(
    switch: dict[Path, str], setting: Literal["auto", "on"], level: Level
) -> None:
    finding = machine.check_sandbox(setting, uid=1000, switches=switch)
    assert finding.level is level
    assert "sysctl -w kernel.unprivileged_userns_clone=1" in finding.fix


def test_a_sandbox_that_was_tried() -> None:
    tried = machine.check_sandbox("auto", works=False, uid=1000, switches=NO_SWITCHES)
    assert tried.level is Level.WARNING
    assert "chromium-sandbox" in tried.fix


def test_a_sandbox_that_works_in_spite_of_the_kernel(switch: dict[Path, str]) -> None:
    assert machine.check_sandbox("auto", works=True, uid=1000, switches=switch).level is Level.OK


def test_shared_memory(tmp_path: Path) -> None:
    assert machine.check_shared_memory(tmp_path, least=1).level is Level.OK
    small = machine.check_shared_memory(tmp_path, least=10**18)
    assert small.level is Level.WARNING
    assert "--shm-size" in small.fix
    assert machine.check_shared_memory(tmp_path / "missing").level is Level.PROBLEM


def test_open_files() -> None:
    assert machine.check_open_files(4096).level is Level.OK
    assert machine.check_open_files(resource.RLIM_INFINITY).level is Level.OK
    few = machine.check_open_files(256)
    assert few.level is Level.WARNING
    assert few.fix == "ulimit -n 4096"


def test_memory() -> None:
    assert machine.check_memory(10**10).level is Level.OK
    assert machine.check_memory(10**8).level is Level.WARNING


def test_disk(tmp_path: Path) -> None:
    assert machine.check_disk(tmp_path, least=1).level is Level.OK
    assert machine.check_disk(tmp_path, least=10**18).level is Level.WARNING
    assert machine.check_disk(tmp_path / "missing").level is Level.PROBLEM


def test_a_runtime_directory_of_ones_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert agents.check_runtime_directory(tmp_path).level is Level.OK


def test_a_runtime_directory_that_will_be_made(tmp_path: Path) -> None:
    finding = agents.check_runtime_directory(tmp_path / "cmdop")
    assert finding.level is Level.OK
    assert "will be made" in finding.summary


def test_a_runtime_directory_that_is_open_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    finding = agents.check_runtime_directory(tmp_path)
    assert finding.level is Level.PROBLEM
    assert finding.fix == f"chmod 700 {tmp_path}"


def test_a_runtime_directory_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cmdop"
    path.touch()
    finding = agents.check_runtime_directory(path)
    assert (finding.level, finding.fix) == (Level.PROBLEM, f"rm {path}")


def test_a_runtime_directory_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    finding = agents.check_runtime_directory(tmp_path)
    assert finding.level is Level.PROBLEM
    assert "belongs to user" in finding.summary
    assert "chown" in finding.fix
    assert "CMDOP_RUNTIME_DIR" in finding.fix


def test_a_runtime_directory_that_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may do everything
    assert agents.check_runtime_directory(tmp_path).level is Level.PROBLEM
    assert agents.check_runtime_directory(tmp_path / "cmdop").level is Level.PROBLEM


@pytest.mark.parametrize(
    ("state", "level", "fix"),
    [
        (State.RUNNING, Level.OK, ""),
        (State.STOPPED, Level.OK, ""),
        (State.STALE, Level.PROBLEM, "cmdop-browser agents stop --agent a"),
        (State.SUSPENDED, Level.PROBLEM, "kill -CONT 7"),
        (State.FOREIGN, Level.PROBLEM, "CMDOP_RUNTIME_DIR"),
    ],
)
def test_agents(state: State, level: Level, fix: str) -> None:
    finding = agents.check_agent(Agent("a", state, pid=7, remark="as seen"))
    assert finding.level is level
    assert fix in finding.fix


def test_version_skew() -> None:
    assert agents.check_version("a", info("1.0"), "1.0").level is Level.OK
    finding = agents.check_version("a", info("0.9"), "1.0")
    assert finding.level is Level.WARNING
    assert "0.9" in finding.summary
    assert "agents restart --agent a" in finding.fix


def test_browser() -> None:
    good = browser.check_browser(
        {"used": "/usr/bin/chromium", "kind": "system chromium", "version": "156.0.1.2"}
    )
    assert (good.level, good.summary) == (Level.OK, "/usr/bin/chromium (system chromium), 156.0.1.2")
    silent = browser.check_browser({"used": "/usr/bin/chromium", "kind": "system chromium", "version": None})
    assert (silent.level, silent.fix) == (
        Level.WARNING,
        "see whether it runs: /usr/bin/chromium --version",
    )
    bad = browser.check_browser(
        {"error": {"message": "no browser", "tips": ["install one: cmdop-browser install"]}}
    )
    assert (bad.level, bad.summary, bad.fix) == (
        Level.PROBLEM,
        "no browser",
        "install one: cmdop-browser install",
    )


def test_warnings_fail_only_where_asked() -> None:
    good, fair, bad = ok("a", ""), warning("b", "", "f"), problem("c", "", "f")
    assert failing([good, fair], strict=False) == []
    assert failing([good, fair], strict=True) == [fair]
    assert failing([good, fair, bad], strict=False) == [bad]


def test_the_report_shows_each_fix_below_what_it_mends() -> None:
    text = report([ok("a", "fine"), Finding("b", Level.PROBLEM, "broken", "mend it")]).plain
    assert text.splitlines() == ["ok       a: fine", "problem  b: broken", "         fix: mend it"]


def info(version: str) -> AgentInfo:
    return AgentInfo(
        agent="a",
        instance_id="i",
        version=version,
        protocol=(1, 1),
        capabilities=frozenset(),
        pid=7,
        uptime=1.0,
        browser=BrowserInfo(executable="/usr/bin/chromium", version=None, sandboxed=True),
        pressure=Pressure(limit=1, active=0, queued=0, draining=False),
    )
