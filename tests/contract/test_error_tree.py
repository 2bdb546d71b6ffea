"""What holds for every class of the error tree."""

from __future__ import annotations

import builtins
import copy
import json
import pickle
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from cmdop_browser import exceptions
from cmdop_browser.exceptions import (
    ERROR_CLASSES,
    AgentBusyError,
    BadRequestError,
    BrowserElementNotFoundError,
    BrowserNavigationError,
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CloseReason,
    CMDOPError,
    ElementCause,
    NavigationCause,
    Outcome,
    SessionInterruptedError,
    error_from_dict,
)
from tests.contract.error_samples import ALL_CLASSES, field_values, full_sample

TREE = """
CMDOPError
- ConnectionError
-- AgentNotRunningError agent searched
-- StalePortFileError discovery_path reason
-- ConnectionTimeoutError timeout_seconds operation outcome
-- ConnectionLostError last_sequence outcome
- AuthenticationError
-- InvalidAPIKeyError key_hint
-- PermissionDeniedError agent_uid caller_uid scope
-- TokenExpiredError expired_at
- MethodNotFoundError method client_version agent_version
- AgentError
-- AgentOfflineError last_seen
-- AgentBusyError limit active queued retry_after_seconds
-- AgentStartError agent reason exit_code stderr_tail
-- AgentExistsError agent backend reason
-- AgentAttachError agent backend reason
-- AgentStopError agent backend reason
-- AgentAmbiguousError agent backends
-- InternalError incident_id
-- FeatureNotAvailableError feature mode
- BackendNotFoundError backend install_hint
-- TmuxNotFoundError backend install_hint
-- ContainerRuntimeNotFoundError backend install_hint
-- BrowserNotInstalledError backend install_hint
- SessionError session_id
-- SessionNotFoundError session_id
-- SessionExistsError session_id
-- SessionClosedError session_id
-- SessionInterruptedError session_id outcome last_action
- FileError path
-- FileNotFoundError path
-- FilePermissionError path operation
-- FileTooLargeError path size_bytes max_bytes
- BrowserError session_id action cause evidence
-- BrowserSessionClosedError session_id action cause evidence error_detail reason last_action outcome
-- BrowserNavigationError session_id action cause evidence url error_detail
-- BrowserElementNotFoundError session_id action cause evidence selector matches candidates outcome
-- BrowserTimeoutError session_id action cause evidence timeout_seconds outcome
-- BrowserScriptError session_id action cause evidence script_message stack
- ExecutionError exit_code stdout stderr command
- BadRequestError field value
- ConflictError
-- IdempotencyMismatchError
- ConfigurationError setting source
- RateLimitError retry_after_seconds limit remaining
"""

BUILTINS = {
    "ConnectionError": builtins.ConnectionError,
    "ConnectionTimeoutError": builtins.TimeoutError,
    "PermissionDeniedError": builtins.PermissionError,
    "BackendNotFoundError": builtins.FileNotFoundError,
    "FileNotFoundError": builtins.FileNotFoundError,
    "FilePermissionError": builtins.PermissionError,
    "BrowserTimeoutError": builtins.TimeoutError,
    "BadRequestError": builtins.ValueError,
}

HTTP_STATUSES = {400, 401, 403, 404, 409, 429, 500, 503, 504}

each_class = pytest.mark.parametrize("cls", ALL_CLASSES, ids=lambda cls: cls.__name__)


def test_tree_has_exactly_these_classes_and_fields() -> None:
    parents: list[type[CMDOPError]] = []
    seen: set[type[CMDOPError]] = set()
    for line in TREE.strip().splitlines():
        dashes, name, *fields = ("", *line.split()) if line[0] != "-" else line.split()
        cls = getattr(exceptions, name)
        depth = len(dashes)
        if depth:
            assert parents[depth - 1] in cls.__bases__
        assert set(cls().fields()) == set(fields), name
        parents[depth:] = [cls]
        seen.add(cls)
    assert seen == set(ALL_CLASSES)


@pytest.mark.parametrize(("name", "builtin"), BUILTINS.items())
def test_names_that_shadow_a_builtin_inherit_it(name: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(exceptions, name), builtin)


