"""Agents by the command line: started, listed, attached to, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

import cmdop_browser
from agent_bridge.supervision.processes import lives, wait_until_ended
from cmdop_browser.wire.rendezvous import AgentPaths, kept
from tests.agents import end_at_once
from tests.process.faults import standstill
from tests.process.shell import wait_until_line
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.process.shell import Shell


def test_the_life_of_an_agent(shell: Shell) -> None:
    assert shell.json("agents", "list") == {"agents": []}
    assert shell.run("agents", "status").returncode == 1

    started = shell.json("agents", "start")
    assert started["state"] == "running"
    agent = psutil.Process(started["pid"])
    again = shell.json("agents", "start", code=3)
    assert again["error"]["code"] == "AGENT_EXISTS"

    (listed,) = shell.json("agents", "list")["agents"]
    assert (listed["name"], listed["state"], listed["pid"]) == ("default", "running", started["pid"])
    status = shell.json("agents", "status")
    assert (status["version"], status["sessions"]) == (cmdop_browser.__version__, [])
    assert "ready" in "\n".join(shell.json("agents", "logs")["lines"])

    assert shell.json("agents", "stop") == {"agent": "default", "outcome": "stopped"}
    assert not lives(agent)
    assert shell.json("agents", "stop", code=1)["error"]["code"] == "AGENT_NOT_RUNNING"
    assert shell.sockets() == []


def test_agents_of_other_names_are_others(shell: Shell) -> None:
    shell.json("agents", "start", "--agent", "nightly")
    assert shell.run("agents", "status").returncode == 1
    assert shell.run("agents", "status", "--agent", "nightly").returncode == 0
    assert shell.run("agents", "stop", "--agent", "nightly").returncode == 0


def test_tables_are_for_people(warm_shell: Shell) -> None:
    shell = warm_shell
    assert "default  running" in shell.run("agents", "list").stdout
    status = shell.run("agents", "status").stdout
    assert "sessions" in status
    assert "without its sandbox" in status or "in its sandbox" in status
    (ready,) = [line for line in shell.run("agents", "logs").stdout.splitlines() if " ready on " in line]
    assert " INFO agent_bridge.startup: agent default ready on " in ready
    instance = shell.json("agents", "list")["agents"][0]["instance_id"]
    assert instance in "".join(shell.json("agents", "logs", "--id", instance)["lines"])
    assert shell.run("agents", "logs", "--id", "somebody else").stdout == ""


def test_a_killed_agent_is_found_and_cleaned_up(shell: Shell) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.kill()
    assert wait_until_ended([agent], 10) == []
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["stale"]
    findings = shell.json("doctor", code=1)["findings"]
    (stale,) = [finding for finding in findings if finding["check"] == "agent default"]
    assert "stale discovery file" in stale["summary"]
    assert stale["fix"] == "cmdop-browser agents stop --agent default"
    assert shell.json("agents", "stop")["outcome"] == "cleaned up"
    assert not shell.record().exists()


def test_a_stopped_agent_is_seen_to_stand_still_at_once(shell: Shell) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.suspend()
    (listed,) = shell.json("agents", "list")["agents"]
    status = shell.json("agents", "status", code=1)
    assert listed == status
    assert (status["state"], status["pid"]) == ("suspended", agent.pid)
    assert "stopped by a signal" in status["remark"]
    shown = shell.run("agents", "status")
    assert shown.returncode == 1
    assert f"kill -CONT {agent.pid}" in shown.stdout
    agent.resume()
    assert shell.json("agents", "status")["state"] == "running"


_CLIENT = """
from cmdop_browser import CMDOPClient
with CMDOPClient.local() as client, client.browser.create_session(name="held"):
    print("open", flush=True)
    input()
