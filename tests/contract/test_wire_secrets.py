"""No secret crosses the wire in an error, nor shows in one."""

from __future__ import annotations

from typing import Any

import pytest

from cmdop_browser.exceptions import (
    BadRequestError,
    CMDOPError,
)
from cmdop_browser.wire.errors import (
    status_from_error,
)
from tests.contract.wire_calls import each_class

SECRET = "hunter2-9f8e7d6c"
PLANTED_MESSAGE = f"navigate failed: net::ERR_PROXY http://u:{SECRET}@proxy.test"
PLANTED_DETAILS = {
    "password": SECRET,
    "headers": {"Authorization": f"Bearer {SECRET}"},
    "log": [f"token={SECRET}"],
}


@each_class
def test_planted_secrets_do_not_show(cls: type[CMDOPError]) -> None:
    blank = cls()
    arguments: dict[str, Any] = {
        name: f"Cookie: sid={SECRET}"
        for name, value in blank.fields().items()
        if isinstance(value, str | None)
    }
    for name in ("cause", "outcome", "reason", "expired_at", "last_seen", "retry_after_seconds"):
        arguments.pop(name, None)
    if hasattr(blank, "evidence"):
        arguments["evidence"] = {
            "call_log": [f"Authorization: Basic {SECRET}"],
            "console": [f"api_key={SECRET}"],
            "page": {"url": f"http://u:{SECRET}@h.test/"},
        }
    error = cls(PLANTED_MESSAGE, details=PLANTED_DETAILS, tips=(PLANTED_MESSAGE,), **arguments)
    status = status_from_error(error)
    shown = [
        str(error),
        repr(error),
        error.error_detail,
        error.user_message(),
        error.to_dict(),
        error.__dict__,
    ]
    assert SECRET not in repr(shown)
    assert SECRET not in status.details
    assert SECRET.encode() not in status.trailing_metadata[0][1]


@pytest.mark.parametrize("field", ["password", "api_key", "headers.Authorization"])
def test_bad_request_hides_the_value_of_a_secret_argument(field: str) -> None:
    error = BadRequestError(field=field.rpartition(".")[2], value=SECRET)
    assert SECRET not in repr(error.to_dict())
