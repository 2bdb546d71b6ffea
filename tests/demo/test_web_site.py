"""The pages of the test web site do in a browser what tests will rely on."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Error, Page, TimeoutError, expect

from tests.site import WebSite
from tests.site.resources import KINDS

# Milliseconds: Playwright says what was in the way only when it had the time to look.
BLOCKED = 1500


@pytest.fixture(scope="session")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


async def test_forms(page: Page, site: WebSite, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("content")
    await page.goto(site.at("/forms.html"))
    await page.fill("#area", 'lines\nand "quotes"')
    await page.fill("#date", "2024-02-29")
    await page.check("#check")
    await page.check("#radio-a")
    await page.select_option("#select", "g")
    await page.select_option("#multiple", ["1", "4"])
    await page.set_input_files("#file", tmp_path / "a.txt")
    await page.click("#submit")
    sent = json.loads(await page.inner_text("#submitted"))
    fields = {name: value for name, value in sent if name != "multiple"}
    assert fields["area"] == 'lines\r\nand "quotes"'
    assert (fields["date"], fields["check"], fields["radio"], fields["select"]) == (
        "2024-02-29",
        "yes",
        "a",
        "g",
    )
    assert fields["file"]["filename"] == "a.txt"
    assert [value for name, value in sent if name == "multiple"] == ["1", "4"]


async def test_mouse_and_keyboard(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/mouse.html"))
    await page.click("#pad", position={"x": 10, "y": 20}, button="right", modifiers=["Shift"])
    await page.hover("#opens")
    await page.dblclick("#in-menu")
    clicks = [json.loads(line) for line in (await page.inner_text("#clicks")).splitlines()]
    (right,) = [click for click in clicks if click["type"] == "contextmenu"]
    assert (right["button"], right["x"], right["y"], right["modifiers"]) == ("right", 10, 20, ["Shift"])
    assert [click["count"] for click in clicks if click["type"] == "click"] == [1, 2]

    await page.goto(site.at("/keyboard.html"))
    await page.press("#field", "Control+a")
    last = json.loads((await page.inner_text("#keys")).splitlines()[-1])
    assert (last["key"], last["modifiers"], last["target"]) == ("a", ["Control"], "field")


@pytest.mark.parametrize("after", [0, 50])
async def test_covered(page: Page, site: WebSite, after: int) -> None:
    await page.goto(site.at("/covered.html", after=after))
    if after:
        await page.click("#covered")
    else:
        with pytest.raises(
            TimeoutError, match='<div id="cover" class="cover"></div> intercepts pointer events'
        ):
            await page.click("#covered", timeout=BLOCKED)
    await page.click("#see-through")
    with pytest.raises(TimeoutError, match=r"cookie-banner.*intercepts pointer events"):
        await page.click("#behind-banner", timeout=BLOCKED)
    await page.click(".accept")
    await page.click("#behind-banner")
    await expect(page.locator("#clicked")).to_have_text("behind-banner")


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ("#display-none", "not visible"),
        ("#in-hidden", "not visible"),
        ("#invisible", "not visible"),
        ("#hidden-attribute", "not visible"),
        ("#zero-size", "not visible"),
        ("#in-details", "not visible"),
        ("#moving", "not stable"),
        ("#offscreen", "outside of the viewport"),
        ("#replaced", "detached"),
    ],
)
async def test_elements_that_cannot_be_clicked(page: Page, site: WebSite, element: str, reason: str) -> None:
    await page.goto(site.at("/elements.html"))
    with pytest.raises(TimeoutError, match=reason):
        await page.click(element, timeout=BLOCKED)


@pytest.mark.parametrize("element", ["#transparent", "#in-scroller", "#bottom", "#summary"])
async def test_elements_that_can_be_clicked(page: Page, site: WebSite, element: str) -> None:
    await page.goto(site.at("/elements.html"))
    await page.click(element)
    await expect(page.locator("#clicked")).to_have_text(element.removeprefix("#"))


async def test_shadow_roots_and_frames(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/shadow.html"))
    for name in ("in-open", "in-nested"):
        await page.click(f"#{name}")
        await expect(page.locator("#clicked")).to_have_text(name)
    assert await page.locator("#in-closed").count() == 0
    assert await page.locator("#in-declarative").count() == 1

    await page.goto(site.at("/frames.html"))
    for frame in ("#same", "#other"):
        await page.frame_locator(frame).locator("#in-frame").click()
        await expect(page.frame_locator(frame).locator("#frame-clicked")).to_have_text("clicked")
    assert {frame.url.partition("//")[2].partition(":")[0] for frame in page.frames} >= {
        "127.0.0.1",
        "localhost",
    }


async def test_late_content(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/late.html", after=50))
    await expect(page.locator("#arrived")).to_be_visible()
    await expect(page.locator("#leaving")).to_have_count(0)
    await expect(page).to_have_url(site.at("/late.html", after=50) + "#changed")


async def test_resources_are_all_asked_for(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/resources/pages"))
    await expect(page.locator("#fetched")).to_have_text('{"fetched": true}')
    loaded = {path.rpartition("/")[2].partition(".")[0] for path in site.records.paths("/resources/pages/")}
    assert loaded == set(KINDS)
    assert await page.evaluate("window.scriptLoaded")
    await expect(page.locator("#image")).to_have_css("outline-style", "solid")


async def test_cookies_of_every_kind(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/cookies/kinds"))
    kept = {cookie["name"]: cookie for cookie in await page.context.cookies()}
    assert kept.keys() == {"session", "lasting", "http_only", "strict", "only_secure", "below_cookies"}
    assert kept["session"]["expires"] == -1 < kept["lasting"]["expires"]


async def test_posts_behind_a_gate(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/gate/post/form"))
    click = asyncio.create_task(page.click("#go"))
    await site.records.arrival("/gate/post")
    assert "post" not in site.records.counts()
    site.open_gate("post")
    await click
    await expect(page.locator("#count")).to_have_text("1")


NETWORK_ERRORS = {
    "bad-location": "ERR_INVALID_REDIRECT",
    "empty": "ERR_EMPTY_RESPONSE",
    "garbage": "ERR_INVALID_HTTP_RESPONSE",
    "huge-head": "ERR_RESPONSE_HEADERS_TOO_BIG",
    "continue-only": "ERR_EMPTY_RESPONSE",
    "old-http": "ERR_INVALID_HTTP_RESPONSE",
    "reset": "ERR_CONNECTION_RESET",
    "reset-in-head": "ERR_CONNECTION_RESET",
    "status-407": "ERR_UNEXPECTED_PROXY_AUTH",
    "two-lengths": "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH",
}


@pytest.mark.parametrize("name", sorted(NETWORK_ERRORS))
async def test_faults_as_chromium_calls_them(page: Page, site: WebSite, name: str) -> None:
    with pytest.raises(Error, match=f"net::{NETWORK_ERRORS[name]} "):
        await page.goto(site.fault(name))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("bad-brotli", "ERR_CONTENT_DECODING_FAILED"),
        ("bad-chunk", "ERR_INVALID_CHUNKED_ENCODING"),
        ("bad-gzip", "ERR_CONTENT_DECODING_FAILED"),
        ("reset-in-body", "ERR_CONNECTION_RESET"),
        ("short-body", "ERR_CONTENT_LENGTH_MISMATCH"),
        ("short-chunk", "ERR_INCOMPLETE_CHUNKED_ENCODING"),
    ],
)
async def test_faults_in_the_body(page: Page, site: WebSite, name: str, error: str) -> None:
    async with page.expect_event("requestfailed") as failed:
        await page.goto(site.fault(name), wait_until="commit")
    assert error in ((await failed.value).failure or "")


@pytest.mark.parametrize("name", ["early-hints", "http-1.0", "short-gzip", "status-999", "wrong-length"])
async def test_faults_that_chromium_forgives(page: Page, site: WebSite, name: str) -> None:
    response = await page.goto(site.fault(name))
    assert response is not None


@pytest.mark.parametrize("name", ["silent", "silent-in-body", "drip-head", "drip-body"])
async def test_faults_that_never_end(page: Page, site: WebSite, name: str) -> None:
    with pytest.raises(TimeoutError):
        await page.goto(site.fault(name), timeout=300)


@pytest.mark.parametrize("certificate", ["self_signed", "expired", "wrong_host", "private_ca"])
async def test_certificates(page: Page, site: WebSite, certificate: str) -> None:
    with pytest.raises(Error, match="net::ERR_CERT_AUTHORITY_INVALID"):
        await page.goto(site.tls(certificate, "/plain.html"))
    browser = page.context.browser
    assert browser is not None
    async with await browser.new_context(ignore_https_errors=True) as lenient:
        trusting = await lenient.new_page()
        await trusting.goto(site.tls(certificate, "/plain.html"))
        await expect(trusting.locator("h1")).to_have_text("Plain page")


async def test_refused(page: Page, site: WebSite) -> None:
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        await page.goto(site.refused)


async def test_redirected_without_end(page: Page, site: WebSite) -> None:
    with pytest.raises(Error, match="ERR_TOO_MANY_REDIRECTS"):
        await page.goto(site.at("/redirect/loop"))


async def test_redirected_by_script(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/redirect/script-chain/3"))
    await expect(page.locator("#end")).to_be_visible()


@pytest.mark.parametrize("kind", ["image", "stylesheet", "iframe", "script", "deferred"])
async def test_a_resource_that_hangs_keeps_the_page_from_loading(
    page: Page, site: WebSite, kind: str
) -> None:
    with pytest.raises(TimeoutError):
        await page.goto(site.at(f"/hanging/{kind}"), timeout=400)


async def test_environment_and_texts(page: Page, site: WebSite) -> None:
    await page.goto(site.at("/environment.html"), referer=site.at("/plain.html"))
    environment = json.loads(await page.inner_text("#environment"))
    assert (environment["width"], environment["referrer"]) == (1280, site.at("/plain.html"))
    await page.goto(site.at("/texts.html"))
    assert await page.evaluate("texts.lone.charCodeAt(0)") == 0xDEAD
    assert await page.inner_text("#pre") == "  kept\n    as it is  "