"""


def test_a_stopped_client_is_shown_as_away(warm_shell: Shell) -> None:
    client = warm_shell.start_python(_CLIENT, stdin=subprocess.PIPE)
    wait_until_line(client.stdout, "open")
    assert "client away" not in warm_shell.run("agents", "status").stdout
    client.send_signal(signal.SIGSTOP)
    eventually(lambda: warm_shell.json("agents", "status")["pressure"]["away"] == 1)
    status = warm_shell.run("agents", "status").stdout
    assert "1 of them stopped" in status
    assert re.search(r"held  idle .* s  client away  about:blank", status)


def test_a_stopped_agent_that_drains_is_told_from_the_one_that_has_its_name(shell: Shell) -> None:
    old = psutil.Process(shell.json("agents", "start")["pid"])
    client = shell.start_python(_CLIENT, stdin=subprocess.PIPE)
    wait_until_line(client.stdout, "open")
    new = shell.json("agents", "restart")["pid"]
    old.suspend()
    listed = shell.json("agents", "list")["agents"]
    assert [(each["pid"], each["state"]) for each in listed] == [(new, "running"), (old.pid, "draining")]
    assert f"kill -CONT {old.pid}" in listed[1]["remark"]
    old.resume()
    end_at_once(old)
    assert wait_until_ended([old], 20) == []


def test_an_agent_that_does_not_answer_is_not_well(warm_shell: Shell) -> None:
    pid = warm_shell.json("agents", "list")["agents"][0]["pid"]
    with standstill.held(pid):
        status = warm_shell.json("agents", "status", code=1)
    # After five seconds its silence is known without asking; on a busy machine the command takes as long.
    if status["state"] == "running":
        assert status["error"]["code"] in {"CONNECTION_TIMEOUT", "AGENT_OFFLINE"}
    else:
        assert "has shown no life for" in status["remark"]


_RESTORABLE = """
from cmdop_browser import CMDOPClient
client = CMDOPClient.local()
session = client.browser.create_session(on_crash="restore", idle_timeout={idle_timeout})
session.set_cookies([{{"name": "a", "value": "1", "url": "http://x.test/"}}])
print("kept", flush=True)
input()
"""


def _left_by_the_dead(shell: Shell, *, idle_timeout: float) -> AgentPaths:
    """Have an agent killed with its watchdog and its client, while it keeps something of a session."""
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    client = shell.start_python(_RESTORABLE.format(idle_timeout=idle_timeout), stdin=subprocess.PIPE)
    wait_until_line(client.stdout, "kept")
    family = [agent, *agent.children(recursive=True)]
    for process in family:
        process.suspend()
    for process in (agent, psutil.Process(client.pid)):
        process.kill()
    client.wait()
    assert wait_until_ended([agent], 10) == []
    paths = AgentPaths.of("default", shell.runtime)
    assert kept.is_left(paths)
    assert any(paths.instances.iterdir())
    return paths


def test_what_is_kept_of_sessions_is_removed_by_whoever_looks_when_nobody_can_come_for_it(
    shell: Shell,
) -> None:
    paths = _left_by_the_dead(shell, idle_timeout=3.0)
    eventually(lambda: shell.json("agents", "list")["agents"] and not kept.is_left(paths), within=30.0)
    for words in (["agents", "list"], ["agents", "status"], ["doctor"]):
        file = paths.kept / "s-0123456789abcdef"
        file.write_text(kept.head("ada", 60.0))
        shell.run(*words)
        assert file.exists()
        file.write_text(kept.head("ada", -1.0))
        shell.run(*words)
        assert not kept.is_left(paths)
    file.write_text(kept.head("ada", -1.0))
    shell.json("agents", "start", "--agent", "another")
    eventually(lambda: not kept.is_left(paths))
    assert shell.json("agents", "stop")["outcome"] == "cleaned up"


def test_stopping_an_agent_that_died_leaves_nothing_of_it(shell: Shell) -> None:
    paths = _left_by_the_dead(shell, idle_timeout=300.0)
    assert shell.json("agents", "stop")["outcome"] == "cleaned up"
    assert not kept.is_left(paths)
    assert not any(paths.instances.iterdir())
    assert shell.sockets() == []
    assert shell.processes() == []
    assert [path for path in paths.temporary.rglob("*") if path.is_file()] == []
    assert shell.json("agents", "stop", code=1)["error"]["code"] == "AGENT_NOT_RUNNING"


def test_an_agent_that_is_killed_to_stop_it_leaves_nothing(shell: Shell) -> None:
    shell.json("agents", "start")
    client = shell.start_python(_RESTORABLE.format(idle_timeout=300.0), stdin=subprocess.PIPE)
    wait_until_line(client.stdout, "kept")
    assert shell.json("agents", "stop", "--force", "--timeout", "0")["outcome"] == "killed"
    client.kill()
    client.wait()
    assert not kept.is_left(AgentPaths.of("default", shell.runtime))
    assert shell.processes() == []


def test_stopping_an_agent_leaves_nothing_of_one_before_that_was_killed(shell: Shell) -> None:
    paths = _left_by_the_dead(shell, idle_timeout=300.0)
    shell.json("agents", "start")
    assert kept.is_left(paths)  # its client may still come for it
    assert shell.json("agents", "stop")["outcome"] == "stopped"
    assert not kept.is_left(paths)


@pytest.mark.parametrize("force", [False, True])
def test_a_suspended_agent_is_named_and_can_be_ended(shell: Shell, force: bool) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.suspend()
    shell.record().with_name("agent.lock").write_text(f"{time.monotonic_ns() - 60 * 10**9:020d}")
    os.utime(shell.record(), (time.time() - 60, time.time() - 60))
    assert [each["state"] for each in shell.json("agents", "list")["agents"]] == ["suspended"]
    findings = shell.json("doctor", code=1)["findings"]
    (asleep,) = [finding for finding in findings if finding["check"] == "agent default"]
    assert f"kill -CONT {agent.pid}" in asleep["fix"]
    assert shell.json("agents", "stop", *(["--force"] if force else []))["outcome"] == "stopped"


def test_a_stopped_agent_makes_room_for_another(shell: Shell) -> None:
    agent = psutil.Process(shell.json("agents", "start")["pid"])
    agent.suspend()
    # An agent that did not get the order would be waited for until this is over.
    assert shell.json("agents", "restart", "--timeout", "20")["pid"] != agent.pid
    assert wait_until_ended([agent], 20) == []


def test_attaching_leaves_the_agent_running(warm_shell: Shell) -> None:
    pid = warm_shell.json("agents", "status")["pid"]
    agent = psutil.Process(pid)
    attached = warm_shell.start("agents", "attach")
    wait_until_line(attached.stdout, f"agent default is running, process {pid}")
    attached.send_signal(signal.SIGINT)
    assert attached.wait(10) == 130
    assert lives(agent)


def test_attaching_ends_with_the_agent(shell: Shell) -> None:
    shell.json("agents", "start")
    attached = shell.start("agents", "attach", "--json")
    wait_until_line(attached.stdout, '"state": "running"')
    shell.run("agents", "stop")
    wait_until_line(attached.stdout, '"state": "stopped"')
    assert attached.wait(10) == 0
    assert shell.run("agents", "attach").returncode == 1


def test_serve_is_the_agent_itself(shell: Shell) -> None:
    serving = shell.start("serve")
    wait_until_line(serving.stdout, "ready")
    assert shell.json("agents", "status")["pid"] == serving.pid
    assert shell.json("serve", code=3)["error"]["code"] == "AGENT_EXISTS"
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(20) == 0
    assert shell.sockets() == []
