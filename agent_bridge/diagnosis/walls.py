"""Pages that stand before the one that was asked for: a login, a question for consent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from agent_bridge.diagnosis import page_words as words
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.kinds import PageKind, shown
from agent_bridge.diagnosis.same_page import host_of, is_same_page, path_of
from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from agent_bridge.diagnosis.page_seen import Field, Form, PageFacts

_TYPED: Final = frozenset({"text", "email", "tel", "password", "search", "url", "number", "textarea", "date"})
_IDENTITY: Final = re.compile(
    r"user|login|log_in|e-?mail|identifier|account|benutzer|kennung|identifiant|utilisateur|usuario|correo|utente"
    r"|gebruiker|phone|telefon|mobile|member|customer|kunden|логин|почт|ユーザー|メール|邮箱|用户|아이디",
    re.IGNORECASE,
)
# Of pixels: one field with its label is no higher.
_LINE: Final = 60
_NEWSLETTER: Final = re.compile(
    r"newsletter|subscri|mailing|search|contact|comment|feedback|coupon|promo", re.IGNORECASE
)
_BACK: Final = re.compile(
    r"next|return|redirect|continue|target|dest|service|goto|back|from|url|rd|ref|relaystate|wctx|retour|ziel",
    re.IGNORECASE,
)


# -- login ------------------------------------------------------------------------


def login_wall(facts: PageFacts) -> PageKind | None:
    """Return the kind of a login page that took the place of the page asked for."""
    asked = facts.asked_url if facts.has_acted and facts.asked_url else facts.requested_url
    if not facts.answered or not facts.is_whole or not asked or is_for_login(asked):
        return None
    redirected = _redirected_to_login(asked, facts)
    refused = (f"status {facts.status}",) if facts.status in {401, 403} else ()
    named = next((text for text in (*facts.headings, facts.title) if _names_login(text)), "")
    form, what = _login_form(facts)
    around = facts.length - (form.length if form is not None else 0)
    elsewhere = sum(
        len(_typed(other)) for other in facts.forms if other is not form and other.place == "main"
    )
    if form is not None:
        # Each alone is on ordinary pages: a form in a corner, the word, a redirect.
        outside = redirected or refused
        if outside and around <= 3000:
            return _login([what, *redirected, *refused], named)
        if around <= 600 and elsewhere <= 1 and _is_about_login(facts, form, around):
            return _login([f"{what} and little else"], named)
        return None
    # Without a form there has to be a button that leads to one: an article about logins has none.
    ways = [
        text
        for text in facts.buttons
        if words.WITH_PROVIDER.search(text) or (redirected and named and _names_login(text))
    ]
    if ways and (redirected or refused) and facts.is_small:
        return _login([f"button {shown(ways[0])}", *redirected, *refused], named)
    return None


def _login(seen: list[str], named: str) -> PageKind:
    heading = (shown(named),) if named else ()
    return PageKind(
        ElementCause.LOGIN_WALL,
        f"the page is a login page ({', '.join(seen)})",
        (*seen, *heading),
        (
            "log in first with fill() and click(), then navigate to the page again",
            "or start logged in: create_session(storage_state=…) with what session.storage_state() returned",
            "if you were logged in, the login has expired: save the storage state anew",
        ),
    )


def is_for_login(url: str) -> bool:
    """Whether *url* asks for a login page."""
    return bool(words.LOGIN_PLACE.search(path_of(url)) or words.LOGIN_HOST.match(host_of(url)))


def _redirected_to_login(asked: str, facts: PageFacts) -> tuple[str, ...]:
    """Return how one sees that the visitor was sent to a login; empty when that is not so."""
    for there in (facts.document_url, facts.url):
        if not there.startswith("http") or (
            path_of(there) == path_of(asked) and host_of(there) == host_of(asked)
        ):
            continue
        if is_for_login(there) or _leads_back(there, asked):
            return (f"redirected from {_shown_place(asked, there)} to {_shown_place(there, asked)}",)
    return ()


def _leads_back(there: str, asked: str) -> bool:
    """Whether a parameter of *there* names the page that was asked for."""
    path = path_of(asked)
    try:
        pairs = parse_qsl(urlsplit(there[:2000]).query)[:50]
    except ValueError:
        return False
    return len(path) > 1 and any(_BACK.search(name) and path in value for name, value in pairs)


def _shown_place(url: str, other: str) -> str:
    if host_of(url) == host_of(other):
        return texts.shown_url(path_of(url))
    return texts.shown_url(f"{urlsplit(url[:2000]).scheme}://{host_of(url)}{path_of(url)}")


def _login_form(facts: PageFacts) -> tuple[Form | None, str]:
    """Return the form that lets one in, and what kind of form it is."""
    candidates = [form for form in facts.forms if form.place in {"main", "dialog"}]
    for form in candidates:
        if _is_password_form(form):
            return form, "password form"
    for form in candidates:
        if len(candidates) == 1 and _is_identifier_form(form, facts):
            return form, "form that asks who you are"
    return None, ""


def _typed(form: Form) -> list[Field]:
    return [field for field in form.fields if field.type in _TYPED]


def _is_password_form(form: Form) -> bool:
    passwords = [field for field in form.fields if field.type == "password"]
    if len(passwords) != 1 or form.more or passwords[0].autocomplete == "new-password":
        return False
    said = " ".join((form.names, passwords[0].names, *form.buttons))
    others = [field for field in _typed(form) if field.type != "password"]
    signs_up = any(words.SIGN_UP.search(button) for button in form.buttons[:1]) or bool(
        re.search(r"sign-?up|regist", f"{form.action} {form.names}", re.IGNORECASE)
    )
    # A tenant or a code besides the name and password, but no address or card.
    return (
        len(others) <= 2
        and not signs_up
        and not words.NEW_PASSWORD.search(said)
        and all(field.type != "select" or len(others) <= 1 for field in form.fields)
    )


def _is_identifier_form(form: Form, facts: PageFacts) -> bool:
    typed = _typed(form)
    if len(typed) != 1 or typed[0].type not in {"text", "email", "tel"} or form.more:
        return False
    if _NEWSLETTER.search(f"{form.action} {form.names} {typed[0].names}"):
        return False
    if not (_IDENTITY.search(typed[0].names) or typed[0].autocomplete.startswith(("username", "email"))):
        return False
    said = (facts.title, *facts.headings, form.action, form.names, *form.buttons)
    return any(words.LOGIN.search(text) for text in said) and not any(
        words.SIGN_UP.search(text) for text in form.buttons[:1]
    )


def _names_login(heading: str) -> bool:
    """Whether *heading* is the name of a login page, rather than of something about logins."""
    return len(heading.split()) <= 6 and words.LOGIN.search(heading) is not None


def _is_about_login(facts: PageFacts, form: Form, around: int) -> bool:
    """Whether the page is there for *form*, rather than the form being a corner of it."""
    if words.TAKE_PART.search(" ".join((form.heading, *form.buttons))):
        return False
    by_title = _names_login(facts.title)
    others = any(_is_about_else(heading, facts.title) for heading in facts.headings)
    by_heading = not others and any(map(_names_login, facts.headings))
    # In one line it is a bar on top of a page, even of one that says so in its title.
    if (by_title or by_heading) and around > 120 and _is_bar(form):
        return False
    if by_title:
        return facts.links <= 15
    # Whatever is listed, shown or told beside the form is what the page is for.
    if facts.records >= 3 or facts.media > 1:
        return False
    if by_heading:
        return facts.links <= 8
    return not others and around <= 120 and facts.prose <= 60 and facts.links <= 5 and _says_login(form)


def _is_about_else(heading: str, title: str) -> bool:
    """Whether *heading* names something that is neither a login nor what the whole site is called."""
    return not (
        _names_login(heading)
        or heading.casefold() == title.casefold()
        or any(pattern.search(heading) for pattern in (words.WELCOME, words.SIGN_UP))
    )


def _is_bar(form: Form) -> bool:
    """Whether name and password stand in one line."""
    return len(_typed(form)) > 1 and 0 < form.height < _LINE


def _says_login(form: Form) -> bool:
    said = (form.action, form.names.replace("_", "-"), *form.buttons)
    return any(words.LOGIN.search(text) or words.LOGIN_PLACE.search(text) for text in said)


# -- consent ----------------------------------------------------------------------


def consent_wall(facts: PageFacts) -> PageKind | None:
    """Return the kind of a page that shows nothing before one has agreed."""
    if not facts.answered or words.CONSENT_PLACE.search(path_of(facts.requested_url)):
        return None
    return _consent_page(facts) or _consent_dialog(facts)


def _consent_page(facts: PageFacts) -> PageKind | None:
    accept = next((text for text in facts.buttons if words.ACCEPT.search(text)), "")
    if not accept or facts.links > 25 or facts.length > 4000 or not facts.is_whole:
        return None
    if any(len(_typed(form)) for form in facts.forms if form.place == "main"):
        return None
    about = " ".join((facts.title, *facts.headings, facts.text[:1500]))
    if not words.CONSENT.search(about):
        return None
    choice = _other_choice(facts.buttons, about)
    sent = _sent_for_consent(facts)
    # A page of its own has no heading that is about something else.
    headings = facts.headings or (facts.title,)
    is_about = all(map(_is_about_consent, headings)) or all(
        map(_is_about_consent, (headings[0], facts.title))
    )
    prominent = headings[0] if is_about else ""
    if sent and choice:
        return _consent([sent, f"button {shown(accept)}"], accept)
    # The whole page: what it is called, what it is for, and two ways to answer.
    if not prominent or words.MERE_OK.search(accept):
        return None
    if choice and words.PURPOSES.search(about) and _is_all_there_is(facts):
        return _consent([shown(prominent), f"button {shown(accept)}", "little else"], accept)
    return None


def _consent_dialog(facts: PageFacts) -> PageKind | None:
    overlay = facts.overlay
    # All over the page: a banner or a box in a corner leaves it in reach.
    if overlay is None or overlay.points < 9 or overlay.fields > 10:
        return None
    frames = [frame for frame in overlay.frames if words.CONSENT_NAME.search(frame)]
    if frames:
        return _consent([f"{overlay.markup} over the whole page", "a frame that asks for consent"], "")
    accept = next((text for text in overlay.buttons if words.ACCEPT.search(text)), "")
    if not accept or not words.CONSENT.search(overlay.text):
        return None
    signs = (
        bool(words.CONSENT_NAME.search(overlay.names)),
        bool(words.PURPOSES.search(overlay.text)),
        _other_choice(overlay.buttons, overlay.text),
        overlay.is_locked or overlay.is_modal,
    )
    if sum(signs) < 2:
        return None
    return _consent([f"{overlay.markup} over the whole page", f"button {shown(accept)}"], accept)


def _consent(seen: list[str], accept: str) -> PageKind:
    click = (f"answer it first: click 'text={accept}'",) if accept and '"' not in accept else ()
    return PageKind(
        ElementCause.CONSENT_WALL,
        f"the page asks for consent first ({', '.join(seen)})",
        tuple(seen),
        (
            *click,
            "then keep the answer for later sessions: create_session(storage_state=…)",
        )
        if click
        else ("give or refuse consent first; keep the answer: create_session(storage_state=…)",),
    )


def _is_about_consent(text: str) -> bool:
    return any(pattern.search(text) for pattern in (words.CONSENT, words.PURPOSES, words.ADVERTISING))


def _other_choice(buttons: tuple[str, ...], about: str) -> bool:
    """Whether there is another answer than yes."""
    return any(
        pattern.search(text)
        for text in buttons
        for pattern in (words.REFUSE, words.SETTINGS, words.SUBSCRIBE)
    ) or bool(words.SUBSCRIBE.search(about))


def _sent_for_consent(facts: PageFacts) -> str:
    for there in (facts.document_url, facts.url):
        if not there.startswith("http") or is_same_page(facts.requested_url, there):
            continue
        place = f"{host_of(there)}{path_of(there)}"
        if words.CONSENT_PLACE.search(place):
            return f"redirected to {texts.shown_url(place)}"
    return ""


def _is_all_there_is(facts: PageFacts) -> bool:
    overlay = facts.overlay
    if overlay is not None and facts.length > len(overlay.text) + 60:
        # A box in front of a page; whether it covers all of it is looked at apart.
        return False
    return facts.length <= 3000 and facts.links <= 20 and facts.media <= 3 and facts.chrome_length <= 600
