"""Pages that check, or refuse, what they take for a robot.

Scripts of the vendors are on millions of ordinary pages. What tells a challenge is
that the vendor's own page took the place of the page: its ids, its inline settings,
its headers; or words that only a check says, together with something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agent_bridge.diagnosis import page_words as words
from agent_bridge.diagnosis.kinds import PageKind, shown
from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from agent_bridge.diagnosis.page_seen import Field, Form, FrameBox, PageFacts


@dataclass(frozen=True, slots=True)
class _Vendor:
    """How pages of one vendor are told.

    Attributes:
        marks: Selectors that only its own pages match.
        needles: Texts that only the inline scripts of its own pages have.
        addresses: Parts of addresses of scripts and frames that only its own pages load.
        headers: Names of headers with what is in them, which say it outright.
        blocked: Selectors of its page that refuses without a check; words have to say so, too.
    """

    name: str
    marks: tuple[str, ...] = ()
    needles: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    blocked: tuple[str, ...] = ()


_VENDORS: Final = (
    _Vendor(
        "Cloudflare",
        marks=(
            "#challenge-form",
            "#challenge-running",
            "#challenge-stage",
            "#challenge-error-text",
            "#challenge-success-text",
            "#cf-challenge-running",
            "#trk_jschal_js",
            ".cf-browser-verification",
            ".cf-im-under-attack",
        ),
        needles=("_cf_chl_opt", "_cf_chl_ctx"),
        # Others below /cdn-cgi/challenge-platform/ are on ordinary pages.
        addresses=("/orchestrate/chl_", "/orchestrate/jsch", "/orchestrate/managed", "/cdn-cgi/l/chk_jschl"),
        headers=(("cf-mitigated", "challenge"),),
        blocked=("#cf-error-details", ".cf-error-details"),
    ),
    _Vendor(
        "DataDome",
        marks=("#ddv1-captcha-container", "#captcha-container[data-dd]"),
        needles=("captcha-delivery.com",),
        addresses=("captcha-delivery.com",),
    ),
    _Vendor(
        "PerimeterX (HUMAN)",
        marks=("#px-captcha", "#px-captcha-wrapper", ".px-captcha-container"),
        addresses=("captcha.px-cdn.net", "captcha.perimeterx.net", "captcha.px-cloud.net"),
    ),
    _Vendor(
        "Akamai",
        marks=("#sec-if-cpt-container", "#sec-cpt-if", "#sec-bc-text-container"),
        needles=("bm-verify", "sec_cpt", "_sec/verify"),
        addresses=("/_sec/cp_challenge/", "/_sec/verify"),
    ),
    _Vendor(
        "Imperva (Incapsula)",
        marks=("#main-iframe[src*='_Incapsula_Resource']", "iframe[src*='_Incapsula_Resource']"),
        needles=("edge_access_control_incident",),
        blocked=("iframe[src*='incident_id']",),
    ),
    _Vendor(
        "AWS WAF",
        marks=("#challenge-container", "#captcha-container"),
        needles=("gokuProps", "awsWafCookieDomainList", "AwsWafIntegration", "AwsWafCaptcha"),
        headers=(("x-amzn-waf-action", "challenge"), ("x-amzn-waf-action", "captcha")),
    ),
    _Vendor(
        "Anubis",
        marks=("#anubis_challenge", "#anubis_version"),
        addresses=("/.within.website/x/cmd/anubis/",),
    ),
    _Vendor("Kasada", needles=("KPSDK.",), addresses=("/ips.js?",)),
    _Vendor(
        "DDoS-Guard",
        marks=("#ddg-l10n-title", "#ddg-captcha", "[id^=ddg-l10n]"),
        addresses=("/.well-known/ddos-guard/", "check.ddos-guard.net"),
    ),
    _Vendor("Sucuri", needles=("sucuri_cloudproxy_js",), marks=("#sucuri-firewall-block",)),
    _Vendor("Google", marks=("#captcha-form[action*='index']", "form[action*='/sorry/']")),
    _Vendor("Amazon", marks=("form[action*='validateCaptcha']",)),
    _Vendor("GeeTest", marks=("#geetest_captcha", ".geetest_panel")),
    _Vendor(
        "Reblaze",
        needles=("rbzns", "window.rbz"),
        addresses=("/c3650cdf-216a-4ba2-80b0-9d6c540b105e58d2670b",),
    ),
    _Vendor(
        "Vercel",
        needles=("vercel/security",),
        addresses=("/.well-known/vercel/security/",),
        headers=(("x-vercel-mitigated", "challenge"),),
    ),
    _Vendor("Qrator", addresses=("/__qrator/",)),
    _Vendor("F5", needles=("bobcmn",)),
)
# Ids that ordinary pages may have too: they count together with an inline script of the vendor.
_WEAK_MARKS: Final = frozenset(
    {"#challenge-container", "#captcha-container", "#geetest_captcha", ".geetest_panel"}
)
_WEAK_NEEDLES: Final = frozenset({"AwsWafIntegration", "AwsWafCaptcha", "KPSDK.", "window.rbz"})
_WIDGET_MARKS: Final = (
    ".g-recaptcha",
    ".h-captcha",
    ".cf-turnstile",
    ".frc-captcha",
    "[data-sitekey]",
    "form[action*=captcha i], form[id*=captcha i], form[action*=challenge i]",
    "img[src*=captcha i], canvas[id*=captcha i]",
)
# What the page's script is to look for.
MARKS: Final = (
    *dict.fromkeys(mark for vendor in _VENDORS for mark in (*vendor.marks, *vendor.blocked)),
    *_WIDGET_MARKS,
)
NEEDLES: Final = tuple(dict.fromkeys(needle for vendor in _VENDORS for needle in vendor.needles))
HEADERS: Final = frozenset(
    {"cf-mitigated", "x-amzn-waf-action", "x-vercel-mitigated", "server", "retry-after"}
)

_WIDGET_FRAME: Final = re.compile(
    r"hcaptcha\.com|recaptcha/(?:api2|enterprise)/(?:anchor|bframe)|challenges\.cloudflare\.com|arkoselabs\.com"
    r"|funcaptcha\.com|captcha-delivery\.com|friendlycaptcha|geetest\.com|/captcha",
    re.IGNORECASE,
)
_STATUSES: Final = frozenset({202, 401, 403, 405, 429, 503, 520, 999})
_TEXTLESS: Final = frozenset({"checkbox", "radio", "button", "range"})
_CAPTCHA: Final = re.compile(r"captcha|robot|challenge|characters|human", re.IGNORECASE)

_TIPS: Final = (
    "slow down, and use one session for the whole visit: sites check those who hurry",
    "look like the visitor you are: user_agent=…, locale=…, headers=…, or another proxy=…",
    "solve it once by hand and keep its cookies: create_session(storage_state=…)",
)
_HARMLESS_TIP: Final = "it may let you through by itself: wait_for(…) what the page is to show"


def challenge(facts: PageFacts) -> PageKind | None:
    """Return the kind of a page that checks whether its visitor is human."""
    if not _is_bare(facts):
        return None
    vendor, signs = _vendor_of(facts)
    said = _said(facts)
    if vendor and (signs or said):
        title = (f"title {shown(facts.title)}",) if facts.title else ()
        status = (f"status {facts.status}",) if facts.status in _STATUSES else ()
        return _kind(vendor, (*title, *signs, *status))
    human = said if words.HUMAN.search(said) else ""
    if not human:
        return None
    structure = _structure(facts)
    status = (f"status {facts.status}",) if facts.status in _STATUSES else ()
    if structure or status:
        return _kind("", (shown(human), *structure, *status))
    return None


def _kind(vendor: str, seen: tuple[str, ...]) -> PageKind:
    whose = f" of {vendor}" if vendor else ""
    return PageKind(
        ElementCause.CHALLENGE,
        f"the page is a check{whose} against robots ({', '.join(seen[:4])})",
        seen,
        (*_TIPS[:2], _HARMLESS_TIP, _TIPS[2]),
    )


def _is_bare(facts: PageFacts) -> bool:
    """Whether there is no page besides what may be a check."""
    return (
        facts.answered
        and facts.is_whole
        and (
            facts.length <= 2500
            and facts.links <= 15
            and facts.media <= 3
            and all(_is_of_check(form) for form in facts.forms if form.place in {"main", "dialog"})
        )
    )


def _is_of_check(form: Form) -> bool:
    """Whether nothing is asked but what a check asks: at most one answer."""
    typed = [field for field in form.fields if field.type not in _TEXTLESS]
    if form.more or len(typed) > 1:
        return False
    return all(_is_answer(field) for field in typed) or bool(_CAPTCHA.search(f"{form.action} {form.names}"))


def _is_answer(field: Field) -> bool:
    return field.type in {"text", "tel", "number", "textarea"} and bool(_CAPTCHA.search(field.names))


def _vendor_of(facts: PageFacts) -> tuple[str, tuple[str, ...]]:
    """Return the vendor whose page this is and how that was seen; ("", ()) when it is nobody's."""
    addresses = (*facts.scripts, *(frame.src for frame in facts.frames), facts.url)
    for vendor in _VENDORS:
        strong: list[str] = []
        weak: list[str] = []
        for name, value in vendor.headers:
            if value in facts.header.get(name, ""):
                strong.append(f"header {name}: {value}")
        for mark in vendor.marks:
            if mark in facts.marks:
                (weak if mark in _WEAK_MARKS else strong).append(f"element {mark}")
        for needle in vendor.needles:
            if needle in facts.needles:
                (weak if needle in _WEAK_NEEDLES else strong).append(f"inline script with {needle}")
        strong += [
            f"script from {part.strip('/')}"
            for part in vendor.addresses
            if any(part in address for address in addresses)
        ]
        said = _said(facts)
        if any(mark in facts.marks for mark in vendor.blocked) and (
            facts.status in _STATUSES and words.BLOCKED.search(f"{facts.title} {facts.text[:1000]}")
        ):
            strong.append("a page that refuses")
        signs = (*strong, *weak)
        # One sign and a page like it, or two signs.
        if (strong and (said or facts.status in _STATUSES or len(signs) > 1 or facts.length < 400)) or (
            len(weak) > 1 and (said or facts.status in _STATUSES or facts.length < 400)
        ):
            return vendor.name, signs[:3]
    if _is_refused_by_akamai(facts):
        return "Akamai", ("reference of errors.edgesuite.net",)
    return "", ()


