"""A page with every kind of resource that can be blocked; the records tell which were loaded."""

import base64
import io
import wave

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.site.html import page

KINDS = ("image", "font", "media", "stylesheet", "script", "fetch", "ad", "iframe", "background")

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_HEAD = """
<link rel="stylesheet" href="/resources/{run}/stylesheet.css">
<style>
@font-face {{ font-family: Probe; src: url("/resources/{run}/font.woff2") format("woff2"); }}
body {{ font-family: Probe, sans-serif; background-image: url("/resources/{run}/background.png"); }}
</style>
"""
_BODY = """
<img id="image" src="/resources/{run}/image.png" alt="a pixel">
<audio src="/resources/{run}/media.wav" preload="auto" controls></audio>
<iframe src="/resources/{run}/iframe.html" title="frame"></iframe>
<img id="ad" src="/resources/{run}/ad.png?/pagead/ads.js" alt="an ad">
<p id="fetched"></p>
<script src="/resources/{run}/script.js"></script>
<script>
fetch("/resources/{run}/fetch.json").then((response) => response.text()).then((text) => {{
  document.querySelector("#fetched").textContent = text;
}});
</script>
"""


def _silence() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 800)
    return out.getvalue()


_FILES: dict[str, tuple[str, bytes]] = {
    "stylesheet.css": ("text/css", b"#image { outline: 3px solid rgb(1, 2, 3); }"),
    "font.woff2": ("font/woff2", b"wOF2 no real font, but asked for all the same"),
    "background.png": ("image/png", _PIXEL),
    "image.png": ("image/png", _PIXEL),
    "ad.png": ("image/png", _PIXEL),
    "media.wav": ("audio/wav", _silence()),
    "iframe.html": ("text/html", b"<!doctype html><title>frame</title><p>frame</p>"),
    "script.js": ("text/javascript", b"window.scriptLoaded = true;"),
    "fetch.json": ("application/json", b'{"fetched": true}'),
}


async def _page(request: Request) -> HTMLResponse:
    """Show the page; ``run`` keeps the records of tests apart."""
    run = request.path_params["run"]
    return page("Resources", _BODY.format(run=run), head=_HEAD.format(run=run))


async def _file(request: Request) -> Response:
    media_type, content = _FILES[request.path_params["name"]]
    return Response(content, media_type=media_type, headers={"cache-control": "no-store"})


ROUTES = [
    Route("/resources/{run}", _page),
    Route("/resources/{run}/{name}", _file),
]
