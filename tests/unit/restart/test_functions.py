"""What can be decorated, and how it is called."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, assert_type

import pytest

from cmdop_browser._sync import recovery
from cmdop_browser.exceptions import (
    AgentStartError,
    BadRequestError,
)
from cmdop_browser.helpers import ensure_agent_running, with_auto_restart
from tests.fakes.clients import FakeClient, FakeMachine
from tests.unit.restart.jobs import KINDS, Job, fake, run

if TYPE_CHECKING:
    from cmdop_browser import AsyncCMDOPClient, CMDOPClient


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
