"""Starting the agent's process, and what it says on its readiness pipe. Nothing here waits."""

from __future__ import annotations

import json
import os
import signal
import site
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cmdop_browser import agent_log
from cmdop_browser._directories import has_home
from cmdop_browser.exceptions import AgentStartError, CMDOPError, error_from_dict
from cmdop_browser.wire.rendezvous import DiscoveryRecord, open_log, shortages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmdop_browser.settings import Settings
    from cmdop_browser.wire.rendezvous import FileLock

_CHUNK: Final = 64 * 1024
# Where the client runs from, which is where the agent of the same version is.
_ROOT: Final = Path(__file__).parent.parent

# Agents that this process started and has not seen end: it is their parent, and they
# stay zombies until it asks for their exit codes.
_children: set[int] = set()


@dataclass(slots=True)
class StartingAgent:
    """An agent's process that has not said yet that it is ready."""

    agent: str
    process: subprocess.Popen[bytes]
    ready_fd: int
    log: Path
    log_start: int
    _received: bytearray = field(default_factory=bytearray)

    def receive(self) -> bool:
        """Take in what the process wrote to its readiness pipe, which must be readable.

        Returns:
            Whether it has said all it will say.
        """
        chunk = os.read(self.ready_fd, _CHUNK)
        self._received += chunk
        return not chunk or b"\n" in self._received

    def outcome(self) -> DiscoveryRecord | CMDOPError | None:
        """What the process reported, or None when it ended without a report."""
        line, complete, _ = self._received.partition(b"\n")
        if not complete:
            return None
        try:
            report = json.loads(line)
            if "ready" in report:
                return DiscoveryRecord.from_dict(report["ready"])
            return error_from_dict(report["error"])
        except (KeyError, TypeError, ValueError):
            return self.failure(f"it reported {bytes(line[:200])!r}")

    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def ending(self) -> str:
        """How a process that reported nothing went."""
        code = self.process.poll()
        if code is None:
            return "it closed its readiness pipe and went on"
        if code < 0:
            return f"it was killed by {signal.Signals(-code).name}"
        return f"it ended with exit code {code}"

    def failure(self, reason: str) -> AgentStartError:
        """The error for a process that did not become ready."""
        return AgentStartError(
            agent=self.agent,
            reason=reason,
            exit_code=self.process.poll(),
            stderr_tail=agent_log.read_tail(self.log, self.log_start),
            tips=(f"read the agent's log: {self.log}", "find out what is missing: cmdop-browser doctor"),
        )

    def release(self) -> None:
        """Let the agent live on by itself."""
        os.close(self.ready_fd)
        _children.add(self.process.pid)
        # Tells Popen that waiting for the process is no longer its business, or it
        # would complain about a running child when it is collected.
        self.process.returncode = 0

    def kill(self) -> None:
        """End the process, and what it started, at once."""
        os.close(self.ready_fd)
        if self.process.poll() is None:
            # It leads a process group of its own, to which the browser's driver belongs.
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def spawn(agent: str, settings: Settings, turn: FileLock) -> StartingAgent:
    """Start an agent's process in a session of its own.

    It inherits nothing but its log, the pipe on which it reports and the lock *turn*: it
    keeps that one, whatever becomes of this process, until it has a lock of its own. So
    there is no moment at which another process could start an agent beside it.

    Raises:
        AgentStartError: There can be no log, or no process.
        OSError: This process is short of what it takes, which says nothing of other clients.
    """
    reap()
    log = agent_log.log_path(agent, settings)
    try:
        log_fd = open_log(log)
    except OSError as error:
        if shortages.is_shortage(error):
            raise
        raise AgentStartError(
            agent=agent,
            reason=f"cannot write its log {log}: {error.strerror or error}",
            tips=("set CMDOP_LOG_DIR to a directory that can be written",),
        ) from error
    try:
        ready_fd, report_fd = os.pipe()
    except OSError:
        os.close(log_fd)
        raise
    try:
        log_start = os.fstat(log_fd).st_size
        options = [
            f"--agent={agent}",
            f"--idle-exit={settings.spawn_idle_exit}",
            f"--ready-fd={report_fd}",
            f"--log-file={log}",
        ]
        handed_on = [report_fd]
        if turn.descriptor is not None:
            options.append(f"--turn-fd={turn.descriptor}")
            handed_on.append(turn.descriptor)
        process = _start(agent, settings, options, log_fd, handed_on)
    except BaseException:
        os.close(ready_fd)
        raise
    finally:
        os.close(log_fd)
        os.close(report_fd)
    return StartingAgent(agent, process, ready_fd, log, log_start)


def program(*words: str) -> list[str]:
    """The command line of the agent's program with these words."""
    # -P, or a file of the caller's directory could stand in for a module of the agent's.
    return [sys.executable, "-P", "-m", "agent_bridge", *words]


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which the agent's program finds itself and loads these settings."""
    variables = {**os.environ, **settings.to_environment()}
    # Marks what belongs to an agent; an agent's own child must not inherit its parent's.
    variables.pop("CMDOP_INSTANCE", None)
    if not has_home():
        variables["HOME"] = "/"  # as container runtimes do: the browser's driver does not start without one
    if str(_ROOT) not in _site_directories():
        inherited = variables.get("PYTHONPATH")
        variables["PYTHONPATH"] = f"{_ROOT}{os.pathsep}{inherited}" if inherited else str(_ROOT)
    return variables


def reap() -> None:
    """Collect the exit codes of agents that this process started and that have ended."""
    for pid in tuple(_children):
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # collected by somebody else, or this is a forked child
            ended = pid
        if ended:
            _children.discard(pid)


def _start(
    agent: str, settings: Settings, options: Sequence[str], log_fd: int, handed_on: Sequence[int]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 -- the command is ours
            program("serve", *options),
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            pass_fds=handed_on,
            start_new_session=True,
            cwd="/",
            env=environment(settings),
        )
    except OSError as error:
        if shortages.is_shortage(error):
            raise
        raise AgentStartError(agent=agent, reason=f"cannot run {sys.executable}: {error}") from error


def _site_directories() -> set[str]:
    return {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages()}
