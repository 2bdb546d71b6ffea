"""Parsing with BeautifulSoup, which is imported when the first page is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser.exceptions import BadRequestError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


def parse(html: str, parser: str) -> BeautifulSoup:
    """A real BeautifulSoup of *html*.

    Raises:
        BadRequestError: There is no parser of that name here.
    """
    from bs4 import BeautifulSoup, FeatureNotFound  # noqa: PLC0415 -- slow to import, and not all need it

    try:
        return BeautifulSoup(html, parser)
    except FeatureNotFound as exc:
        raise BadRequestError(
            f"there is no parser {parser!r}; use 'lxml' or 'html.parser'", field="parser", value=parser
        ) from exc
