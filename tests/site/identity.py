"""Who the browser says it is: headers, cookies, a login."""

import base64
import json
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.site.html import page

USER, PASSWORD = "ada", "p\"ss'w\\rd é"


async def _headers(request: Request) -> Response:
    return page("Headers", _json("headers", dict(request.headers)))


async def _cookies(request: Request) -> Response:
    return page("Cookies", _json("cookies", request.cookies))


async def _set_cookies(request: Request) -> Response:
    """Set every parameter of the query as a cookie; ``next`` is where to go then."""
    response: Response = RedirectResponse(request.query_params.get("next", "/cookies"), 303)
    for name, value in request.query_params.items():
        if name != "next":
            response.set_cookie(name, value)
    return response


async def _special_cookies(_request: Request) -> Response:
    response = page("Cookies of every kind", "<p>They are set.</p>")
    response.set_cookie("session", "1")
    response.set_cookie("lasting", "2", max_age=3600)
    response.set_cookie("http_only", "3", httponly=True)
    response.set_cookie("strict", "4", samesite="strict")
    response.set_cookie("only_secure", "5", secure=True, samesite="none")
    response.set_cookie("below_cookies", "6", path="/cookies")
    return response


async def _basic_auth(request: Request) -> Response:
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request.headers.get("authorization") == expected:
        return page("Let in", f'<p id="who">{USER}</p>')
    response = page("Who are you?", "<p>This page needs a name and a password.</p>", status=401)
    response.headers["www-authenticate"] = 'Basic realm="tests", charset="UTF-8"'
    return response


async def _member(request: Request) -> Response:
    if request.cookies.get("member") != "yes":
        return RedirectResponse("/member/login", 303)
    return page("Members only", '<p id="who">member</p>')


async def _member_login(request: Request) -> Response:
    if request.method == "GET":
        form = (
            '<form method="post"><label>Name <input name="user"></label>'
            '<label>Password <input name="password" type="password"></label><button>Log in</button></form>'
        )
        return page("Log in", form)
    async with request.form() as sent:
        known = (sent.get("user"), sent.get("password")) == (USER, PASSWORD)
    if not known:
        return page("Log in", '<p role="alert">Wrong name or password.</p>', status=403)
    response = RedirectResponse("/member", 303)
    response.set_cookie("member", "yes", httponly=True)
    return response


async def _headers_json(request: Request) -> JSONResponse:
    return JSONResponse(dict(request.headers))


def _json(id: str, value: object) -> str:
    return f'<pre id="{id}">{escape(json.dumps(value, indent=1))}</pre>'


ROUTES = [
    Route("/headers", _headers),
    Route("/headers.json", _headers_json),
    Route("/cookies", _cookies),
    Route("/cookies/set", _set_cookies),
    Route("/cookies/kinds", _special_cookies),
    Route("/basic-auth", _basic_auth),
    Route("/member", _member),
    Route("/member/login", _member_login, methods=["GET", "POST"]),
]
