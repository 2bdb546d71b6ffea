"""The client's calls are those of the protos."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

import cmdop_browser.wire.v1
from cmdop_browser import _methods as methods

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor

PROTOS = (
    "actions",
    "agent",
    "capture",
    "dom",
    "identity",
    "navigation",
    "script",
    "sessions",
    "transfers",
    "waits",
)
CALLS = {name: call for name, call in vars(methods).items() if isinstance(call, methods.Method)}
# Those that change the page or the server behind it.
ACTS = {
    "ActionService",
    "NavigationService.Traverse",  # which may send a form again
    "ScriptService.Evaluate",
    "IdentityService.SetCookies",
    "IdentityService.ClearCookies",
}


def _declared() -> dict[str, MethodDescriptor]:
    found = {}
    for proto in PROTOS:
        module: Any = importlib.import_module(f"{cmdop_browser.wire.v1.__name__}.{proto}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                found[f"/{service.full_name}/{method.name}"] = method
    return found


def test_every_method_of_the_protos_is_there() -> None:
    assert sorted(call.path for call in CALLS.values()) == sorted(_declared())


@pytest.mark.parametrize("name", CALLS)
def test_types_are_those_of_the_protos(name: str) -> None:
    call = CALLS[name]
    declared = _declared()[call.path]
    assert call.request.DESCRIPTOR is declared.input_type
    assert call.reply.DESCRIPTOR is declared.output_type


@pytest.mark.parametrize("name", CALLS)
def test_acts_are_told_from_reads(name: str) -> None:
    call = CALLS[name]
    assert call.act is bool({call.service, f"{call.service}.{call.name}"} & ACTS)


def test_all_that_makes_or_changes_something_carries_a_key() -> None:
    # To close twice is to close once; `navigate`, which is a GET, may run twice.
    keyed = {call.path for call in CALLS.values() if call.act or call.keyed}
    assert {methods.CREATE.path, methods.SEND_FILE.path} == keyed - {
        call.path for call in CALLS.values() if call.act
    }
