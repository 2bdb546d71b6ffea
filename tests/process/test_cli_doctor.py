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


def test_a_browser_that_does_not_start_is_told_until_one_does(shell: Shell, shop: str) -> None:
    real = shell.json("install")["used"]
    browser = shell.directory / "chromium"
    browser.write_text("#!/bin/sh\necho no flour left >&2\nexit 1\n")
    browser.chmod(0o755)
    shell.json("agents", "start", CMDOP_BROWSER_PATH=str(browser))
    assert shell.run("fetch", shop).returncode != 0
    told = shell.json("agents", "status")["browser"]
    assert told["failed_starts"] >= 1
    assert "no flour left" in told["start_failure"]["problem"]
    shown = shell.run("agents", "status").stdout
    assert "no flour left" in shown
    assert f"fix: {told['start_failure']['tips'][0]}" in shown
    findings = shell.json("doctor", code=1)["findings"]
    (found,) = [finding for finding in findings if finding["check"] == "browser of agent default"]
    assert (found["level"], found["summary"]) == ("problem", told["start_failure"]["problem"])
    assert found["fix"]

    browser.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    assert shell.run("fetch", shop).returncode == 0
    well = shell.json("agents", "status")["browser"]
    assert well["start_failure"] is None
    assert well["failed_starts"] >= told["failed_starts"]


def test_no_browser_is_an_exit_code_of_its_own(shell: Shell, shop: str) -> None:
    failed = shell.json("fetch", shop, code=4, CMDOP_BROWSER_PATH="/nowhere/chromium")
    assert failed["error"]["code"] == "BROWSER_NOT_INSTALLED"
