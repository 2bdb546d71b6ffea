"""The async and the sync client are the same, but for ``await``."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import cmdop_browser
from tools.gen.flavours import RENAMES

_ASYNC = Path(cmdop_browser.__file__).with_name("_async")
MODULES = sorted(path.stem for path in _ASYNC.glob("*.py") if path.stem != "__init__")
PUBLIC = ["client.AsyncCMDOPClient", "browser.AsyncBrowser", "session.AsyncBrowserSession", "dom.AsyncDom"]


def _in_sync(text: str) -> str:
    return re.sub(r"\w+", lambda word: RENAMES.get(word[0], word[0]), text)


def _pair(module: str) -> tuple[Any, Any]:
    return (
        importlib.import_module(f"cmdop_browser._async.{module}"),
        importlib.import_module(f"cmdop_browser._sync.{module}"),
    )


def _class_pair(name: str) -> tuple[type, type]:
    module, _, cls = name.partition(".")
    source, generated = _pair(module)
    return getattr(source, cls), getattr(generated, _in_sync(cls))


@pytest.mark.parametrize("module", MODULES)
def test_modules_define_the_same_names(module: str) -> None:
    source, generated = _pair(module)
    own = {
        name for name, value in vars(source).items() if getattr(value, "__module__", None) == source.__name__
    }
    assert {_in_sync(name) for name in own} <= set(vars(generated))


@pytest.mark.parametrize("name", PUBLIC)
def test_classes_have_the_same_members(name: str) -> None:
    source, generated = _class_pair(name)
    assert {_in_sync(member) for member in dir(source)} == set(dir(generated))


@pytest.mark.parametrize("name", PUBLIC)
def test_members_have_the_same_signatures(name: str) -> None:
    source, generated = _class_pair(name)
    compared = 0
    for member, function in inspect.getmembers(source, callable):
        if member.startswith("_") and member not in {"__init__", "__aenter__", "__aexit__"}:
            continue
        pair = getattr(generated, _in_sync(member))
        assert _in_sync(str(inspect.signature(function))) == str(inspect.signature(pair)), member
        assert bool(function.__doc__) is bool(pair.__doc__), member
        compared += 1
    assert compared > 2


@pytest.mark.parametrize("name", PUBLIC)
def test_public_methods_say_what_they_raise(name: str) -> None:
    for cls in _class_pair(name):
        for member, function in inspect.getmembers(cls, inspect.isfunction):
            if not member.startswith("_"):
                assert "Raises:" in (inspect.getdoc(function) or ""), f"{cls.__name__}.{member}"


@pytest.mark.parametrize("name", PUBLIC)
def test_the_sync_side_waits_for_nothing(name: str) -> None:
    source, generated = _class_pair(name)
    awaited = {
        _in_sync(member)
        for member, function in inspect.getmembers(source, inspect.isfunction)
        if inspect.iscoroutinefunction(inspect.unwrap(function))
    }
    assert awaited
    for member in awaited:
        assert not inspect.iscoroutinefunction(getattr(generated, member))
