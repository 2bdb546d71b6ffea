"""What a browser that does not start says, read."""

from __future__ import annotations

import os

import pytest

from agent_bridge.diagnosis.launch import launch_failure

CLOSED = "BrowserType.launch: Target page, context or browser has been closed\nBrowser logs:\n\n"
LAUNCHING = "<launching> /opt/chromium --disable-field-trial-config --no-first-run\n<launched> pid=42\n"


@pytest.mark.parametrize(
    ("message", "reason", "tip"),
    [
        (
            CLOSED
            + LAUNCHING
            + "[pid=42][err] /opt/chromium: error while loading shared libraries: libnss3.so: cannot open",
            "the library libnss3.so is missing",
            "playwright install-deps chromium",
        ),
        (
            CLOSED
            + "Chromium sandboxing failed!\nCall log:\n  - [pid=42][err] [1121/0.1:ERROR:zygote_host.cc:103] "
            "Running as root without --no-sandbox is not supported. See https://crbug.com/638180.\n",
            "Chromium's sandbox does not work for root",
            "CMDOP_SANDBOX",
        ),
        (
            CLOSED
            + LAUNCHING
            + "[pid=42][err] [1:FATAL:zygote_host_impl.cc(128)] No usable sandbox! If you are",
            "Chromium's sandbox is not allowed here",
            "CMDOP_SANDBOX=off",
        ),
        (
            CLOSED + LAUNCHING + "[pid=42][err] [1:ERROR:x.cc] first\n[pid=42][err] no room left on device\n",
            "it said: no room left on device",
            "cmdop-browser doctor",
        ),
        (
            CLOSED + LAUNCHING + "[pid=42] <process did exit: exitCode=7, signal=null>",
            "it ended with exit code 7",
            "cmdop-browser doctor",
        ),
        (
            CLOSED + LAUNCHING + "[pid=42] <process did exit: exitCode=null, signal=SIGILL>",
            "it was ended by SIGILL",
            "cmdop-browser install",
        ),
        (CLOSED + LAUNCHING, "Target page, context or browser has been closed", "cmdop-browser install"),
        (
            "BrowserType.launch: Failed to launch: Error: spawn /etc/passwd EACCES\nCall log:\n",
            "Failed to launch: Error: spawn /etc/passwd EACCES",
            "cmdop-browser install",
        ),
    ],
)
def test_reasons(message: str, reason: str, tip: str) -> None:
    failure = launch_failure(message)
    assert failure.reason == reason
    assert tip in "\n".join(failure.tips)


@pytest.mark.parametrize(("uid", "start"), [(0, ""), (1000, "sudo ")])
def test_commands_for_root_say_so_to_others(uid: int, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    tip = launch_failure("error while loading shared libraries: libx.so: cannot open").tips[0]
    assert tip.startswith(f"install what is missing: {start}/")
