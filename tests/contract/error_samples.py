"""Each class of the error tree with every field set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cmdop_browser.exceptions import (
    ERROR_CLASSES,
    Artifact,
    Candidate,
    CloseReason,
    CMDOPError,
    ElementCause,
    Evidence,
    NavigationCause,
    Outcome,
    PageSnapshot,
)

EVIDENCE = Evidence(
    call_log=("waiting for locator('a')", "resolved to hidden <a>"),
    page=PageSnapshot("https://shop.test/3", title='A "blue" mug', status=200, ready_state="complete"),
    console=("TypeError: x is undefined",),
    failed_requests=("GET https://cdn.test/a.js net::ERR_FAILED",),
    screenshot=Artifact("a-1", media_type="image/jpeg", size_bytes=4096),
    html=Artifact("a-2", media_type="text/html"),
    record=Artifact("a-3", media_type="application/json", size_bytes=512),
)

VALUES: dict[str, Any] = {
    "action": "click",
    "active": 4,
    "agent": "default",
    "agent_uid": 1000,
    "agent_version": "0.2.0",
    "backend": "tmux",
    "backends": ("process", "tmux"),
    "caller_uid": 1001,
    "candidates": (
        Candidate("button.buy-now", count=2, score=0.9, why="class"),
        Candidate("#buy", 1, 0.5, "id"),
    ),
    "client_version": "0.1.0",
    "command": "chromium --version",
    "discovery_path": "/run/user/1000/cmdop/default/agent.json",
    "error_detail": "what happened, at length\nand more",
    "evidence": EVIDENCE,
    "exit_code": 4,
    "expired_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "feature": "files",
    "field": "viewport",
    "incident_id": "inc-7",
    "install_hint": "apt-get install chromium",
    "key_hint": "cmd…42",
    "last_action": "click '#buy'",
    "last_seen": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "last_sequence": 17,
    "limit": 8,
    "matches": 0,
    "max_bytes": 1024,
    "method": "Dom.Extract",
    "mode": "local",
    "operation": "write",
    "outcome": Outcome.NOT_EXECUTED,
    "path": "/tmp/ä b.png",
    "queued": 3,
    "reason": "it said so",
    "remaining": 0,
    "retry_after_seconds": 2.5,
    "scope": "browser:write",
    "script_message": "x is not a function",
    "searched": ("/run/user/1000/cmdop", "/tmp/cmdop"),
    "selector": "button.buy[data-x='\"']",
    "session_id": "s-1",
    "setting": "timeout",
    "size_bytes": 4096,
    "source": "CMDOP_TIMEOUT",
    "stack": "at f (app.js:1:2)\nat g (app.js:3:4)",
    "stderr": "no\n",
    "stderr_tail": "Traceback\n",
    "stdout": "",
    "timeout_seconds": 5.0,
    "url": "https://shop.test/item/3?q=ü",
    "value": {"width": -1, "heights": [1, None, "x"]},
}

SPECIAL: dict[tuple[str, str], Any] = {
    ("BROWSER_SESSION_CLOSED", "reason"): CloseReason.RENDERER_CRASH,
    ("BROWSER_ELEMENT_NOT_FOUND", "cause"): ElementCause.TYPO,
    ("BROWSER_NAVIGATION_FAILED", "cause"): NavigationCause.TLS_EXPIRED,
}


def field_values(cls: type[CMDOPError]) -> dict[str, Any]:
    """A value for each field of *cls*."""
    return {
        name: SPECIAL.get(
            (cls.code, name), VALUES.get(name, ElementCause.PAGE_HUNG if name == "cause" else None)
        )
        for name in cls().fields()
    }


def full_sample(cls: type[CMDOPError]) -> CMDOPError:
    """An error of *cls* with everything set that can be."""
    arguments: dict[str, Any] = {
        **field_values(cls),
        "request_id": "req-1",
        "idempotency_key": "key-1",
        "agent_id": "agent-1",
        "retryable": True,
        "details": {"http": 200, "list": [1, {"deep": None}], "huge": 10**30, "ratio": 0.5, "none": None},
        "tips": ("try this", 'then "that"', "日本語 \N{ROCKET}"),
    }
    return cls("click 'a' failed after 5.0 s: it is so", **arguments)


ALL_CLASSES = tuple(ERROR_CLASSES.values())
