"""Errors as HTML: a report to send to somebody, a card for a notebook.

Everything that a page or a server has a part in is text here, never markup, and the
report's own policy forbids scripts and requests besides.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import jinja2

from cmdop_browser import _files
from cmdop_browser._report import view
from cmdop_browser._version import __version__
from cmdop_browser.exceptions import BrowserError, CMDOPError, FileError

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from cmdop_browser._report.view import Fetched

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]")


def save(error: CMDOPError, directory: str | PathLike[str]) -> Path:
    """Write the report of *error* into *directory*.

    Raises:
        FileError: It cannot be written.
        BadRequestError: *directory* is no path.
    """
    target = _files.target_of(directory, "directory")
    saved = datetime.now().astimezone()
    try:
        _files.make_directory(target)
        path = target / _name(error, saved)
        _files.write_file(path, report(error, saved).encode("utf-8", "replace"), private=True)
    except FileError as failure:
        failure.tips = ("give a directory that can be written: error.save(directory)",)
        raise
    return path


def report(error: CMDOPError, saved: datetime) -> str:
    """The report as HTML; what the agent keeps is fetched for it."""
    screenshot, html, cut = _fetched(error)
    style = _read("report.css")
    facts = view.of_error(error, screenshot) | view.of_the_rest(error, html)
    return _template("report.html").render(
        facts,
        cut=cut,
        # By its hash, so that no other style is let in.
        style=style,
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        saved=f"saved {saved:%Y-%m-%d %H:%M:%S %Z} by cmdop-browser {__version__}",
    )


def card(error: CMDOPError) -> str:
    """A few lines with the picture, their styles inline: a notebook takes others away."""
    evidence = error.evidence if isinstance(error, BrowserError) else None
    screenshot = view.fetched(evidence.screenshot if evidence is not None else None)
    return _template("card.html").render(view.of_error(error, screenshot), counts=view.counts(error))


def _fetched(error: CMDOPError) -> tuple[Fetched, Fetched, str]:
    """Picture and HTML, and why the texts are not complete if they are not."""
    if not isinstance(error, BrowserError):
        return view.Fetched(), view.Fetched(), ""
    cut = view.attempt(error.fetch_record)
    screenshot = view.fetched(error.evidence.screenshot)
    html = view.fetched(error.evidence.html)
    return screenshot, html, cut


def _name(error: CMDOPError, saved: datetime) -> str:
    which = _NOT_IN_NAMES.sub("", error.request_id or "")[:8] or secrets.token_hex(4)
    return f"{saved:%Y%m%d-%H%M%S}-{_NOT_IN_NAMES.sub('', error.code)}-{which}.html"


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_read(name))


def _read(name: str) -> Any:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