def test_public_names_are_there() -> None:
    assert set(exceptions.__all__) == set(dir(exceptions)) & set(exceptions.__all__) | {"from_rpc_error"}
    assert callable(exceptions.from_rpc_error)
    with pytest.raises(AttributeError):
        exceptions.NoSuchError  # noqa: B018


def test_codes_are_stable_and_one_a_class() -> None:
    assert len({cls.code for cls in ALL_CLASSES}) == len(ALL_CLASSES)
    assert ERROR_CLASSES["BROWSER_ELEMENT_NOT_FOUND"] is BrowserElementNotFoundError
    assert all(code == cls.code == code.upper() for code, cls in ERROR_CLASSES.items())


@each_class
def test_can_be_made_from_a_message_alone(cls: type[CMDOPError]) -> None:
    error = cls("it broke")
    assert error.message == "it broke"
    assert error.args == ("it broke",)
    assert str(error).startswith("it broke")
    assert cls().message


@each_class
def test_takes_nothing_else_by_position(cls: type[CMDOPError]) -> None:
    with pytest.raises(TypeError):
        cls("m", "x")  # type: ignore[call-arg]


@each_class
def test_holds_what_it_was_given(cls: type[CMDOPError]) -> None:
    error = full_sample(cls)
    for name, value in field_values(cls).items():
        assert getattr(error, name) == value, name
    assert error.fields() == field_values(cls)
    assert (error.request_id, error.idempotency_key, error.agent_id) == ("req-1", "key-1", "agent-1")
    assert error.retryable is True
    assert error.tips[0] == "try this"
    assert error.http_status in HTTP_STATUSES


@each_class
def test_public_module_and_docstring(cls: type[CMDOPError]) -> None:
    assert cls.__module__ == "cmdop_browser.exceptions"
    assert cls.__doc__
    for name in set(cls().fields()) - {
        name for base in cls.__bases__ if base in ALL_CLASSES for name in base().fields()
    }:
        assert f"{name}:" in cls.__doc__, name


@each_class
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(cls: type[CMDOPError], protocol: int) -> None:
    error = full_sample(cls)
    error.add_note("a note")
    assert_equal(pickle.loads(pickle.dumps(error, protocol)), error)


@each_class
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda error: error_from_dict(error.to_dict())]
)
def test_copies(cls: type[CMDOPError], duplicate: Any) -> None:
    for error in (full_sample(cls), cls(), cls("m")):
        assert_equal(duplicate(error), error)


def test_deep_copy_shares_nothing_mutable() -> None:
    error = CMDOPError(details={"list": [1]})
    copied = copy.deepcopy(error)
    copied.details["list"].append(2)
    assert error.details == {"list": [1]}


class JobError(BrowserNavigationError):
    """A user's own class with a constructor of its own."""

    def __init__(self, row: int) -> None:
        super().__init__(f"row {row}", url="https://a.test")
        self.row = row


def test_subclass_with_another_constructor_pickles() -> None:
    copied = pickle.loads(pickle.dumps(JobError(7)))
    assert type(copied) is JobError
    assert (copied.row, copied.url, str(copied)) == (7, "https://a.test", "row 7")


@each_class
def test_to_dict_is_json(cls: type[CMDOPError]) -> None:
    error = full_sample(cls)
    assert_equal(error_from_dict(json.loads(json.dumps(error.to_dict()))), error)


@each_class
def test_texts(cls: type[CMDOPError]) -> None:
    error = full_sample(cls)
    assert "try this" in str(error)
    if "error_detail" not in error.fields():
        assert error.message in error.error_detail
        assert 'then "that"' in error.error_detail
        assert "req-1" in error.error_detail
    assert repr(error).startswith(f"{cls.__name__}(")
    sentence = error.user_message()
    assert sentence[0].isupper() or sentence.startswith("tmux")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 100


@each_class
def test_caught_by_its_builtin_with_a_usable_oserror(cls: type[CMDOPError]) -> None:
    error = full_sample(cls)
    if isinstance(error, FileNotFoundError | PermissionError):
        assert error.errno
        assert copy.deepcopy(error).errno == error.errno


