"""``serve --supervised``: an agent that crashes is started again, by one process and in measure."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from agent_bridge.supervision import program
from agent_bridge.supervision.processes import lives
from agent_bridge.supervision.supervisor import Orders
from cmdop_browser import CMDOPClient
from cmdop_browser._sync.launcher import ensure_agent
from cmdop_browser.exceptions import AgentNotRunningError, AgentOfflineError, AgentStartError
from cmdop_browser.settings import Settings
from cmdop_browser.wire.rendezvous import AgentPaths, FileLock
from tests.process.shell import open_shell, wait_until_line
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour
    from tests.process.shell import Shell

LONG = 60.0  # a start of an agent on a machine that has other things to do


class Supervised:
    """A supervised agent in a place of its own, as the command line starts it."""

    def __init__(self, shell: Shell, *words: str) -> None:
        self.shell = shell
        self.process = shell.start("serve", "--supervised", *words)
        self.agent = self.next_agent()

    def succeeded(self) -> psutil.Process:
        """The agent that has published itself after the one known so far, and is that from now on."""
        self.agent = self.next_agent(self.agent)
        return self.agent

    def next_agent(self, before: psutil.Process | None = None) -> psutil.Process:
        """The agent that has published itself after *before*."""
        eventually(lambda: self._published() not in {None, before and before.pid}, within=LONG)
        pid = self._published()
        assert pid is not None
        return psutil.Process(pid)

    def _published(self) -> int | None:
        try:
            return int(json.loads(self.shell.record().read_text())["pid"])
        except FileNotFoundError:
            return None

    def agents(self) -> list[psutil.Process]:
        """The agents that live."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "--agent=default" in child.cmdline():  # a zombie has none
                    found.append(child)
        return found

    def ended(self) -> tuple[int, str]:
        """Wait for the supervisor; returns its exit code and what it and its agents have said."""
        said, _ = self.process.communicate(timeout=LONG)
        return self.process.returncode, said

    def assert_nothing_left(self) -> None:
        eventually(lambda: self.shell.processes() == [] and self.shell.sockets() == [])
        directory = self.shell.record().parent
        assert list((directory / "tmp").iterdir()) == []
        assert list((directory / "instances").iterdir()) == []


