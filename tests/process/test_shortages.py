"""A client whose process may open no more files: sessions go on, and what cannot be begun says why."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fakes.launchpad import Launchpad

_HEAD = """
import asyncio, json, os, resource, sys
from tests.flavours import BOTH

flavour = {each.name: each for each in BOTH}[sys.argv[1]]

def take_all():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return taken

def told(error):
    return {"code": error.code, "message": error.message, "tips": error.tips}
"""

_SESSIONS = """
from cmdop_browser._halt import LOOK_SECONDS
from cmdop_browser.exceptions import CMDOPError

# Longer than the looks at the agent that are made during a call.
SLOW = f"() => new Promise(done => setTimeout(() => done('slow'), {3000 * LOOK_SECONDS}))"

async def outcome(call):
    try:
        return await call
    except CMDOPError as error:
        return told(error)

async def main():
    async with flavour.local() as client:
        session = await client.browser.create_session()
        await session.evaluate("1")
        taken = take_all()
        came = [await outcome(call) for call in (
            session.evaluate(SLOW), session.title(), client.reconnect(), flavour.local(start=True)
        )]
        left = take_all()
        for descriptor in taken:
            os.close(descriptor)
        print(json.dumps([len(left), *came]))

asyncio.run(main())
"""


def _run(script: str, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + script, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _names_the_cause(told: Any) -> bool:
    return "too many open files" in told["message"].lower() and any("ulimit" in tip for tip in told["tips"])


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("flavour", ["async", "sync"])
def test_sessions_go_on_and_what_is_begun_says_why_it_cannot_be(flavour: str) -> None:
    left, slow, title, reconnecting, connecting = _run(_SESSIONS, flavour)
    assert (slow, title) == ("slow", "")
    # The settings are a file, too.
    assert (reconnecting["code"], connecting["code"]) == ("CONNECTION_FAILED", "CONFIGURATION_ERROR")
    assert _names_the_cause(reconnecting)
    assert _names_the_cause(connecting)
    assert left == 0


_STARTS = """
import functools
from cmdop_browser import _spawn
from cmdop_browser._async import launcher as async_launcher
from cmdop_browser._sync import launcher
from cmdop_browser.exceptions import CMDOPError
from cmdop_browser.settings import Settings
from tests.fakes import minimal_agent

_spawn.program = functools.partial(minimal_agent.program, "good")
settings = Settings.load()

async def start():
    if flavour.name == "async":
        await async_launcher.ensure_agent("default", settings, timeout=60.0)
    else:
        launcher.ensure_agent("default", settings, timeout=60.0)

async def main():
    async_launcher.AgentPaths.of("default", settings.runtime_dir).create()
    failures, free, taken = [], 0, take_all()
    while True:
        try:
            await start()
            break
        except CMDOPError as error:
            failures.append(told(error))
        left = take_all()
        failures[-1]["kept"] = free - len(left)
        for descriptor in left:
            os.close(descriptor)
        os.close(taken.pop())
        free += 1
    for descriptor in taken:
        os.close(descriptor)
    print(json.dumps(failures))

asyncio.run(main())
"""


@pytest.mark.parametrize("flavour", ["async", "sync"])
def test_however_few_files_can_be_opened_a_start_says_so_and_keeps_none(pad: Launchpad, flavour: str) -> None:
    failures = _run(_STARTS, flavour)
    assert len(failures) > 3
    for told in failures:
        assert told["code"] in {"CONNECTION_FAILED", "AGENT_START_FAILED"}
        assert _names_the_cause(told)
        assert told["kept"] == 0
    assert len(pad.agents()) == 1
