"""Which values of a session no text may show."""

from __future__ import annotations

import base64
import json

import pytest

from agent_bridge.browser.known_secrets import KnownSecrets
from agent_bridge.browser.options import ContextOptions, ProxyServer


def _hides(secrets: KnownSecrets, value: str) -> bool:
    return any(secret in value for secret in secrets.values())


@pytest.mark.parametrize(
    ("selector", "hidden"),
    [("#password", True), ("input[name=pw]", True), ("#otp", True), ("#q", False), (".spinner", False)],
)
def test_what_is_typed_into_a_secret_field(selector: str, hidden: bool) -> None:
    secrets = KnownSecrets(ContextOptions())
    secrets.filled(selector, "blue mug")
    assert _hides(secrets, "blue mug") is hidden


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("https://x.test/in?token=correct%20horse", True),
        ("https://x.test/in?n=1&api_key=correct+horse", True),
        ("https://x.test/in#access_token=correct+horse&n=1", True),
        ("https://x.test/in#/way?secret=correct%20horse", True),
        ("https://x.test/in?q=correct+horse", False),
        ("https://x.test/in?" + "a=1&" * 300 + "token=correct+horse", False),
        ("https://[x/in?token=correct+horse", False),
        ("", False),
    ],
)
def test_parameters_of_a_url_that_a_page_may_print_alone(url: str, hidden: bool) -> None:
    secrets = KnownSecrets(ContextOptions())
    secrets.seen([], [], [url])
    assert _hides(secrets, "correct horse") is hidden


@pytest.mark.parametrize(
    ("cookie", "hidden"),
    [
        ({"name": "sid", "value": "8f7a6b5c"}, True),
        ({"name": "x", "value": "correcthorse", "httpOnly": True}, True),
        ({"name": "auth_token", "value": "correcthorse"}, True),
        ({"name": "consent", "value": "accepted"}, False),
        ({"name": "lang", "value": "en-US"}, False),
        ({"name": "n", "value": "1"}, False),
    ],
)
def test_cookies_save_for_plain_settings(cookie: dict[str, object], hidden: bool) -> None:
    for note in ("given", "seen"):
        secrets = KnownSecrets(ContextOptions())
        if note == "given":
            secrets.given([cookie])
        else:
            secrets.seen([cookie], ())
        assert _hides(secrets, str(cookie["value"])) is hidden


def test_options() -> None:
    basic = base64.b64encode(b"me:swordfish").decode()
    state = {
        "cookies": [{"name": "sid", "value": "c00kie-value"}],
        "origins": [{"localStorage": [{"name": "access_token", "value": "l0cal-value"}]}],
    }
    options = ContextOptions(
        headers=(("Authorization", f"Basic {basic}"), ("X-Api-Key", "k3y-value"), ("X-Shop", "north-branch")),
        proxy=ProxyServer("http://proxy.test", "me", "pr0xy-value"),
        storage_state=json.dumps(state).encode(),
    )
    secrets = KnownSecrets(options)
    for value in (basic, "swordfish", "k3y-value", "pr0xy-value", "c00kie-value", "l0cal-value"):
        assert _hides(secrets, value)
    assert not _hides(secrets, "north-branch")


@pytest.mark.parametrize("state", [b"no json", b"[]", b'{"cookies": 1}', b'{"origins": [1]}'])
def test_a_storage_state_of_another_form_is_no_matter(state: bytes) -> None:
    assert KnownSecrets(ContextOptions(storage_state=state)).values() == ()


def test_every_spelling_the_longest_first() -> None:
    secrets = KnownSecrets(ContextOptions())
    secrets.filled("#password", 'a"b&c d')
    values = secrets.values()
    assert {'a"b&c d', "a%22b%26c%20d", "a%22b%26c+d", "a&quot;b&amp;c d", 'a\\"b&c d'} <= set(values)
    assert list(values) == sorted(values, key=len, reverse=True)
