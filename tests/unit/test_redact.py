"""Secrets are masked; what only looks like one is left alone."""

from __future__ import annotations

import time

import pytest

from cmdop_browser.exceptions.redact import MASK, is_sensitive_name, redact, redact_mapping

SECRET = "hunter2-9f8e7d6c5b4a3210"

LEAKS = [
    f"http://user:{SECRET}@proxy.test:3128",
    f"socks5://{SECRET}@proxy.test",
    f"connect via http://me:p@{SECRET}@host/x failed",
    f"Authorization: Bearer {SECRET}",
    f"authorization=Basic {SECRET}",
    f'{{"Proxy-Authorization": "Basic {SECRET}"}}',
    f"sent Bearer {SECRET} to the agent",
    f"Cookie: sid={SECRET}; theme=dark",
    f"{{'Set-Cookie': 'sid={SECRET}; Path=/; HttpOnly'}}",
    f"https://site.test/a?api_key={SECRET}&page=2",
    f"https://site.test/a?page=2&access_token={SECRET}#x",
    f"https://maps.test/js?key={SECRET}",
    f"x-api-key: {SECRET}",
    f"cmdop-token: {SECRET}",
    f'{{"password":"{SECRET}"}}',
    f"--proxy-password={SECRET}",
    f"client_secret = '{SECRET}'",
    f"passphrase: {SECRET}",
    f"https://site.test/a;jsessionid={SECRET}",
    f"https://site.test/a?PHPSESSID={SECRET}&page=2",
    f"https://site.test/login?user=ada&pwd={SECRET}",
    "https://site.test/callback?state=a1b2c3d4&page=2".replace("a1b2c3d4", SECRET),
]

HARMLESS = [
    "click '#password:focus' failed: nothing matches",
    "click '.cookie:has-text(\"Accept\")' failed",
    "div.cookie-banner button:has-text('Accept')",
    "input[type=password]",
    'input[autocomplete="current-password"]',
    "Basic understanding of the bearer of this letter",
    "https://shop.test/item/3?page=2&key=blue-mug",
    "https://shop.test/orders?state=open&code=DE&session=spring",
    "https://medium.test/@author/post",
    "mailto:someone@example.test",
    "TypeError: x is not a function\n    at f (https://a.test/app.js:1:22)",
    "fetch(url, {credentials: 'include'})",
]


@pytest.mark.parametrize("text", LEAKS)
def test_masks_secret(text: str) -> None:
    masked = redact(text)
    assert SECRET not in masked
    assert MASK in masked


@pytest.mark.parametrize("text", HARMLESS)
def test_leaves_harmless_text(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", LEAKS)
def test_is_idempotent(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_keeps_the_rest_of_a_url() -> None:
    assert redact(f"http://u:{SECRET}@h.test/p?token={SECRET}&q=1") == "http://***@h.test/p?token=***&q=1"


def test_masks_values_known_to_be_secret() -> None:
    assert redact("the value is swordfish", secrets=["swordfish", ""]) == "the value is ***"


@pytest.mark.parametrize(
    "name", ["password", "proxy_password", "X-Api-Key", "Authorization", "csrf-token", "COOKIE"]
)
def test_sensitive_names(name: str) -> None:
    assert is_sensitive_name(name)


@pytest.mark.parametrize("name", ["selector", "cookie_banner", "tokens_left", "monkey", "author"])
def test_other_names(name: str) -> None:
    assert not is_sensitive_name(name)


def test_mapping_is_masked_by_key_and_by_text() -> None:
    headers = {"Authorization": SECRET, "X-Trace": f"token={SECRET}", "nested": {"password": SECRET}, "n": 1}
    masked = redact_mapping(headers)
    assert SECRET not in repr(masked)
    assert masked["n"] == 1


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "<input ",
        '<meta name=token "',
        "://",
        "token ",
        "token=",
        "Bearer ",
        "cookie:",
        "authorization ",
        '"',
        " ",
        "?key=",
    ],
)
def test_megabytes_take_no_time_out_of_proportion(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        f'<input type="password" id="p" value="{SECRET}">',
        f"<input value='{SECRET}' name=csrf_token type=hidden>",
        f'<input type=text autocomplete="one-time-code" value={SECRET}>',
        f'<meta name="csrf-token" content="{SECRET}">',
        f'<div data-api-key="{SECRET}" data-session-token={SECRET}>',
        f'<script>window.state = {{"accessToken":"{SECRET}", newPassword: "{SECRET}"}}</script>',
        f"https://a.test/#access_token={SECRET}&x=1",
        "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_ y",
        "sk_live_abcdefghijkl12",
    ],
)
def test_masks_secrets_of_pages(text: str) -> None:
    masked = redact(text)
    assert SECRET not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        '<input name=q value="blue mug">',
        '<meta name="viewport" content="width=1">',
        '<meta name=author content=Bob><meta name="keywords" content="token">',
        '<button class="buy" name="item" value="3">',
        'covered by <input type="password">',
    ],
)
def test_leaves_harmless_markup(text: str) -> None:
    assert redact(text) == text
