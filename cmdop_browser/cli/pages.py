"""``fetch`` and ``screenshot``: one page, without writing a recipe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from cmdop_browser._files import target, write_file
from cmdop_browser.cli import options
from cmdop_browser.cli.exit_codes import UsageError
from cmdop_browser.cli.output import Output
from cmdop_browser.cli.reports import SaveErrors, errors_saved

if TYPE_CHECKING:
    from cmdop_browser import PageResult
    from cmdop_browser.models import ImageFormat, NavigationResult

# What a name may ask for, and the browser does not make.
_OTHER_PICTURES: Final = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".ico", ".jxl", ".pdf", ".svg", ".tif", ".tiff", ".webp"}
)

Url = Annotated[str, typer.Argument(metavar="URL")]
WaitFor = Annotated[
    str | None,
    typer.Option("--wait-for", metavar="SELECTOR", help="Wait until this is visible before looking."),
]
AnyStatus = Annotated[
    bool, typer.Option("--any-status", help="An HTTP status of 400 or above is a result, not a failure.")
]


def fetch(
    url: Url,
    selector: Annotated[
        str | None, typer.Argument(metavar="[SELECTOR]", help="Only its first match.")
    ] = None,
    *,
    wait_for: WaitFor = None,
    text: Annotated[bool, typer.Option("--text", help="Print the text without the markup.")] = False,
    output_file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Write there, not to stdout."),
    ] = None,
    any_status: AnyStatus = False,
    timeout: options.Timeout = None,
    save_errors: SaveErrors = None,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Load a page in a browser and print its HTML, scripts having run."""
    from cmdop_browser import CMDOPClient

    output = Output(as_json=as_json)
    path = target(output_file)
    with errors_saved(save_errors):
        with CMDOPClient.local(agent=agent, start=True) as client:
            page = client.browser.fetch(url, selector=selector, wait_for=wait_for, timeout=timeout)
        if not any_status:
            page.raise_for_status()
    content = page.soup().get_text("\n", strip=True) if text else page.html
    if path is not None:
        write_file(path, f"{content}\n".encode(errors="backslashreplace"))
        output.note(f"{page.status} {page.url} -> {path}")
    if as_json:
        kind = "text" if text else "html"
        where = {"output": str(path)} if path is not None else {kind: content}
        output.document(_page_document(page) | where)
    elif path is None:
        output.text(content)


def screenshot(
    url: Url,
    *,
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", dir_okay=False, help="Where to; else named after the host."
        ),
    ] = None,
    selector: Annotated[
        str | None, typer.Option("--selector", metavar="SELECTOR", help="Only this element.")
    ] = None,
    full_page: Annotated[
        bool, typer.Option("--full-page", help="All of the page, not only what fits.")
    ] = False,
    wait_for: WaitFor = None,
    any_status: AnyStatus = False,
    timeout: options.Timeout = None,
    save_errors: SaveErrors = None,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Load a page in a browser and take a picture of it: PNG, or JPEG for a name that says so."""
    from cmdop_browser import CMDOPClient

    output = Output(as_json=as_json)
    path = output_file or Path(f"{_file_stem(url)}.png")
    image_format = _image_format(path)
    with (
        errors_saved(save_errors),
        CMDOPClient.local(agent=agent, start=True) as client,
        client.browser.create_session(timeout=timeout) as session,
    ):
        page = session.navigate(url)
        if not any_status:
            page.raise_for_status()
        if wait_for is not None:
            session.wait_for(wait_for)
        image = session.screenshot(selector, full_page=full_page, format=image_format, path=path)
    output.note(f"{page.status} {page.url} -> {path} ({len(image):,} bytes)")
    if as_json:
        output.document(_page_document(page) | {"output": str(path), "bytes": len(image)})


def _image_format(path: Path) -> ImageFormat:
    """The format that a file's name asks for; PNG when it asks for none."""
    suffix = path.suffix.lower()
    if suffix in {".jpg", ".jpeg"}:
        return "jpeg"
    if suffix in _OTHER_PICTURES:
        raise UsageError(
            f"{path} asks for a format that pictures are not taken in",
            tips=(f"name it {path.stem}.png or {path.stem}.jpg",),
        )
    return "png"


def _page_document(page: NavigationResult | PageResult) -> dict[str, Any]:
    return {
        "url": page.url,
        "requested_url": page.requested_url,
        "status": page.status,
        "title": page.title,
        "redirects": list(page.redirects),
        "elapsed": round(page.elapsed, 3),
    }


def _file_stem(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", host) or "screenshot"
