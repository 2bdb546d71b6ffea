"""What ``with_auto_restart`` does around a job, shown with clients that only pretend."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import logging
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any, assert_type

import pytest

from cmdop_browser import AsyncCMDOPClient, CMDOPClient
from cmdop_browser._async import recovery as async_recovery
from cmdop_browser._sync import recovery
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    AgentOfflineError,
    AgentStartError,
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserNotInstalledError,
    BrowserSessionClosedError,
    CloseReason,
    CMDOPError,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    StalePortFileError,
)
from cmdop_browser.helpers import ensure_agent_running, with_auto_restart

CRASH = BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH)


class FakeClient(CMDOPClient):
    """Reconnects as it is told, and remembers what was done to it."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.closed = self.reconnects = 0

    @property
    def mode(self) -> str:
        return "local"

    @property
    def agent_info(self) -> Any:
        return SimpleNamespace(agent="of-the-client")

    def reconnect(self, *, timeout: float | None = None) -> None:
        self.reconnects += 1
        self.machine.fail_as_told()

    def close(self) -> None:
        self.closed += 1


class FakeAsyncClient(AsyncCMDOPClient):
    """The same for jobs that are async."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.closed = self.reconnects = 0

    @property
    def mode(self) -> str:
        return "local"

    @property
    def agent_info(self) -> Any:
        return SimpleNamespace(agent="of-the-client")

    async def reconnect(self, *, timeout: float | None = None) -> None:
        self.reconnects += 1
        self.machine.fail_as_told()

    async def close(self) -> None:
        self.closed += 1


class FakeMachine:
    """Where clients come from; connecting fails with the errors in `failures`, one after the other."""

    def __init__(self) -> None:
        self.failures: list[CMDOPError] = []
        self.clients: list[Any] = []
        self.ensured: list[str] = []
        self.asked_for: list[str] = []

    def fail_as_told(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def local(self, *, agent: str, start: bool, timeout: float) -> FakeClient:
        self.connect(agent, start, timeout)
        client = FakeClient(self)
        self.clients.append(client)
        return client

    async def local_async(self, *, agent: str, start: bool, timeout: float) -> FakeAsyncClient:
        self.connect(agent, start, timeout)
        client = FakeAsyncClient(self)
        self.clients.append(client)
        return client

    def connect(self, agent: str, start: bool, timeout: float) -> None:
        assert start
        assert timeout > 0
        self.asked_for.append(agent)
        self.fail_as_told()

    def ensure(self, agent: str, settings: object, *, timeout: float) -> None:
        self.ensured.append(agent)

    async def ensure_async(self, agent: str, settings: object, *, timeout: float) -> None:
        self.ensured.append(agent)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    machine = FakeMachine()
    monkeypatch.setattr(CMDOPClient, "local", machine.local)
    monkeypatch.setattr(AsyncCMDOPClient, "local", machine.local_async)
    monkeypatch.setattr(recovery, "ensure_agent", machine.ensure)
    monkeypatch.setattr(async_recovery, "ensure_agent", machine.ensure_async)
    return machine


class Job:
    """Raises the given errors one after the other, then returns; notes the clients that it was given."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.clients: list[Any] = []

    def work(self, client: Any) -> str:
        self.clients.append(client)
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    @with_auto_restart(max_delay=0.001)
    def blocking(self, client: CMDOPClient) -> str:
        return self.work(client)

    @with_auto_restart(max_delay=0.001)
    async def coroutine(self, client: AsyncCMDOPClient) -> str:
        return self.work(client)

    @with_auto_restart(max_delay=0.001)
    def generator(self, client: CMDOPClient) -> Iterator[str]:
        yield self.work(client)

    @with_auto_restart(max_delay=0.001)
    async def async_generator(self, client: AsyncCMDOPClient) -> AsyncIterator[str]:
        yield self.work(client)


KINDS = ["blocking", "coroutine", "generator", "async_generator"]


def run(kind: str, job: Job, *client: Any) -> Any:
    """Run one kind of job to its end."""
    called = getattr(job, kind)(*client)
    if kind == "coroutine":
        return asyncio.run(called)
    if kind == "async_generator":

        async def collect() -> list[Any]:
            return [row async for row in called]

        return asyncio.run(collect()).pop()
    return list(called).pop() if kind == "generator" else called


