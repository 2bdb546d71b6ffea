"""Pages of every kind, at the addresses that such pages have, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cmdop_browser.demo.server import AppServer
from cmdop_browser.exceptions import ElementCause

if TYPE_CHECKING:
    from starlette.requests import Request

PAGES = Path(__file__).with_name("kinds")


@dataclass(frozen=True)
class Case:
    """A page in `kinds/`.

    Attributes:
        name: Of its file.
        kind: What it is; None for an ordinary page.
        says: What has to be among its evidence.
        asked: The path that is asked for.
        there: Where that redirects to, if anywhere.
        javascript: Whether the session runs scripts.
    """

    name: str
    kind: ElementCause | None = None
    says: str = ""
    asked: str = "/orders/77"
    there: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    javascript: bool = True

    @property
    def id(self) -> str:
        """The name of the test."""
        way = f"{self.asked}→{self.there}" if self.there else self.asked
        return f"{self.name} {way}{'' if self.javascript else ' without script'}"


_C = ElementCause
CASES = (
    Case("challenge_cloudflare", _C.CHALLENGE, 'title "Just a moment..."', status=403),
    Case("challenge_cloudflare", _C.CHALLENGE, "Cloudflare", status=503, javascript=False),
    Case("challenge_cloudflare_de", _C.CHALLENGE, "Cloudflare", status=403),
    Case("challenge_datadome", _C.CHALLENGE, "DataDome", status=403),
    Case("challenge_px", _C.CHALLENGE, "#px-captcha", status=403),
    Case("challenge_px_custom", _C.CHALLENGE, "#px-captcha", there="/blocked?url=L29yZGVycy83Nw==&uuid=1"),
    Case("challenge_recaptcha_sorry", _C.CHALLENGE, "Google", status=429, there="/sorry/index?continue=x"),
    Case("challenge_hcaptcha_es", _C.CHALLENGE, "hcaptcha.com"),
    Case("challenge_akamai", _C.CHALLENGE, "Akamai", status=429),
    Case("challenge_incapsula", _C.CHALLENGE, "Imperva"),
    Case("challenge_awswaf", _C.CHALLENGE, "AWS", status=202, headers=(("x-amzn-waf-action", "challenge"),)),
    Case("challenge_awswaf", _C.CHALLENGE, "AWS", status=202),
    Case("challenge_anubis", _C.CHALLENGE, "Anubis"),
    Case("challenge_own_fr", _C.CHALLENGE, "captcha"),
    Case("challenge_amazon", _C.CHALLENGE, "Amazon"),
    Case(
        "login_redirect",
        _C.LOGIN_WALL,
        "redirected from /orders/77 to /users/sign_in",
        there="/users/sign_in",
    ),
    Case("login_in_place_de", _C.LOGIN_WALL, "password form", asked="/portal/bestellungen"),
    Case("login_401_fr", _C.LOGIN_WALL, "status 401", status=401),
    Case("login_401_fr", _C.LOGIN_WALL, "redirected from", there="/espace?retour=/orders/77"),
    Case("login_identifier_first", _C.LOGIN_WALL, "who you are", there="/v3/signin/identifier?continue=x"),
    Case("login_sso", _C.LOGIN_WALL, "Continue with Google", there="/sso/start"),
    Case("login_spa", _C.LOGIN_WALL, "to /acceder", asked="/pedidos/77"),
    Case("login_redirect", _C.LOGIN_WALL, "password form", asked="/"),
    Case("login_bare", _C.LOGIN_WALL, "password form and little else"),
    Case("login_product_name", _C.LOGIN_WALL, "password form and little else"),
    Case("login_welcome", _C.LOGIN_WALL, "password form and little else"),
    Case("login_ja", _C.LOGIN_WALL, "password form and little else"),
    Case(
        "consent_redirect",
        _C.CONSENT_WALL,
        "redirected to",
        asked="/search?q=mugs",
        there="/consent/ml?continue=x",
    ),
    Case("consent_redirect", _C.CONSENT_WALL, "Before you continue"),
    Case("consent_page_fr", _C.CONSENT_WALL, "Accepter et continuer"),
    Case("consent_own_words", _C.CONSENT_WALL, "Tu privacidad"),
    Case("consent_modal_de", _C.CONSENT_WALL, "Alle akzeptieren"),
    Case("consent_modal_de", _C.CONSENT_WALL, "Alle akzeptieren", javascript=False),
    Case("consent_iframe", _C.CONSENT_WALL, "sp_message_container"),
    Case("consent_shadow", _C.CONSENT_WALL, "Alles akzeptieren"),
    Case("error_404", _C.ERROR_PAGE, "status 404", status=404),
    Case("error_500", _C.ERROR_PAGE, "status 502", status=502),
    Case("error_cloudflare_522", _C.ERROR_PAGE, "status 522", status=522),
    Case("ok_shop_login_header", _C.ERROR_PAGE, "status 404", status=404),
    Case("wrong_gone_item", _C.WRONG_PAGE, "/mugs/9 to /mugs", asked="/mugs/9", there="/mugs"),
    Case("wrong_gone_item", _C.WRONG_PAGE, "/mugs/9 to /", asked="/mugs/9", there="/"),
    Case("ok_home", _C.WRONG_PAGE, "id=4", asked="/mug?id=3", there="/mug?id=4"),
    Case("script_react", _C.SCRIPT_DISABLED, "enable JavaScript", javascript=False),
    Case("script_vue_pt", _C.SCRIPT_DISABLED, "JavaScript", javascript=False),
    Case("loading_spinner", _C.SCRIPT_DISABLED, "spinner", javascript=False),
    Case("loading_skeleton", _C.PAGE_LOADING, "MuiSkeleton"),
    Case("loading_spinner", _C.PAGE_LOADING, "spinner-border"),
    Case("loading_busy_fr", _C.PAGE_LOADING, "Chargement"),
    Case("loading_text", _C.PAGE_LOADING, "Loading"),
    Case("loading_your_data", _C.PAGE_LOADING, "Loading your dashboard"),
    Case("loading_root_spinner", _C.PAGE_LOADING, '<div class="spinner"> stands where content will be'),
    Case("loading_mui_progress", _C.PAGE_LOADING, "MuiCircularProgress"),
    Case("loading_gif", _C.PAGE_LOADING, '<img src="ajax-loader.gif">'),
    Case("loading_header_spinner", _C.PAGE_LOADING, '<div class="spinner"> stands where content will be'),
    Case(
        "loading_skeleton_root",
        _C.PAGE_LOADING,
        '<div class="skeleton"> stands where content will be, 8 of them',
    ),
    # Ordinary pages.
    *(Case(path.stem) for path in sorted(PAGES.glob("ok_*.html")) if path.stem != "ok_login_asked"),
    Case("ok_login_asked", asked="/login"),
    Case("ok_login_asked", asked="/account/sign-in?next=/orders"),
    Case("ok_login_asked", asked="/anmelden", there="/login"),
    Case("ok_static_without_script", javascript=False),
    Case("ok_cookie_policy", asked="/privacy/cookies"),
    Case("consent_page_fr", asked="/cookie-settings"),
    Case("ok_home", asked="/mugs/3", there="/mugs/3/"),
    Case("ok_home", asked="/mugs/3", there="/en/mugs/3"),
    Case("ok_home", asked="/de/mugs/3", there="/en-us/mugs/3"),
    Case("ok_home", asked="/Mugs/3", there="/mugs/3?utm_source=x"),
    Case("ok_home", asked="/mugs/index.html", there="/mugs"),
    Case("ok_home", asked="/mugs/3", there="/mugs/3/blue-mug"),
    Case("ok_home", asked="/mugs/3-old-name", there="/mugs/3-blue-mug"),
    Case("ok_home", asked="/", there="/home"),
    Case("ok_home", asked="/mug?id=3&utm_campaign=y", there="/mug?id=3"),
    Case("ok_home", asked="/random", there="/mugs/3"),
)


class KindsSite(AppServer):
    """Serves the pages; each case has a prefix of its own, as if it were a host."""

    def __init__(self) -> None:
        super().__init__(Starlette(routes=[Route("/{path:path}", _answer)]))

    def visit(self, case: Case) -> str:
        """Return the URL that is asked for in *case*."""
        _current.clear()
        _current.append(case)
        return self.url + case.asked


# One at a time: the paths are those of the case, which a prefix would change.
_current: list[Case] = []


async def _answer(request: Request) -> Response:
    case = _current[0]
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if case.there and path == case.asked:
        return RedirectResponse(case.there, 302)
    if path not in {case.asked, case.there}:
        return Response(status_code=404)
    html = (PAGES / f"{case.name}.html").read_text("utf-8")
    return HTMLResponse(html, case.status, headers=dict(case.headers))
