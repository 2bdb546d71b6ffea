"""What is refused is not shown where it could be a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SECRET = "S3CR3T"

CALLS: dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], str]] = {
    "fill": (lambda session, secret: session.fill("#pw", secret), "value"),
    "type": (lambda session, secret: session.type("#pw", secret), "text"),
    "cookie": (
        lambda session, secret: session.set_cookies([{"name": "a", "value": secret, "domain": "a.test"}]),
        "cookies[0].value",
    ),
}


@pytest.mark.parametrize("secret", [f"{SECRET}\0", f"{SECRET}\ud800", SECRET.encode()], ids=ascii)
@pytest.mark.parametrize("name", CALLS)
async def test_a_refused_secret_is_not_shown(session: Any, name: str, secret: object) -> None:
    call, field = CALLS[name]
    with pytest.raises(BadRequestError) as caught:
        await call(session, secret)
    assert caught.value.field == field
    _hides_it(caught.value)


@pytest.mark.parametrize("cookies", [SECRET, SECRET.encode(), {"a": SECRET}, [SECRET]], ids=ascii)
async def test_cookies_in_a_wrong_form_are_not_shown(session: Any, cookies: object) -> None:
    with pytest.raises(BadRequestError) as caught:
        await session.set_cookies(cookies)
    _hides_it(caught.value)


def _hides_it(error: BadRequestError) -> None:
    assert SECRET not in f"{error} {error!r} {error.to_dict()} {error.fields()} {error.args}"