def _is_refused_by_akamai(facts: PageFacts) -> bool:
    return (
        facts.status == 403
        and "access denied" in facts.title.lower()
        and "Reference #" in facts.text[:1500]
        and ("edgesuite.net" in facts.text or "permission to access" in facts.text)
    )


def _said(facts: PageFacts) -> str:
    """Return the words in a prominent place that a check would say."""
    for text in (facts.title, *facts.headings):
        if words.HUMAN.search(text) or words.WAIT.search(text):
            return text
    if facts.length <= 800 and (found := words.HUMAN.search(facts.text[:800])):
        return facts.text[max(0, found.start() - 20) : found.end() + 20]
    return ""


def _structure(facts: PageFacts) -> tuple[str, ...]:
    """Return what there is of a check besides its words."""
    frames = [frame for frame in facts.frames if _is_widget(frame)]
    if frames:
        return (f"a frame of {_host(frames[0].src)}",)
    marks = [mark for mark in _WIDGET_MARKS if mark in facts.marks]
    if marks:
        return (f"element {marks[0].partition(',')[0]}",)
    buttons = [text for text in facts.buttons if words.HUMAN.search(text)]
    if buttons and facts.length <= 800 and not facts.links:
        return (f"button {shown(buttons[0])}",)
    if facts.refresh and facts.length <= 800 and not facts.links:
        return ("a page that loads itself again",)
    if facts.javascript is False and words.NEEDS_SCRIPT.search(facts.noscript) and facts.length <= 800:
        return ("a page that is script only",)
    return ()


def _is_widget(frame: FrameBox) -> bool:
    # The badge in a corner is on every page of a site; what asks has some size.
    return bool(_WIDGET_FRAME.search(frame.src)) and frame.width >= 200 and frame.height >= 50


def _host(url: str) -> str:
    found = re.match(r"(?:https?:)?//([^/?#]{1,100})", url)
    return found.group(1) if found else "this site"