@pytest.fixture
def supervised(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Supervised:
    """A supervisor of the test's own."""
    _find_agents_of(shell, monkeypatch)
    return Supervised(shell)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    with open_shell(tmp_path_factory.mktemp("supervised")) as shell:
        yield Supervised(shell, "--max-crashes=100")


@pytest.fixture
def lasting(shared: Supervised, monkeypatch: pytest.MonkeyPatch) -> Supervised:
    """One supervisor for all tests after which it still has an agent."""
    _find_agents_of(shared.shell, monkeypatch)
    return shared


def _find_agents_of(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CMDOP_RUNTIME_DIR", "CMDOP_LOG_DIR", "CMDOP_CONFIG"):
        monkeypatch.setenv(name, shell.environment[name])


async def test_a_killed_agent_is_there_again(lasting: Supervised, flavour: Flavour) -> None:
    async with flavour.local(start=True) as client:
        await client.browser.create_session()
        lasting.agent.kill()
        successor = lasting.succeeded()
        await client.reconnect()
        session = await client.browser.create_session()
        assert await session.evaluate("1 + 1") == 2
    assert successor.ppid() == lasting.process.pid
    assert "--agent=default" in successor.cmdline()


def test_a_stopped_agent_is_replaced(lasting: Supervised) -> None:
    lasting.agent.suspend()
    assert lasting.succeeded().ppid() == lasting.process.pid
    wait_until_line(lasting.process.stdout, "it was stopped and is killed")


def test_clients_leave_starting_it_to_the_supervisor(supervised: Supervised) -> None:
    settings = Settings.load()
    wait_until_line(supervised.process.stdout, "ready on")  # it is found a moment before it says so
    supervised.process.send_signal(signal.SIGSTOP)
    eventually(lambda: psutil.Process(supervised.process.pid).status() == psutil.STATUS_STOPPED)
    supervised.agent.kill()
    eventually(lambda: not lives(supervised.agent))
    for attempt in (lambda: ensure_agent("default", settings, timeout=0.5), CMDOPClient.local):
        with pytest.raises((AgentStartError, AgentNotRunningError)) as caught:
            attempt()
        assert f"its supervisor, process {supervised.process.pid}, is stopped" in caught.value.message
        assert any(f"kill -CONT {supervised.process.pid}" in tip for tip in caught.value.tips)
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(ensure_agent, "default", settings, timeout=LONG) for _ in range(10)]
        supervised.process.send_signal(signal.SIGCONT)
        records = {asking.result().pid for asking in asked}
    assert records == {supervised.next_agent(supervised.agent).pid}
    supervised.process.terminate()
    code, said = supervised.ended()
    assert (code, said.count("ready on")) == (0, 1)
    # From now on it is up to the clients again.
    assert ensure_agent("default", settings, timeout=LONG).pid not in records


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_end_it_drains_its_agent(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    # Nobody will close the session that it waits for.
    shell.environment["CMDOP_DRAIN_TIMEOUT"] = "0.3"
    _find_agents_of(shell, monkeypatch)
    supervised = Supervised(shell)
    with CMDOPClient.local() as client:
        client.browser.create_session()
        supervised.process.send_signal(number)
        code, said = supervised.ended()
    assert code == 0
    assert "draining" in said
    supervised.assert_nothing_left()


def test_sighup_puts_a_fresh_agent_in_place(supervised: Supervised) -> None:
    supervised.process.send_signal(signal.SIGHUP)
    successor = supervised.next_agent(supervised.agent)
    assert not lives(supervised.agent)
    successor.terminate()  # in good order, so nobody wants it any more
    code, said = supervised.ended()
    assert code == 0
    assert said.count("draining") == 2
    assert "supervisor" not in said


def test_sighup_never_has_two_agents_beside_each_other(supervised: Supervised) -> None:
    with CMDOPClient.local() as client, ThreadPoolExecutor(1) as pool:
        session = client.browser.create_session()
        supervised.process.send_signal(signal.SIGHUP)
        eventually(lambda: not supervised.shell.record().exists())
        wanted = pool.submit(ensure_agent, "default", Settings.load(), timeout=LONG)
        with pytest.raises(AgentOfflineError, match="being stopped"):
            client.browser.create_session()
        # Its sessions go on, and nobody takes its place before they have ended.
        assert session.evaluate("1 + 1") == 2
        assert not wanted.done()
        assert supervised.agents() == [supervised.agent]
        session.close()
        most = 0
        while not wanted.done():
            most = max(most, len(supervised.agents()))
        assert most == 1
        assert supervised.agents() == [psutil.Process(wanted.result().pid)] != [supervised.agent]
        with client.browser.create_session() as fresh:
            assert fresh.evaluate("1 + 1") == 2


def test_a_crash_loop_ends_with_the_last_words(shell: Shell) -> None:
    supervised = Supervised(shell, "--max-crashes=2", "--crash-window=60")
    wait_until_line(supervised.process.stdout, "ready on")  # it is found a moment before it says so
    supervised.agent.kill()
    successor = supervised.next_agent(supervised.agent)
    wait_until_line(supervised.process.stdout, "ready on")
    successor.send_signal(signal.SIGSEGV)
    code, said = supervised.ended()
    assert code == 6
    last = said[said.index("giving up") :]
    assert "SIGSEGV" in said
    assert "  | " in last
    assert "ready on" in last
    supervised.assert_nothing_left()
    # Whoever looks later learns that it did not end as it was told to, until somebody has seen to that.
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["stale"]
    assert "cmdop-browser agents stop" in shell.run("agents", "status").stdout
    assert shell.json("agents", "stop")["outcome"] == "cleaned up"
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["stopped"]


def test_a_killed_supervisor_takes_its_agent_with_it(supervised: Supervised) -> None:
    supervised.process.kill()
    supervised.process.wait()
    supervised.assert_nothing_left()


def test_agents_stop_stops_the_supervisor(supervised: Supervised) -> None:
    assert supervised.shell.json("agents", "stop")["outcome"] == "stopped"
    assert supervised.ended()[0] == 0
    supervised.assert_nothing_left()


def test_agents_stop_by_force_kills_both(supervised: Supervised) -> None:
    supervised.process.send_signal(signal.SIGSTOP)
    supervised.agent.suspend()
    stopped = supervised.shell.json("agents", "stop", "--force", "--timeout=0")
    assert stopped["outcome"] == "killed"
    supervised.assert_nothing_left()


def test_a_second_one_is_refused(lasting: Supervised) -> None:
    assert lasting.shell.run("serve", "--supervised").returncode == 3
    assert lasting.agent.is_running()
    lasting.process.send_signal(signal.SIGSTOP)
    lasting.agent.kill()
    eventually(lambda: not lives(lasting.agent))
    refused = lasting.shell.json("serve", code=3)
    lasting.process.send_signal(signal.SIGCONT)
    assert "has a supervisor" in refused["error"]["message"]
    lasting.succeeded()


def test_a_number_that_is_not_the_supervisors_is_not_killed(shell: Shell) -> None:
    """As when it runs in a container with which the directory is shared."""
    paths = AgentPaths.of("default", shell.runtime)
    paths.create()
    with subprocess.Popen(["sleep", "60"]) as bystander, FileLock(paths.supervisor_lock) as lock:
        assert lock.try_acquire()
        lock.write(str(bystander.pid).encode())
        refused = shell.json("agents", "stop", "--force", code=1)
        assert "which is another one here" in refused["error"]["message"]
        assert bystander.poll() is None
        bystander.kill()


def test_an_agent_that_cannot_start_is_not_tried_again(shell: Shell) -> None:
    done = shell.run("serve", "--supervised", CMDOP_BROWSER_PATH="/nowhere")
    assert done.returncode == 4
    assert done.stderr.count("/nowhere") == 1


# With agents that do as they are told


def supervisor(
    directory: Path, code: str, *, interpreter: str = sys.executable, **orders: Any
) -> subprocess.Popen[str]:
    """A supervisor of an agent that runs *code*."""
    patience: dict[str, Any] = {"stop_seconds": 10.0, "silence_seconds": 10.0} | orders
    told = Orders(
        agent="stand-in",
        directory=str(directory),
        respawn=True,
        max_crashes=3,
        crash_window=60.0,
        command=(interpreter, "-c", code),
        **patience,
    )
    return subprocess.Popen(
        program.command("agent_bridge.supervision.supervisor", *told.words()),
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


REPORT = """
import os, signal, sys, time
report = int(sys.argv[1].partition("=")[2])
def ready():
    os.write(report, b'{"ready": {}}')
    print("ready", file=sys.stderr, flush=True)
"""


def test_a_program_that_cannot_be_run_is_a_crash(tmp_path: Path) -> None:
    with supervisor(tmp_path, "", interpreter=str(tmp_path / "python")) as process:
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 6
    assert said.count(f"cannot run {tmp_path / 'python'}: No such file or directory") == 3


def test_it_gives_up_on_what_crashes_at_once(tmp_path: Path) -> None:
    with supervisor(tmp_path, "import sys; print('out of luck', file=sys.stderr); sys.exit(7)") as process:
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 6
    assert said.count("started again in") == 2
    assert "it ended with exit code 7, the crash number 3 within 60 s; giving up" in said
    assert said.endswith("  | out of luck\n")


def test_it_ends_at_once_while_it_waits_before_a_start(tmp_path: Path) -> None:
    with supervisor(tmp_path, "raise SystemExit(7)") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "started again in" in line:
                break
        process.terminate()
    assert process.returncode in {0, 128 + signal.SIGTERM}


def test_an_agent_that_does_not_end_is_killed(tmp_path: Path) -> None:
    code = REPORT + "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); time.sleep(60)"
    with supervisor(tmp_path, code, stop_seconds=0.2) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.terminate()
        said = process.stderr.read()
    assert process.returncode == 128 + signal.SIGKILL
    assert "it did not end within 0.2 s and is killed" in said


def test_an_agent_without_a_sign_of_life_is_killed(tmp_path: Path) -> None:
    (tmp_path / "agent.json").touch()
    code = REPORT + "ready(); time.sleep(60)"
    with supervisor(tmp_path, code, silence_seconds=0.5) as process:
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 6
    assert said.count("it has shown no life for") == 3


def test_an_agent_that_starts_is_not_held_to_the_life_of_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "agent.json").touch()
    # Not ready for many times as long as a silence may last; then it ends of its own accord.
    code = REPORT + "time.sleep(3); ready(); raise SystemExit(0)"
    with supervisor(tmp_path, code, silence_seconds=1.0) as process:
        assert process.stderr is not None
        assert process.stderr.read() == "ready\n"
    assert process.returncode == 0


def test_it_tells_the_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(LONG)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        code = REPORT + "assert 'NOTIFY_SOCKET' not in os.environ; ready(); time.sleep(60)"
        with supervisor(tmp_path, code) as process:
            while manager.recv(100) != b"READY=1":
                pass
            process.terminate()
            while manager.recv(100) != b"STOPPING=1":
                pass


def test_it_stays_small(lasting: Supervised) -> None:
    process = psutil.Process(lasting.process.pid)
    assert process.memory_info().rss < 20 * 2**20
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, agent_bridge.supervision.supervisor; print(*sys.modules)"],
        env=program.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"grpc", "playwright", "pydantic", "psutil", "asyncio", "logging"} & set(loaded)