def test_reads_as_documented() -> None:
    error = BrowserElementNotFoundError(
        "click 'button.buy' failed after 5.0 s: covered by <div class=\"cookie-banner\">",
        tips=("close the consent banner first", "or pass force=True to click through it"),
        evidence={"page": {"url": "https://shop.test/item/3", "status": 200, "title": "Blue mug"}},  # type: ignore[arg-type]
    )
    assert str(error).splitlines() == [
        "click 'button.buy' failed after 5.0 s: covered by <div class=\"cookie-banner\">",
        '  page: https://shop.test/item/3 (200, "Blue mug")',
        "  tips:",
        "    - close the consent banner first",
        "    - or pass force=True to click through it",
    ]


def test_causes_are_closed_lists() -> None:
    with pytest.raises(ValueError, match="BORED"):
        BrowserNavigationError(cause="BORED")  # type: ignore[arg-type]
    assert BrowserNavigationError(cause="DNS").cause is NavigationCause.DNS  # type: ignore[arg-type]
    assert f"{ElementCause.TYPO}" == "TYPO"
    assert str(Outcome.UNKNOWN) == "unknown"


def test_what_a_newer_agent_says_is_kept() -> None:
    error = error_from_dict(
        {
            "code": "BROWSER_NAVIGATION_FAILED",
            "message": "m",
            "fields": {"cause": "SOLAR_FLARE", "flux": 3, "url": "https://a.test"},
        }
    )
    assert isinstance(error, BrowserNavigationError)
    assert error.url == "https://a.test"
    assert error.details == {"cause": "SOLAR_FLARE", "flux": 3}
    unknown = error_from_dict({"code": "FROM_THE_FUTURE", "message": "m", "retryable": True})
    assert type(unknown) is CMDOPError
    assert unknown.details == {"code": "FROM_THE_FUTURE"}
    assert unknown.retryable


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (SessionInterruptedError(), False),
        (SessionInterruptedError(outcome=Outcome.NOT_EXECUTED), True),
        (BrowserTimeoutError(), True),
        (BrowserTimeoutError(idempotency_key="k"), False),
        (BrowserTimeoutError(outcome=Outcome.EXECUTED), False),
        (BrowserTimeoutError(outcome=Outcome.NOT_EXECUTED, idempotency_key="k"), True),
        (BrowserSessionClosedError(reason=CloseReason.RENDERER_CRASH), True),
        (BrowserSessionClosedError(reason=CloseReason.CLOSED_BY_CALLER), False),
        (BrowserSessionClosedError(reason=CloseReason.BROWSER_CRASH, outcome=Outcome.UNKNOWN), False),
        (BrowserNavigationError(cause=NavigationCause.RESET), True),
        (BrowserNavigationError(cause=NavigationCause.TLS_EXPIRED), False),
        (AgentBusyError(idempotency_key="k"), True),
        (BadRequestError(), False),
    ],
)
def test_retryable_only_where_repeating_is_safe(error: CMDOPError, retryable: bool) -> None:
    assert error.retryable is retryable


def test_retryable_follows_what_is_learned_later() -> None:
    error = BrowserTimeoutError()
    seen = [error.retryable]
    error.idempotency_key = "k"
    seen.append(error.retryable)
    error.retryable = True
    assert [*seen, error.retryable] == [True, False, True]


def test_values_of_any_kind_can_be_shown() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    recursive: list[Any] = []
    recursive.append(recursive)
    for value in (
        Broken(),
        recursive,
        object(),
        lambda: 1,
        b"\xff",
        "\ud800",
        {1, 2},
        Path("/x"),
        "x" * 10_000,
        1j,
    ):
        error = BadRequestError(field="arg", value=value)
        assert_equal(pickle.loads(pickle.dumps(error)), error)
        json.dumps(error.to_dict())
        assert len(repr(error)) < 1_000


def test_long_messages_are_cut() -> None:
    assert len(CMDOPError("x" * 3_000_000).message) == 2_000


def test_every_module_of_the_package_is_small() -> None:
    for module in pkgutil.iter_modules(exceptions.__path__):
        assert len((Path(exceptions.__path__[0]) / f"{module.name}.py").read_text().splitlines()) < 400


def assert_equal(copied: CMDOPError, error: CMDOPError) -> None:
    assert type(copied) is type(error)
    assert copied.fields() == error.fields()
    assert copied.tips == error.tips
    assert copied.to_dict() == error.to_dict()
    assert copied.args == error.args
    assert (str(copied), repr(copied), copied.error_detail) == (str(error), repr(error), error.error_detail)
