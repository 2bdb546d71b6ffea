from __future__ import annotations

import pytest

from agent_bridge.diagnosis.texts import MAX_TEXT, call_log, first_sentence, shown_url

MESSAGE = """Locator.click: Timeout 500ms exceeded.
Call log:
\x1b[2m  - waiting for locator("button")\x1b[22m
\x1b[2m    - locator resolved to hidden <button>Buy</button>\x1b[22m
"""


def test_the_sentence_stands_without_prefix_and_log() -> None:
    assert first_sentence(MESSAGE) == "Timeout 500ms exceeded."


def test_the_call_log_stands_without_bullets_and_colours() -> None:
    assert call_log(MESSAGE) == (
        'waiting for locator("button")',
        "locator resolved to hidden <button>Buy</button>",
    )


def test_the_browser_log_is_cut() -> None:
    assert first_sentence("it died\nBrowser logs:\n" + "noise " * 1000) == "it died"


def test_a_text_of_megabytes_becomes_short() -> None:
    assert len(first_sentence("http://host/" + "x" * 3_000_000)) == MAX_TEXT


def test_credentials_in_a_url_do_not_show() -> None:
    assert "hunter2" not in first_sentence("net::ERR_FAILED at http://me:hunter2@host/")


@pytest.mark.parametrize(
    "url",
    [
        "http:/bob:hunter2@host/",
        "//bob:hunter2@host/",
        "https//bob:hunter2@host/",
        "https://bob:hunter2 and more@host/",
        "bob:hunter2@host/path",
        "http://bob:hunter2@host/path?x#y",
    ],
)
def test_no_url_shows_its_credentials_however_malformed(url: str) -> None:
    assert "hunter2" not in shown_url(url)
    assert "host" in shown_url(url)


def test_an_at_sign_in_a_path_is_no_credential() -> None:
    assert shown_url("https://medium.test/@author/post") == "https://medium.test/@author/post"
