"""What forms send."""

import hashlib
import json
from html import escape

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.site.html import page


async def _submitted(request: Request) -> HTMLResponse:
    """Show every field in the order it came, as JSON; of a file its name, size and hash."""
    if request.method == "POST":
        async with request.form() as form:
            fields = [[name, await _described(value)] for name, value in form.multi_items()]
    else:
        fields = [list(item) for item in request.query_params.multi_items()]
    return page("Submitted", f'<pre id="submitted">{escape(json.dumps(fields, indent=1))}</pre>')


async def _described(value: UploadFile | str) -> object:
    if isinstance(value, str):
        return value
    content = await value.read()
    return {"filename": value.filename, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


ROUTES = [Route("/submit", _submitted, methods=["GET", "POST"])]
