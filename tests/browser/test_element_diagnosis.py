"""Why a call on an element failed, as the caller sees it, on real pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserNavigationError,
    BrowserTimeoutError,
    ElementCause,
    Outcome,
)
from tests.browser.refusals import refusal_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flavours import Flavour
    from tests.site import WebSite

C = ElementCause
SOON = 0.3
# Calls that are refused at once may have all the time they need on a busy machine.
AMPLE = 5.0
AT_ONCE = {C.WRONG_TYPE, C.AMBIGUOUS, C.INVALID_SELECTOR, C.UNKNOWN_KEY}


async def failure(
    call: Any, *arguments: Any, timeout: float = SOON, **options: Any
) -> BrowserElementNotFoundError:
    """Return how a call on an element fails."""
    error = await refusal_of(lambda: call(*arguments, timeout=timeout, **options))
    assert error.outcome in set(Outcome)
    return error


async def causes(session: Any, *calls: tuple[str, str, str, ElementCause]) -> None:
    """Hold each call (name, selector, argument) to its cause."""
    for name, selector, argument, cause in calls:
        arguments = (selector, argument) if argument else (selector,)
        error = await failure(getattr(session, name), *arguments, timeout=AMPLE if cause in AT_ONCE else SOON)
        assert (name, selector, error.cause) == (name, selector, cause), str(error)
        assert error.tips


async def test_what_cannot_be_seen(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/elements.html"))
    await causes(
        session,
        ("click", "#display-none", "", C.HIDDEN),
        ("hover", "#invisible", "", C.HIDDEN),
        ("click", "#hidden-attribute", "", C.HIDDEN),
        ("click", "#clipped", "", C.HIDDEN),
        ("wait_for", "#invisible", "", C.HIDDEN),
        ("click", "#zero-size", "", C.ZERO_SIZE),
        ("click", "#offscreen", "", C.OUTSIDE_VIEWPORT),
        ("click", "#moving", "", C.MOVING),
        ("click", "#replaced", "", C.DETACHED),
    )
    inside = await failure(session.click, "#in-hidden")
    assert '<div id="hider"> around it has display: none' in inside.message
    closed = await failure(session.click, "#in-details")
    assert "click 'details > summary'" in closed.tips[0]
    await session.click("#transparent")
    assert await session.dom.text("#clicked") == "transparent"


async def test_several_matches(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/elements.html"))
    error = await failure(session.click, ".twin", timeout=AMPLE)
    assert (error.cause, error.matches) == (C.AMBIGUOUS, 2)
    for candidate in error.candidates:
        assert await session.dom.count(candidate.selector) == 1


async def test_a_banner_in_front(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/covered.html"))
    error = await failure(session.click, "#behind-banner")
    assert error.cause is C.COVERED
    assert (
        error.message == "click '#behind-banner' failed after 0.3 s: covered by <div class=\"cookie-banner\">"
    )
    assert error.tips == (
        "close the consent banner first: click '.cookie-banner button:has-text(\"Accept\")'",
        "or pass force=True to click through it",
    )
    await session.click('.cookie-banner button:has-text("Accept")')
    await session.click("#behind-banner")


async def test_a_dialog_in_front(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/modal.html"))
    error = await failure(session.click, "#below")
    assert error.cause is C.COVERED
    assert error.tips[0] == "close the dialog first: click '.close'"


async def test_where_in_an_element_one_clicks(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate(
        '() => { document.body.innerHTML = \'<button id=b style="width:200px;height:60px">b</button>'
        '<i id=lid style="position:absolute;left:8px;top:8px;width:50px;height:60px;background:red"></i>\'; }'
    )
    await session.click("#b")
    error = await failure(session.click, "#b", position=(10, 10))
    assert (error.cause, error.message.endswith('covered by <i id="lid">')) == (C.COVERED, True)


async def test_what_is_disabled_or_read_only(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/disabled.html"))
    await causes(
        session,
        ("fill", "#disabled", "x", C.DISABLED),
        ("click", "#aria-disabled-button", "", C.DISABLED),
        ("click", "#inert-button", "", C.DISABLED),
        ("fill", "#inert-input", "x", C.DISABLED),
        ("click", "#no-pointer", "", C.DISABLED),
        ("fill", "#readonly", "x", C.READONLY),
        ("type", "#readonly-area", "x", C.READONLY),
        ("fill", "#not-editable", "x", C.WRONG_TYPE),
        ("fill", "#hidden-input", "x", C.HIDDEN),
    )
    assert "'fieldset'" in (await failure(session.click, "#fieldset-button")).message
    assert "inert" in (await failure(session.click, "#inert-button")).tips[0]


async def test_calls_that_do_not_fit(session: Any, site: WebSite, tmp_path: Path) -> None:
    await session.navigate(site.at("/forms.html"))
    await causes(
        session,
        ("fill", "#number", "abc", C.WRONG_TYPE),
        ("fill", "#date", "tomorrow", C.WRONG_TYPE),
        ("fill", "#time", "noon", C.WRONG_TYPE),
        ("fill", "#color", "red", C.WRONG_TYPE),
        ("fill", "#plain", "x", C.WRONG_TYPE),
        ("fill", "#select", "x", C.WRONG_TYPE),
        ("check", "#text", "", C.WRONG_TYPE),
        ("uncheck", "#radio-b", "", C.WRONG_TYPE),
        ("type", "#number", "abc", C.WRONG_TYPE),
    )
    listed = await failure(session.select_option, "#text", value="x", timeout=AMPLE)
    assert (listed.cause, listed.tips[0][:8]) == (C.WRONG_TYPE, "use fill")
    for value in ("2024-03-31", ""):
        await session.fill("#date", value)
    await session.fill("#color", "#ff8800")
    await session.fill("#range", "7")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_text("x")
    error = await failure(session.upload, "#file", files, timeout=AMPLE)
    assert (error.cause, "one file only" in error.message) == (C.WRONG_TYPE, True)
    await session.evaluate("() => { document.querySelector('#file').disabled = true; }")
    assert (await failure(session.upload, "#file", files[0], timeout=AMPLE)).cause is C.DISABLED
    several = await failure(session.select_option, "#select", value=["r", "g"], timeout=AMPLE)
    assert (several.cause, several.outcome) == (C.WRONG_TYPE, Outcome.UNKNOWN)
    assert (await failure(session.dom.table, "#form", timeout=AMPLE)).cause is C.WRONG_TYPE


async def test_options(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    missing = await failure(session.select_option, "#select", label="Reed")
    assert missing.cause is C.NO_SUCH_OPTION
    assert missing.tips[0] == "did you mean label='Red' (value='r')?"
    disabled = await failure(session.select_option, "#select", value="x")
    assert (disabled.cause, "Infrared" in disabled.tips[0]) == (C.DISABLED, False)


async def test_keys_are_checked_before_anything_else(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/keyboard.html"))
    for selector in (None, "#no-such-field"):
        error = await failure(session.press, "Entre", selector=selector, timeout=AMPLE)
        assert (error.cause, error.tips[0]) == (C.UNKNOWN_KEY, "did you mean 'Enter'?")


async def test_selectors_that_do_not_parse(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    error = await failure(session.click, "button:contains('Send')", timeout=AMPLE)
    assert error.cause is C.INVALID_SELECTOR
    assert error.tips == ("did you mean \"button:has-text('Send')\"? (1 match)",)
    late = await failure(session.click, "#nowhere >> div[")
    assert (late.cause, "at 'div['" in late.message) == (C.INVALID_SELECTOR, True)


async def test_matches_elsewhere(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/frames.html"))
    error = await failure(session.dom.text, "#in-srcdoc", timeout=AMPLE)
    assert (error.cause, error.matches) == (C.IN_IFRAME, 0)
    assert await session.dom.text(error.candidates[0].selector) == "In srcdoc"
    await session.navigate(site.at("/shadow.html"))
    closed = await failure(session.click, "#in-closed")
    assert (closed.cause, "'#closed-host'" in closed.message) == (C.IN_CLOSED_SHADOW_ROOT, True)
    stopped = await failure(session.click, "//button[@id='in-open']")
    assert (stopped.cause, "'#open-host'" in stopped.tips[0]) == (C.NO_MATCH, True)


async def test_reads_without_a_match(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/forms.html"))
    for read in (session.dom.html, session.dom.text, session.dom.soup, session.dom.table):
        error = await failure(read, "#tezt", timeout=AMPLE)
        assert (error.cause, error.candidates[0].selector) == (C.TYPO, "#text")
        assert "after" not in error.message
    assert await session.dom.select("#tezt") == []
    assert await session.dom.count("#tezt") == 0


async def test_a_page_that_patched_what_scripts_are_made_of(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/covered.html"))
    await session.evaluate(
        "() => { for (const [owner, name] of [[Element.prototype, 'getBoundingClientRect'],"
        " [Array, 'from'], [JSON, 'stringify'], [Document.prototype, 'elementFromPoint']])"
        " owner[name] = () => { throw new Error('patched'); }; }"
    )
    error = await failure(session.click, "#covered")
    assert error.cause is C.COVERED


async def test_an_element_that_leaves_when_the_pointer_comes(session: Any, site: WebSite) -> None:
    leave = "document.querySelector('#b').addEventListener('mouseover', (e) => e.target.remove())"
    await session.navigate(site.at("/plain.html"))
    # Elsewhere each time: otherwise the pointer is there already.
    for force, top in ((False, 20), (True, 200)):
        page = (
            f"document.body.innerHTML = '<button id=b style=\"margin-top:{top}px\">b</button><p>behind</p>'"
        )
        await session.evaluate(f"() => {{ {page}; {leave}; }}")
        error = await failure(session.click, "#b", force=force, timeout=3.0)
        assert error.cause is C.DETACHED, str(error)


async def test_a_script_that_blocks_the_page_is_stopped(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("() => { setTimeout(() => { while (true); }, 0); }")
    error = await failure(session.click, "#anything")
    assert error.cause is C.PAGE_HUNG
    assert await session.evaluate("() => 1 + 1") == 2


@pytest.mark.parametrize(
    ("name", "argument", "tag", "event"),
    [
        ("click", "", "button", "onclick"),
        ("hover", "", "button", "onmouseover"),
        ("fill", "x", "input", "oninput"),
        ("type", "x", "input", "onkeydown"),
        ("press", "Enter", "input", "onkeyup"),
        ("check", "", "input type=checkbox", "onclick"),
        ("uncheck", "", "input type=checkbox checked", "onclick"),
        ("select_option", "x", "select", "onchange"),
    ],
)
async def test_an_act_whose_handler_hangs_may_have_had_its_effect(
    session: Any, site: WebSite, flavour: Flavour, name: str, argument: str, tag: str, event: str
) -> None:
    counter = f"hangs-{name}-{flavour.name}"
    await session.navigate(site.at("/plain.html"))
    await session.evaluate(
        f"""url => {{
            window.act = () => {{
                const posting = new XMLHttpRequest();
                posting.open("POST", url, false);
                posting.send();
                while (true);
            }};
            document.body.innerHTML = '<{tag} id=it {event}="act()"><option>w</option><option>x</option>';
        }}""",
        site.at(f"/count/{counter}"),
    )
    if name == "press":
        error = await failure(session.press, argument, selector="#it", timeout=3.0)
    elif name == "select_option":
        error = await failure(session.select_option, "#it", value=argument, timeout=3.0)
    else:
        error = await failure(getattr(session, name), "#it", *(argument,) * bool(argument), timeout=3.0)
    assert (error.cause, error.outcome) == (C.PAGE_HUNG, Outcome.UNKNOWN)
    assert not error.safe_to_repeat
    assert not error.retryable
    assert site.records.counts()[counter] == 1
    assert await session.evaluate("1 + 1") == 2


async def test_a_box_that_was_put_back_was_clicked(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    page = "<input type=checkbox onclick=\"document.title = 'clicked'; return false\">"
    await session.evaluate("html => { document.body.innerHTML = html; }", page)
    error = await failure(session.check, "input", timeout=AMPLE)
    assert (error.cause, error.outcome, error.safe_to_repeat) == (C.WRONG_TYPE, Outcome.UNKNOWN, False)
    assert await session.title() == "clicked"


async def test_a_page_that_the_engine_lays_out_is_not_stopped(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    # Layout of this takes half a second or more, in which no script runs; what observes sizes
    # runs right after it, before the page answers to anything, and must come to its end.
    await session.evaluate(
        """() => {
            const item = (at) => `<div style="display: inline-block; width: ${at % 7}%"><p>x ${at}</p></div>`;
            document.body.hidden = true;
            document.body.innerHTML = Array.from({ length: 50000 }, (_, at) => item(at)).join('');
            new ResizeObserver((_, observer) => {
                if (document.body.hidden) return;
                observer.disconnect();
                const until = performance.now() + 150;
                while (performance.now() < until);
                window.wentOn = true;
            }).observe(document.body);
            setTimeout(() => { document.body.hidden = false; });
        }""",
        timeout=60.0,
    )
    error = await failure(session.click, "#nowhere")
    assert error.cause is not C.PAGE_HUNG
    assert await session.wait_for_function("() => window.wentOn", timeout=60.0)


async def test_a_page_that_is_there_because_another_did_not_come(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserNavigationError):
        await session.navigate(site.at("/status/204"))
    error = await failure(session.click, "#quantity")
    assert error.cause is C.WRONG_PAGE
    assert "the page is still" in error.message
    assert "/status/204 did not load" in error.message
    with pytest.raises(BrowserNavigationError):
        await session.navigate(site.refused)
    error = await failure(session.click, "#quantity")
    assert error.cause is C.WRONG_PAGE
    assert "the browser's own error page" in error.message
    assert f"{site.refused} did not load" in error.message
    await session.navigate(site.at("/plain.html"))
    await session.evaluate("(url) => { document.body.innerHTML = `<a href=${url}>there</a>`; }", site.refused)
    await session.click("a")
    await session.wait_for_url(re.compile("^chrome-error:"))
    error = await failure(session.click, "#quantity")
    assert (error.cause, "ERR_CONNECTION_REFUSED" in error.message) == (C.WRONG_PAGE, True)
    await session.navigate(site.at("/plain.html"))
    assert (await failure(session.click, "#quantity")).cause is C.NO_MATCH


async def test_waits_say_what_they_waited_for(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    waits = {
        "wait_for_url '**/never'": session.wait_for_url("**/never", timeout=SOON),
        "wait_for_url '/never$'": session.wait_for_url(re.compile("/never$"), timeout=SOON),
        "wait_for_function 'window.never'": session.wait_for_function("window.never", timeout=SOON),
    }
    for beginning, wait in waits.items():
        with pytest.raises(BrowserTimeoutError) as caught:
            await wait
        assert caught.value.message.startswith(f"{beginning} timed out")


async def test_what_stays_is_a_timeout(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    for state in ("hidden", "detached"):
        with pytest.raises(BrowserTimeoutError, match="it is still there"):
            await session.wait_for("body", state=state, timeout=SOON)
