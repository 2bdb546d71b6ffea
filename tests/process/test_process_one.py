"""An agent as process 1, where no init collects zombies and nobody outlives process 1."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.process.container import Container
from tests.process.faults.faults import is_browser, is_driver, those
from tests.process.shell import COMMAND, open_shell
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.process.shell import Shell

LONG = 60.0
_USE = """
from cmdop_browser import CMDOPClient
with CMDOPClient.local(timeout=30) as client:
    with client.browser.create_session(timeout=30) as session:
        print(session.evaluate("1 + 1"))
"""
_SERVE = [*COMMAND, "serve"]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A place for commands that run in a container."""
    with open_shell(tmp_path) as shell:
        yield shell
        # The number in it is one of the container's: outside it is another process.
        shell.record().unlink(missing_ok=True)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Container, Shell]]:
    """A container whose agent the tests leave alive."""
    with open_shell(tmp_path_factory.mktemp("serving")) as shell:
        with Container(_SERVE, shell.environment) as container:
            ready(shell)
            yield container, shell
        shell.record().unlink(missing_ok=True)  # see there


def use(container: Container, shell: Shell) -> None:
    """Have a client in the container open a page."""
    assert container.run([sys.executable, "-c", _USE], shell.environment).stdout == "2\n"


def ready(shell: Shell, before: str = "") -> str:
    """Wait for an agent that is another one than *before*; returns the id of its instance."""

    def instance() -> str:
        try:
            return str(json.loads(shell.record().read_text())["instance_id"])
        except FileNotFoundError:
            return ""

    eventually(lambda: instance() not in {"", before}, within=LONG)
    return instance()


def processes(container: Container, is_wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
    found = those(container.processes(), is_wanted)
    assert found
    return found


def is_agent(command: list[str]) -> bool:
    return "agent_bridge" in command


def zombies(container: Container) -> list[psutil.Process]:
    found = []
    for process in container.processes():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def assert_no_files(shell: Shell) -> None:
    directory = shell.record().parent
    assert list((directory / "tmp").iterdir()) == []
    assert list((directory / "instances").iterdir()) == []
    assert shell.sockets() == []


@pytest.mark.parametrize("words", [[], ["--supervised"]], ids=["serve", "serve --supervised"])
def test_it_ends_in_order_when_it_is_told_to(shell: Shell, words: list[str]) -> None:
    with Container([*_SERVE, *words], shell.environment) as container:
        ready(shell)
        use(container, shell)
        container.first.terminate()
        assert container.wait() == 0
    assert_no_files(shell)


def test_a_killed_agent_ends_process_1_and_leaves_nothing(shell: Shell) -> None:
    with Container(_SERVE, shell.environment) as container:
        ready(shell)
        use(container, shell)
        (agent,) = processes(container, is_agent)
        agent.kill()
        assert container.wait() == 128 + 9
    assert_no_files(shell)


def test_a_supervised_agent_leaves_neither_zombies_nor_files_however_often_it_is_killed(shell: Shell) -> None:
    with Container([*_SERVE, "--supervised"], shell.environment) as container:
        instance = ready(shell)
        for _ in range(2):
            use(container, shell)
            left = shell.record().parent / "tmp" / instance
            assert left.exists()
            (agent,) = processes(container, is_agent)
            agent.kill()
            instance = ready(shell, before=instance)
            eventually(lambda: not left.exists() and not zombies(container))  # noqa: B023 -- asked at once
        container.first.terminate()
        assert container.wait() == 0
    assert_no_files(shell)


@pytest.mark.parametrize("is_killed", [is_browser, is_driver])
def test_killed_browsers_leave_no_zombies(
    serving: tuple[Container, Shell], is_killed: Callable[[list[str]], bool]
) -> None:
    container, shell = serving
    use(container, shell)
    for process in processes(container, is_killed):
        process.kill()
    use(container, shell)
    eventually(lambda: not zombies(container))


def test_what_is_left_when_process_1_is_killed_is_removed_by_the_next_agent(shell: Shell) -> None:
    with Container(_SERVE, shell.environment) as container:
        instance = ready(shell)
        use(container, shell)
        family = container.processes()
        container.first.kill()
        container.wait()
    assert not any(process.is_running() for process in family)
    with Container(_SERVE, shell.environment) as container:
        successor = ready(shell, before=instance)
        assert [path.name for path in (shell.record().parent / "tmp").iterdir()] == [successor]
        container.first.terminate()
        container.wait()
    assert_no_files(shell)


def test_a_container_is_not_ended_by_the_restart_of_its_agent(serving: tuple[Container, Shell]) -> None:
    container, shell = serving
    before = ready(shell)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        container.run([*COMMAND, "agents", "restart"], shell.environment)
    assert "would end with it" in caught.value.stderr
    assert "serve --supervised" in caught.value.stderr
    assert ready(shell) == before
    use(container, shell)
