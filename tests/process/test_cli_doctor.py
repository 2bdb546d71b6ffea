"""What ``doctor`` finds, by the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import cmdop_browser
from cmdop_browser import cli

if TYPE_CHECKING:
    from tests.process.shell import Shell


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
    # A minor version is no problem: the two work together.
    assert cli.main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    (skew,) = [finding for finding in findings if finding["check"] == "version of agent default"]
    assert "99.0" in skew["summary"]
    assert skew["level"] == "warning"
    assert skew["fix"] == "cmdop-browser agents restart --agent default"


def test_no_browser_is_an_exit_code_of_its_own(shell: Shell, shop: str) -> None:
    failed = shell.json("fetch", shop, code=4, CMDOP_BROWSER_PATH="/nowhere/chromium")
    assert failed["error"]["code"] == "BROWSER_NOT_INSTALLED"
