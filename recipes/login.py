"""The orders on the account page, behind the shop's login."""

from collections.abc import Iterator
from urllib.parse import urljoin

from cmdop_browser import CMDOPClient, with_auto_restart

SHOP = "http://127.0.0.1:8080"  # where `python -m cmdop_browser.demo` serves it


@with_auto_restart
def recipe(
    client: CMDOPClient,
    *,
    base_url: str = SHOP,
    email: str = "reader@quire.example",
    password: str = "paperback",  # noqa: S107 - the demo shop shows it to everyone
) -> Iterator[dict[str, str]]:
    """Log in as a person does, and yield a row per order."""
    with client.browser.create_session() as session:
        session.navigate(urljoin(base_url, "/account")).raise_for_status()  # sends us to the login
        session.fill("#email", email)
        session.fill("#password", password)
        session.click("#login button")
        session.wait_for("#who")
        yield from session.dom.table("table.orders")
