"""What ``with_auto_restart`` does around a job, shown with clients that only pretend."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    AgentStartError,
    BrowserElementNotFoundError,
    BrowserNotInstalledError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    StalePortFileError,
)
from cmdop_browser.helpers import with_auto_restart
from tests.unit.restart.jobs import CRASH, KINDS, Job, fake, run

if TYPE_CHECKING:
    from cmdop_browser import AsyncCMDOPClient, CMDOPClient
    from tests.fakes.clients import FakeMachine


def summary(error: BaseException) -> str:
    return "-".join([type(error).__name__, *filter(None, [getattr(error, "reason", None)])])


LOSSES = [
    AgentNotRunningError(),
    StalePortFileError(),
    ConnectionLostError(idempotency_key="an act"),
    AgentOfflineError(),
    *[BrowserSessionClosedError(reason=reason) for reason in CloseReason if reason != "CLOSED_BY_CALLER"],
    ExceptionGroup("tasks", [CRASH, ConnectionLostError()]),
]
OWN_ERRORS = [
    ValueError("the job's"),
    BrowserElementNotFoundError(),
    BrowserSessionClosedError(reason=CloseReason.CLOSED_BY_CALLER),
    ConnectionError("this client is closed"),
    ConnectionTimeoutError(),
    AgentStartError(),
    ExceptionGroup("tasks", [CRASH, ValueError("the job's")]),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES, ids=summary)
def test_restarts_after_a_loss(kind: str, loss: Exception, machine: FakeMachine) -> None:
    job = Job(copy.copy(loss), copy.copy(loss))
    assert run(kind, job) == "done"
    (client,) = machine.clients
    assert job.clients == [client] * 3
    assert client.reconnects == 2
    assert client.closed == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", OWN_ERRORS, ids=summary)
def test_own_errors_pass_through(kind: str, error: BaseException, machine: FakeMachine) -> None:
    job = Job(error)
    with pytest.raises(type(error)) as caught:
        run(kind, job)
    assert caught.value is error
    assert len(job.clients) == 1
    assert machine.clients[0].closed == 1
    assert machine.clients[0].reconnects == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_client_is_reconnected_in_place_and_left_open(kind: str, machine: FakeMachine) -> None:
    given = fake(kind, machine)
    job = Job(CRASH)
    assert run(kind, job, given) == "done"
    assert job.clients == [given, given]
    assert (given.reconnects, given.closed) == (1, 0)
    assert machine.ensured == ["of-the-client"]
    assert machine.clients == []


@pytest.mark.parametrize("kind", KINDS)
def test_gives_up_with_the_last_error_and_a_note(kind: str, machine: FakeMachine) -> None:
    losses = [ConnectionLostError(f"loss {number}") for number in range(9)]
    job = Job(*losses)
    with pytest.raises(ConnectionLostError) as caught:
        run(kind, job)
    assert caught.value is losses[3]
    (note,) = caught.value.__notes__
    assert note.startswith(f"with_auto_restart gave up on Job.{kind} after 4 attempts in ")
    assert machine.clients[0].closed == 1


@pytest.mark.parametrize("kind", KINDS)
def test_recovery_may_need_several_attempts(kind: str, machine: FakeMachine) -> None:
    machine.failures = [AgentStartError()]
    job = Job(CRASH)
    assert run(kind, job) == "done"
    machine.failures = [ConnectionTimeoutError(), AgentNotRunningError()]
    given = fake(kind, machine)
    assert run(kind, Job(), given) == "done"
    assert given.reconnects == 0
    assert run(kind, Job(CRASH), given) == "done"
    assert given.reconnects == 3


def test_recovery_that_cannot_work_ends_it(machine: FakeMachine) -> None:
    machine.failures = [BrowserNotInstalledError()]
    job = Job()
    with pytest.raises(BrowserNotInstalledError) as caught:
        job.blocking()
    assert caught.value.__notes__ == ["with_auto_restart gave up on Job.blocking after 1 attempt in 0.0 s"]
    assert job.clients == []


def test_each_restart_is_a_warning_with_its_cause(
    machine: FakeMachine, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    Job(CRASH).blocking()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("cmdop_browser.helpers", logging.WARNING)
    text = record.getMessage()
    assert text.startswith("restart 1 of 3 of Job.blocking in 0.00 s: BrowserSessionClosedError: ")
    assert "the page crashed" in text
    assert capsys.readouterr() == ("", "")


def test_on_restart_is_called_with_cause_and_number(machine: FakeMachine) -> None:
    called: list[tuple[BaseException, int]] = []
    job = Job(CRASH, AgentOfflineError())

    @with_auto_restart(max_delay=0.001, on_restart=lambda error, number: called.append((error, number)))
    def work(client: CMDOPClient) -> str:
        return job.work(client)

    work()
    assert [(type(error), number) for error, number in called] == [
        (BrowserSessionClosedError, 1),
        (AgentOfflineError, 2),
    ]


async def test_on_restart_may_be_async(machine: FakeMachine) -> None:
    called: list[int] = []
    job = Job(CRASH)

    async def note(_: BaseException, number: int) -> None:
        await asyncio.sleep(0)
        called.append(number)

    @with_auto_restart(max_delay=0.001, on_restart=note)
    async def work(client: AsyncCMDOPClient) -> str:
        return job.work(client)

    assert await work() == "done"
    assert called == [1]


def test_no_restarts_when_none_are_allowed(machine: FakeMachine) -> None:
    @with_auto_restart(max_restarts=0)
    def work(client: CMDOPClient) -> None:
        raise CRASH

    with pytest.raises(BrowserSessionClosedError):
        work()


def test_agent_of_that_name_is_asked_for(machine: FakeMachine) -> None:
    @with_auto_restart(agent="shop")
    def work(client: CMDOPClient) -> None: ...

    work()
    assert machine.asked_for == ["shop"]


def test_nothing_happens_when_applied(machine: FakeMachine) -> None:
    with_auto_restart(Job(CRASH).work)
    assert machine.asked_for == []
