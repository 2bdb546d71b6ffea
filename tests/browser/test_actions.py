from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserTimeoutError,
    ElementCause,
    Outcome,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import WebSite

# Every kind of character that breaks out of somebody's quotes.
HOSTILE = "\"'`\\ ${x} </script> é 😀 \u2028 <b>&amp;"


async def _last_click(session: Any) -> dict[str, Any]:
    lines = (await session.dom.text("#clicks")).strip().splitlines()
    return dict(json.loads(lines[-1]))


async def test_clicks_arrive_as_they_were_meant(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/mouse.html"))
    await session.click("#pad", position=(30, 40))
    click = await _last_click(session)
    assert (click["type"], click["button"], click["count"]) == ("click", "left", 1)
    assert (click["x"], click["y"]) == (30, 40)
    await session.click("#button", count=2, modifiers=["Shift", "Alt"])
    click = await _last_click(session)
    assert (click["type"], click["count"], click["modifiers"]) == ("dblclick", 2, ["Alt", "Shift"])
    await session.click("#button", button="right")
    assert (await _last_click(session))["type"] in {"contextmenu", "auxclick"}
    await session.click("#far")
    assert (await _last_click(session))["id"] == "far"


async def test_a_click_that_loads_a_page(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/mouse.html"))
    await session.click("#link")
    await session.wait_for_url("**/echo/clicked")


async def test_hovering_opens_a_menu(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/mouse.html"))
    await session.hover("#opens")
    await session.click("#in-menu")
    assert (await _last_click(session))["id"] == "in-menu"


async def test_fields_take_any_text(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    for field in ("#text", "#area", "#editable"):
        await session.fill(field, HOSTILE)
    await session.fill("#area", HOSTILE + "\nsecond line")
    assert await session.evaluate("() => document.querySelector('#text').value") == HOSTILE
    assert await session.evaluate("() => document.querySelector('#area').value") == HOSTILE + "\nsecond line"
    await session.fill("#text", "")
    assert await session.evaluate("() => document.querySelector('#text').value") == ""


async def test_typing_presses_keys(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/keyboard.html"))
    await session.type("#field", "ab")
    await session.type("#field", "c", clear=False)
    assert await session.evaluate("() => document.querySelector('#field').value") == "abc"
    await session.type("#field", "xy", delay=0.05)
    assert await session.evaluate("() => document.querySelector('#field').value") == "xy"
    keys = [json.loads(line) for line in (await session.dom.text("#keys")).strip().splitlines()]
    last, before = keys[-1], keys[-2]
    assert (before["key"], last["key"]) == ("x", "y")
    assert last["at"] - before["at"] >= 40


async def test_pressing_keys(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/keyboard.html"))
    await session.press("Control+ArrowDown", selector="#tab-stop")
    await session.press("Enter")
    keys = [json.loads(line) for line in (await session.dom.text("#keys")).strip().splitlines()]
    assert (keys[-2]["key"], keys[-2]["modifiers"], keys[-2]["target"]) == (
        "ArrowDown",
        ["Control"],
        "tab-stop",
    )
    assert (keys[-1]["key"], keys[-1]["target"]) == ("Enter", "tab-stop")


async def test_a_key_that_does_not_exist(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/keyboard.html"))
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.press("Entre")
    assert caught.value.cause is ElementCause.UNKNOWN_KEY


async def test_ticking(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    await session.check("#check")
    await session.check("#check")
    await session.uncheck("#checked")
    await session.check("#radio-a")
    assert await session.evaluate(
        "() => ['check', 'checked', 'radio-a', 'radio-b'].map((id) => document.getElementById(id).checked)"
    ) == [True, False, True, False]


async def test_selecting_options(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    assert await session.select_option("#select", label='Green "grass"') == ["g"]
    assert await session.select_option("#select", value="r") == ["r"]
    assert await session.select_option("#select", index=3) == ["b"]
    assert await session.select_option("#multiple", value=["1", "4"]) == ["1", "4"]
    assert await session.select_option("#multiple", value=[]) == []
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.select_option("#select", value="ultraviolet", timeout=1.0)
    assert caught.value.cause is ElementCause.NO_SUCH_OPTION


async def test_uploading_files(session: Any, site: WebSite, tmp_path: Path) -> None:
    large, named = tmp_path / "large.bin", tmp_path / 'o\'ne "zwö".txt'
    large.write_bytes(b"0123456789" * 100_000)
    named.write_text("one")
    await session.navigate(site.at("/forms.html"))
    await session.upload("#files", [large, str(named)])
    await session.upload("#file", named)
    await session.click("#submit")
    await session.wait_for("#submitted")
    sent = json.loads(await session.dom.text("#submitted"))
    files = [value for name, value in sent if name == "files"]
    assert [file["size"] for file in files] == [1_000_000, 3]
    assert files[0]["sha256"] == hashlib.sha256(large.read_bytes()).hexdigest()
    (single,) = [value for name, value in sent if name == "file"]
    assert single["filename"].endswith(".txt")


async def test_elements_that_cannot_be_clicked(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/elements.html"))
    for selector in ("#nope", "#display-none", "#invisible", "text=no such text", "xpath=//nope"):
        with pytest.raises(BrowserElementNotFoundError) as caught:
            await session.click(selector, timeout=0.5)
        assert caught.value.selector == selector
        assert caught.value.action == "click"
        assert "0.5 s" in caught.value.message
    assert await session.dom.text("#clicked") == "nothing"


@pytest.mark.parametrize("selector", ["div[", ">>", "xpath=//[", HOSTILE, "a:nope(1)"])
async def test_a_selector_that_does_not_parse(session: Any, site: WebSite, selector: str) -> None:
    await session.navigate(site.at("/plain.html"))
    for call in (session.click, session.wait_for, session.dom.html, session.dom.count, session.hover):
        with pytest.raises(BrowserElementNotFoundError) as caught:
            await call(selector, timeout=2.0)
        assert caught.value.cause is ElementCause.INVALID_SELECTOR


async def test_every_kind_of_selector(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/shadow.html"))
    for selector in (
        "#in-open",
        "text=Two roots down",
        "role=button[name='In a declared root']",
        "xpath=//p[@id]",
    ):
        assert await session.dom.count(selector) == 1
    await session.click("#in-nested")
    assert await session.dom.text("#clicked") == "in-nested"


async def test_typing_that_takes_too_long_says_that_it_was_begun(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    with pytest.raises(BrowserTimeoutError) as caught:
        await session.type("#area", "x" * 5000, delay=0.01, timeout=3.0)
    assert caught.value.outcome is Outcome.UNKNOWN
