"""A web site for tests: every kind of page, answer and fault that a scraper may meet, on loopback."""

from tests.site.server import WebSite

__all__ = ["WebSite"]