def fake(kind: str, machine: FakeMachine) -> FakeClient | FakeAsyncClient:
    return FakeAsyncClient(machine) if "async" in kind or kind == "coroutine" else FakeClient(machine)


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


# Rows


class Shelf:
    """Yields rows, and breaks before the rows that it is told, once each."""

    def __init__(self, rows: str, breaks: str) -> None:
        self.rows = rows
        self.breaks = set(breaks)

    def read(self) -> Iterator[str]:
        for row in self.rows:
            if row in self.breaks:
                self.breaks.remove(row)
                raise CRASH
            yield row


def rows_of(shelf: Shelf, key: Callable[[str], Any] | None) -> list[str]:
    @with_auto_restart(max_delay=0.001, key=key)
    def rows(client: CMDOPClient) -> Iterator[str]:
        yield from shelf.read()

    return list(rows())


async def async_rows_of(shelf: Shelf, key: Callable[[str], Any] | None) -> list[str]:
    @with_auto_restart(max_delay=0.001, key=key)
    async def rows(client: AsyncCMDOPClient) -> AsyncIterator[str]:
        for row in shelf.read():
            yield row

    return [row async for row in rows()]


async def test_with_a_key_no_row_comes_twice_and_none_is_lost(machine: FakeMachine) -> None:
    assert rows_of(Shelf("abcd", "bd"), str) == ["a", "b", "c", "d"]
    assert await async_rows_of(Shelf("abcd", "bd"), str) == ["a", "b", "c", "d"]


async def test_without_a_key_rows_come_again(machine: FakeMachine) -> None:
    assert "".join(rows_of(Shelf("abcd", "c"), None)) == "ababcd"
    assert "".join(await async_rows_of(Shelf("abcd", "c"), None)) == "ababcd"


def test_generator_is_as_lazy_as_any(machine: FakeMachine) -> None:
    rows = Job().generator()
    assert machine.asked_for == []
    assert next(iter(rows)) == "done"


def test_generator_that_is_left_closes_job_and_client(machine: FakeMachine) -> None:
    closed: list[str] = []

    @with_auto_restart
    def rows(client: CMDOPClient) -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("job")

    generator: Any = rows()
    assert next(generator) == 1
    generator.close()
    assert closed == ["job"]
    assert machine.clients[0].closed == 1


async def test_async_generator_that_is_left_closes_job_and_client(machine: FakeMachine) -> None:
    closed: list[str] = []

    @with_auto_restart
    async def rows(client: AsyncCMDOPClient) -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append("job")

    generator: Any = rows()
    assert await anext(generator) == 1
    await generator.aclose()
    assert closed == ["job"]
    assert machine.clients[0].closed == 1


def conversation() -> Any:
    heard: list[Any] = []
    try:
        heard.append((yield "first"))
        heard.append((yield "second"))
    except LookupError as error:
        heard.append(error)
        yield "caught"
    return heard


def test_generator_hears_what_is_sent_and_thrown(machine: FakeMachine) -> None:
    @with_auto_restart(key=str)
    def talk(client: CMDOPClient) -> Any:
        return (yield from conversation())

    talking: Any = talk()
    assert next(talking) == "first"
    assert talking.send("hello") == "second"
    assert talking.throw(KeyError("k")) == "caught"
    with pytest.raises(StopIteration) as end:
        next(talking)
    assert end.value.value[0] == "hello"


async def test_async_generator_hears_what_is_sent_and_thrown(machine: FakeMachine) -> None:
    heard: list[Any] = []

    @with_auto_restart(key=str)
    async def talk(client: AsyncCMDOPClient) -> AsyncIterator[str]:
        try:
            heard.append((yield "first"))
            yield "second"
        except LookupError:
            yield "caught"

    talking: Any = talk()
    assert await anext(talking) == "first"
    assert await talking.asend("hello") == "second"
    assert await talking.athrow(KeyError("k")) == "caught"
    assert heard == ["hello"]
    with pytest.raises(StopAsyncIteration):
        await anext(talking)


# What can be decorated, and how it is called


class Recipes:
    @with_auto_restart
    def method(self, client: CMDOPClient, *, times: int = 1) -> tuple[Any, Any, int]:
        """Do it."""
        return self, client, times

    @classmethod
    @with_auto_restart
    def of_class(cls, client: CMDOPClient) -> tuple[Any, Any]:
        return cls, client

    @staticmethod
    @with_auto_restart
    def static(client: CMDOPClient, word: str) -> tuple[Any, str]:
        return client, word


