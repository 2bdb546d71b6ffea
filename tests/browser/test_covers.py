"""What covers an element, in real Chromium, and that the tips say what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError
from cmdop_browser.exceptions import ElementCause as C
from tests.browser.refusals import refusal_of

if TYPE_CHECKING:
    from tests.site import WebSite

CARD = (
    "<style>.card { position: relative; width: 300px; padding: 40px }"
    " .stretched::after, .veiled::after { content: ''; position: absolute; inset: 0; z-index: 1 }</style>"
)
STRETCHED = (
    f'{CARD}<div class="card"><a class="stretched" href="#a">News</a> <button id="b">Save</button></div>'
)
VEILED = f'{CARD}<div class="card veiled"><button id="b">Save</button></div>'
BUSY = (
    '<button id="b">Buy</button><div class="loading-overlay" style="position: fixed; inset: 0">'
    '<div class="spinner">…</div></div>'
)
HEADER = (
    '<button id="b" style="position: fixed; top: 10px">Buy</button>'
    '<header class="top" style="position: fixed; inset: 0 0 auto; height: 90px">Shop</header>'
)
LABEL = (
    '<div style="position: relative"><input id="b" style="width: 200px">'
    '<label style="position: absolute; left: 0; top: 0; width: 150px; height: 30px">Email</label></div>'
)
PATH = (
    '<svg width="100" height="100"><path id="b" fill="none" stroke="black" d="M 5 5 L 95 5 L 95 95"/></svg>'
)
CONSENT = (
    '<button id="b">Buy</button><iframe id="sp_message_iframe_1" title="SP Consent Message"'
    ' style="position: fixed; inset: 0; width: 100%; height: 100%; border: 0" {source}></iframe>'
)
ASKED = "<p>We value your privacy and use cookies.</p><button>Settings</button><button>Accept all</button>"


# Long enough for a click that two busy cores hold up to be looked into.
SOON = 1.0


async def show(session: Any, body: str) -> None:
    await session.evaluate("(body) => { document.body.innerHTML = body; }", body)


async def refusal(session: Any, call: str = "click", **options: Any) -> BrowserElementNotFoundError:
    return await refusal_of(lambda: getattr(session, call)("#b", timeout=SOON, **options))


async def failure(
    session: Any, body: str, call: str = "click", **options: Any
) -> BrowserElementNotFoundError:
    await show(session, body)
    return await refusal(session, call, **options)


@pytest.fixture
async def page(session: Any, site: WebSite) -> Any:
    await session.navigate(site.at("/plain.html"))
    return session


@pytest.mark.parametrize(
    ("body", "says", "tips"),
    [
        (
            STRETCHED,
            'covered by <a class="stretched">::after',
            (
                "use the keyboard, which nothing covers: press('Enter', selector='#b')",
                "click what lies over it, if that is what you want: '.stretched'",
            ),
        ),
        (
            VEILED,
            'covered by <div class="card veiled">::after, in which it stands',
            (
                "use the keyboard, which nothing covers: press('Enter', selector='#b')",
                "click what it stands in, if that is what you want: '.card'",
            ),
        ),
        (
            HEADER,
            'covered by <header class="top">',
            ("keyboard", "it keeps its place while the page scrolls"),
        ),
        (PATH, "covered by <svg>, in which it stands", ("position=(", "what it stands in")),
        (LABEL, "covered by <label>", ("position=(", "fill() and type() need no click")),
        (BUSY, 'covered by <div class="loading-overlay">', ("wait_for('.loading-overlay', state='hidden')",)),
    ],
    ids=["stretched link", "pseudo-element", "header", "path", "label", "busy"],
)
async def test_what_helps_against_a_cover(page: Any, body: str, says: str, tips: tuple[str, ...]) -> None:
    error = await failure(page, body)
    assert error.cause is C.COVERED
    assert error.message.endswith(says) or says in error.message
    for tip in tips:
        assert tip in "\n".join(error.tips)
    assert ("state='hidden'" in str(error.tips)) is (body is BUSY)


async def test_a_free_place_is_free(page: Any) -> None:
    error = await failure(page, LABEL)
    place = error.tips[0].split("position=")[1]
    x, y = (int(number) for number in place.strip("()").split(","))
    await page.click("#b", position=(x, y), timeout=5.0)


async def test_a_key_does_what_a_covered_click_would(page: Any) -> None:
    await failure(page, STRETCHED)
    await page.evaluate(
        "() => { document.querySelector('#b').onclick = () => { document.title = 'saved'; }; }"
    )
    await page.press("Enter", selector="#b")
    assert await page.evaluate("() => document.title") == "saved"


@pytest.mark.parametrize("elsewhere", [False, True], ids=["srcdoc", "another origin"])
async def test_consent_that_is_asked_for_in_a_frame(page: Any, site: WebSite, elsewhere: bool) -> None:
    source = f'src="{site.elsewhere("/consent.html")}"' if elsewhere else f"srcdoc='{ASKED}'"
    await show(page, CONSENT.format(source=source))
    into = "#sp_message_iframe_1 >> internal:control=enter-frame >> "
    await page.wait_for(f"{into}button >> nth=1")
    closer = f'{into}button:has-text("Accept all")'
    tip = f"close the consent banner first: click {closer!r}"
    errors = [await refusal(page)]
    # What a busy machine does not answer in half a second is left out: a second look has it.
    while tip not in errors[-1].tips and len(errors) < 4:
        errors.append(await refusal(page))
    assert errors[-1].tips[0] == tip
    await page.click(closer)


async def test_a_position_outside_of_the_element(page: Any) -> None:
    body = '<button id="b" style="width: 100px; height: 20px; padding: 0">Buy</button>'
    error = await failure(page, body, position=(500, 500))
    assert error.cause in {C.COVERED, C.OUTSIDE_VIEWPORT}
    assert "position=(500, 500) lies outside of it, which is 100x20 pixels" in error.message
    assert "position=(50, 10) is its middle" in error.tips[0]


async def test_what_is_never_shown(page: Any) -> None:
    error = await failure(page, '<script id="b" type="application/json">{}</script>')
    assert error.cause is C.HIDDEN
    assert error.tips == ("it is never shown, only read: dom.html('#b')",)


async def test_a_list_that_a_script_drew_anew(page: Any) -> None:
    body = (
        '<select id="b" style="display: none"><option>a</option></select>'
        '<span class="select2 select2-container">a</span>'
    )
    error = await failure(page, body, "select_option", value="a")
    assert error.cause is C.HIDDEN
    assert error.tips == ("'.select2' shows in its place: click that, then the option in its list",)
