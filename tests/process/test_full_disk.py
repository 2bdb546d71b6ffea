"""A disk that is full costs what would have been written, and nothing else."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError, FileError
from cmdop_browser.wire.rendezvous import AgentPaths
from tests.agents import RunningAgent
from tests.fakes.small_disk import SmallDisk
from tests.process.shell import COMMAND
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.flavours import Flavour
    from tests.process.shell import Shell

COOKIE = {"name": "a", "value": "1", "url": "http://x.test/"}
NO_SPACE = "no space left on device"


async def _failure(session: Any) -> BrowserElementNotFoundError:
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.click("#nope", timeout=0.2)
    return caught.value


async def _troubles(flavour: Flavour) -> dict[str, str]:
    async with flavour.local() as client:
        return {each.what: each.problem for each in client.agent_info.troubles}


async def _until_troubles(flavour: Flavour, wanted: set[str]) -> None:
    async with asyncio.timeout(10):
        while set(await _troubles(flavour)) != wanted:
            pass


async def test_calls_go_on_and_say_what_could_not_be_kept(
    runtime_dir: Path, tmp_path: Path, flavour: Flavour
) -> None:
    disk = SmallDisk(AgentPaths.of("default", runtime_dir).temporary)
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(200_000))
    with RunningAgent(runtime_dir, inside=disk.command, shards=1) as agent:
        pid = agent.process.pid
        async with flavour.local(timeout=20.0) as client, client.browser.create_session() as session:
            await session.evaluate("document.body.innerHTML = '<input type=file><h1>Hello</h1>'")
            assert (await _failure(session)).evidence.missing == ()

            disk.fill(pid)
            await _until_troubles(flavour, {"temporary"})
            error = await _failure(session)
            assert (error.evidence.screenshot, error.evidence.html) == (None, None)
            assert f"screenshot: the agent could not keep it: {NO_SPACE}" in error.evidence.missing
            assert NO_SPACE in error.error_detail
            with pytest.raises(FileError, match=NO_SPACE) as caught:
                await session.upload("input", file)
            assert caught.value.retryable
            assert caught.value.tips
            with pytest.raises(FileError, match="no space left") as unprinted:
                await session.pdf()
            assert unprinted.value.retryable
            assert "make room where the agent keeps temporary files" in unprinted.value.tips[0]
            assert await session.dom.text("h1") == "Hello"
            async with client.browser.create_session() as another:
                assert await another.evaluate("1") == 1
            instance = disk.seen_by(pid) / str(agent.record["instance_id"])
            assert all(artifact.stat().st_size for artifact in (instance / "artifacts").iterdir())
            assert [path for path in (instance / "uploads").rglob("*") if path.is_file()] == []

            disk.empty(pid)
            await _until_troubles(flavour, set())
            assert "can be written again" in agent.log()
            restored = await _failure(session)
            assert restored.evidence.missing == ()
            assert restored.evidence.screenshot is not None
            await session.upload("input", file)
            assert (await session.pdf()).startswith(b"%PDF")


def _until_said(agent: RunningAgent, what: str, times: int) -> float:
    return eventually(lambda: agent.log().count(what) == times)


def test_a_full_disk_is_known_within_a_second(runtime_dir: Path) -> None:
    disk = SmallDisk(AgentPaths.of("default", runtime_dir).temporary)
    took = []
    with RunningAgent(runtime_dir, inside=disk.command, shards=1) as agent:
        for times in range(1, 5):
            disk.fill(agent.process.pid)
            took.append(_until_said(agent, "cannot be written to", times))
            disk.empty(agent.process.pid)
            _until_said(agent, "can be written again", times)
    # A machine that is busy with other things may hold the agent up now and then.
    assert min(took) < 1.0


async def test_what_could_not_be_kept_of_a_session_is_told_when_it_is_restored(
    runtime_dir: Path, flavour: Flavour
) -> None:
    kept = AgentPaths.of("default", runtime_dir).kept
    with RunningAgent(runtime_dir, shards=1) as agent:
        async with flavour.local(timeout=20.0) as client:
            session = await client.browser.create_session(on_crash="restore")
            await session.set_cookies([COOKIE])
            # No file may grow from here on: what a quota does, on any machine and for this process alone.
            limited = psutil.Process(agent.process.pid)
            before = limited.rlimit(resource.RLIMIT_FSIZE)
            limited.rlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            await session.set_cookies([COOKIE | {"name": "b"}])
            assert len(await session.cookies()) == 2
            await _until_troubles(flavour, {"runtime", "log"})
            assert [path.suffix for path in kept.iterdir()] == [".old"]
            limited.rlimit(resource.RLIMIT_FSIZE, before)
            await _until_troubles(flavour, set())
            # As soon as there is room again, without a call that would be a reason.
            await asyncio.to_thread(eventually, lambda: [path.suffix for path in kept.iterdir()] == [""])
            await session.set_cookies([COOKIE | {"name": "c"}])
            assert [path.suffix for path in kept.iterdir()] == [""]
            limited.rlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            await session.set_cookies([COOKIE | {"name": "d"}])

            agent.kill()
            with RunningAgent(runtime_dir, shards=1):
                assert {cookie.name for cookie in await session.cookies()} == {"a", "b", "c"}
                info = await session.info()
                assert any("they were not written down" in each for each in info.not_restored)


def _on_full_disk(shell: Shell, at: Path, *words: str, size: str = "64k") -> Any:
    disk = SmallDisk(at, size=size, full=True)
    done = subprocess.run(
        [*disk.command, *COMMAND, *words, "--json"],
        cwd=shell.directory,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.returncode, json.loads(done.stdout)


_ROWS = """
def recipe(client):
    for number in range(20):
        yield {"number": number, "text": "x" * 10_000}
"""


def test_rows_that_have_no_room_leave_what_was_there(shell: Shell) -> None:
    disk = SmallDisk(shell.directory / "rows", size="64k")
    recipe = shell.recipe(_ROWS)
    command = 'echo old > rows/o.jsonl; "$@"; echo "$?"; ls -A rows; cat rows/o.jsonl'
    done = subprocess.run(
        [*disk.command, "sh", "-c", command, "sh", *COMMAND, "run", recipe, "-o", "rows/o.jsonl", "--json"],
        cwd=shell.directory,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    told, *rest = done.stdout.splitlines()
    error = json.loads(told)["error"]
    assert error["code"] == FileError.code
    assert NO_SPACE in error["message"].lower()
    assert error["tips"] == ["make room there, or write to another disk"]
    assert rest == ["1", "o.jsonl", "old"]


def test_an_agent_that_finds_its_runtime_directory_full_says_so(shell: Shell) -> None:
    code, told = _on_full_disk(shell, shell.runtime, "agents", "start")
    assert (code, told["error"]["code"]) == (4, "AGENT_START_FAILED")
    assert NO_SPACE in told["error"]["message"]
    assert any("CMDOP_RUNTIME_DIR" in tip for tip in told["error"]["tips"])


def test_an_agent_whose_log_has_no_room_starts_and_tells(shell: Shell) -> None:
    log = Path(shell.environment["CMDOP_LOG_DIR"])
    code, told = _on_full_disk(shell, log, "agents", "start")
    assert code == 0, told
    status = shell.json("agents", "status")
    assert [each["what"] for each in status["troubles"]] == ["log"]
