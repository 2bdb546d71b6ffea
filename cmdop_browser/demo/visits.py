"""Who is looking around the shop: sessions by cookie, kept in memory."""

import secrets
from collections import Counter
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "quire_session"


@dataclass(slots=True)
class Visit:
    """What the shop knows of one visitor."""

    email: str | None = None
    basket: Counter[str] = field(default_factory=Counter)  # copies by SKU


class Visits:
    """The visits by the token in their cookie."""

    def __init__(self) -> None:
        self._by_token: dict[str, Visit] = {}

    def of(self, request: Request) -> Visit | None:
        """Return the visit that *request* belongs to, None when it carries no valid cookie."""
        return self._by_token.get(request.cookies.get(COOKIE, ""))

    def open(self, response: Response, visit: Visit) -> None:
        """Keep *visit* and let *response* carry its cookie."""
        token = secrets.token_urlsafe(24)
        self._by_token[token] = visit
        response.set_cookie(COOKIE, token, httponly=True, samesite="lax", max_age=7 * 24 * 3600)

    def close(self, request: Request) -> None:
        """Make the cookie of *request* worthless."""
        self._by_token.pop(request.cookies.get(COOKIE, ""), None)


def visit_of(request: Request) -> Visit | None:
    """Return the visit that *request* belongs to, if any."""
    visits: Visits = request.app.state.visits
    return visits.of(request)
