"""The least that is an agent to those who start one: it is locked, published and listening, and does nothing.

``python -m tests.fakes.minimal_agent BEHAVIOUR serve --agent=… --idle-exit=… --ready-fd=…``

Each start is noted by its pid in the file ``starts`` of the runtime directory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from agent_bridge.lifecycle import AgentLock, Publication, Report, new_record
from cmdop_browser.exceptions import AgentExistsError
from cmdop_browser.wire.rendezvous import AgentPaths

_BEHAVIOURS = ("good", "late", "gated", "silent", "garbage", "fails", "signalled")


def program(behaviour: str, *words: str) -> list[str]:
    """The command line of an agent of this behaviour, in place of the real one's."""
    return [sys.executable, "-m", "tests.fakes.minimal_agent", behaviour, *words]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("behaviour", choices=list(_BEHAVIOURS))
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--agent", default="default")
    parser.add_argument("--idle-exit")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--turn-fd", type=int)
    parser.add_argument("--log-file")
    words = parser.parse_args()
    runtime_dir = Path(os.environ["CMDOP_RUNTIME_DIR"])
    with (runtime_dir / "starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    if words.behaviour == "fails":
        sys.stderr.write("first line\nno flour left\n")
        return 7
    if words.behaviour == "signalled":
        os.kill(os.getpid(), signal.SIGKILL)
    if words.behaviour == "garbage":
        os.write(words.ready_fd, b"hello\n")
        return 0
    paths = AgentPaths.of(words.agent, runtime_dir)
    if words.behaviour == "late":
        pass_gate(paths)
    try:
        return asyncio.run(serve(words.behaviour, paths, words.ready_fd, words.turn_fd))
    except AgentExistsError as error:
        Report(words.ready_fd).failure(error)
        return 3


async def serve(behaviour: str, paths: AgentPaths, ready_fd: int, turn_fd: int | None) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with AgentLock.acquire(paths, turn_fd) as lock, socket.socket(socket.AF_UNIX) as listener:
        if behaviour == "silent":
            await stop.wait()
        if behaviour == "gated":
            pass_gate(paths)
        record = new_record(paths, paths.agent)
        listener.bind(record.socket)
        listener.listen()
        async with Publication(paths, record, lock) as publication:
            Report(ready_fd).ready(publication.record)
            await stop.wait()
    Path(record.socket).unlink()  # noqa: ASYNC240 -- nothing else runs any more
    return 0


def pass_gate(paths: AgentPaths) -> None:
    """Tell, in one named pipe, how far it is: at the lock, or past it; wait, at the other, to be let on."""
    (paths.directory / "holding").write_text("held")
    (paths.directory / "gate").read_bytes()


if __name__ == "__main__":
    sys.exit(main())
