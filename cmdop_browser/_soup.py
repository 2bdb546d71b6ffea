"""Parsing with BeautifulSoup, which is imported when the first page is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser._convert import checks

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


def require_parser(parser: object) -> None:
    """Refuse a parser that is not here, before a page is fetched for it.

    Raises:
        BadRequestError: There is no parser of that name.
    """
    from bs4.builder import builder_registry  # noqa: PLC0415 -- slow to import, and not all need it

    if not isinstance(parser, str) or builder_registry.lookup(parser) is None:
        checks.refuse("parser", parser, "one that is installed, such as 'lxml' or 'html.parser'")


def parse(html: str, parser: str) -> BeautifulSoup:
    """A real BeautifulSoup of *html*.

    Raises:
        BadRequestError: There is no parser of that name.
    """
    from bs4 import BeautifulSoup  # noqa: PLC0415 -- slow to import, and not all need it

    require_parser(parser)
    return BeautifulSoup(html, parser)