@with_auto_restart
def by_name(client: CMDOPClient, word: str = "x") -> tuple[Any, str]:
    """Say where it is."""
    return client, word


def test_methods_of_every_kind(machine: FakeMachine) -> None:
    recipes, given = Recipes(), FakeClient(machine)
    assert recipes.method(given, times=2) == (recipes, given, 2)
    assert recipes.method(times=3)[2] == 3
    assert Recipes.method(recipes, given) == (recipes, given, 1)
    of_class: Any = Recipes.of_class  # type checkers do not see through classmethod
    assert of_class(given) == (Recipes, given)
    assert of_class()[0] is Recipes
    assert Recipes.static(given, "a") == (given, "a")
    assert Recipes.static("a")[1] == "a"


def test_client_by_keyword(machine: FakeMachine) -> None:
    given = FakeClient(machine)
    call: Any = by_name
    assert call(client=given, word="y") == (given, "y")
    assert call(client=None)[0] is machine.clients[0]


def test_looks_like_the_plain_function() -> None:
    kinds: Any = Job
    assert by_name.__name__ == "by_name"  # type: ignore[attr-defined]
    assert by_name.__doc__ == "Say where it is."
    assert list(inspect.signature(by_name).parameters) == ["client", "word"]
    assert inspect.iscoroutinefunction(Job.coroutine)
    assert inspect.isgeneratorfunction(kinds.generator)
    assert inspect.isasyncgenfunction(kinds.async_generator)


def test_goes_where_functions_go() -> None:
    assert pickle.loads(pickle.dumps(by_name)) is by_name
    assert copy.deepcopy(by_name) is by_name
    assert copy.copy(by_name) is by_name


@pytest.mark.parametrize("kind", KINDS)
def test_client_of_the_other_flavour_is_refused(kind: str, machine: FakeMachine) -> None:
    other = fake("blocking" if "async" in kind or kind == "coroutine" else "coroutine", machine)
    with pytest.raises(BadRequestError, match="needs a client of type"):
        run(kind, Job(), other)


def test_partial_functions_work(machine: FakeMachine) -> None:
    def work(client: CMDOPClient, word: str) -> str:
        return word

    decorated: Any = with_auto_restart(functools.partial(work, word="w"))
    assert decorated() == "w"


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_auto_restart(max_restarts=-1),
        lambda: with_auto_restart(max_restarts=True),
        lambda: with_auto_restart(max_delay=0),
        lambda: with_auto_restart(agent=""),
        lambda: with_auto_restart(key=str)(Job().work),
        lambda: with_auto_restart(lambda: None),  # type: ignore[arg-type, misc]
        lambda: with_auto_restart("job"),  # type: ignore[call-overload]
        lambda: with_auto_restart(Job),  # type: ignore[type-var]
    ],
)
def test_bad_options_are_refused_when_applied(make: Callable[[], object]) -> None:
    with pytest.raises(BadRequestError):
        make()


def test_ensure_says_no_when_no_agent_can_be_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AgentStartError(agent="default", reason="no room")

    monkeypatch.setattr(recovery, "ensure_agent", fail)
    assert not ensure_agent_running()
    assert "AgentStartError: agent 'default' could not be started: no room" in caplog.text
    with pytest.raises(BadRequestError):
        ensure_agent_running(timeout=0)


def check_types(client: CMDOPClient, async_client: AsyncCMDOPClient) -> None:
    """Never called: for the type checker."""

    @with_auto_restart
    def plain(client: CMDOPClient, word: str, *, times: int = 1) -> int:
        return times

    @with_auto_restart(key=len, max_restarts=5)
    def rows(client: CMDOPClient, word: str) -> Iterator[str]:
        yield word

    assert_type(plain("a", times=2), int)
    assert_type(plain(client, "a"), int)
    assert_type(rows("a"), Iterator[str])
    assert_type(Recipes().method(times=1)[2], int)
    assert_type(Recipes().method(client, times=1)[2], int)
    plain(1)  # type: ignore[call-overload]
    plain(async_client, "a")  # type: ignore[call-overload]
    Recipes().method(times="1")  # type: ignore[call-overload]
