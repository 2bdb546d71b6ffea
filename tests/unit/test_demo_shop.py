"""The demo shop without a browser: its data, its answers, its server."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from decimal import Decimal
from xml.etree import ElementTree as ET

import httpx
import pytest

from cmdop_browser.demo import pdf
from cmdop_browser.demo.account import EMAIL, PASSWORD
from cmdop_browser.demo.catalog import CATEGORIES, PRODUCTS, Product, find, rows
from cmdop_browser.demo.covers import cover
from cmdop_browser.demo.markup import Html, json_in_script, render
from cmdop_browser.demo.server import AppServer, DemoSite
from tests.site import WebSite


@pytest.fixture(scope="module")
def shop() -> Iterator[DemoSite]:
    with DemoSite(latency=0) as shop:
        yield shop


@pytest.fixture
def http(shop: DemoSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=5.0, trust_env=False) as client:
        yield client


def test_the_catalogue_is_fit_for_scraping() -> None:
    assert len(PRODUCTS) == 60
    for field in ("sku", "slug", "isbn"):
        assert len({getattr(product, field) for product in PRODUCTS}) == 60
    assert len({product.title for product in PRODUCTS}) == 59  # one title twice: no title is a key
    assert {len(find(category=category)) for category in CATEGORIES} == {10}
    assert any(product.rating is None for product in PRODUCTS)
    assert any(not product.in_stock for product in PRODUCTS)
    assert all(product.was is None or product.was > product.price > Decimal(5) for product in PRODUCTS)
    with pytest.raises(FrozenInstanceError):
        PRODUCTS[0].price = Decimal(0)  # type: ignore[misc]


def test_rows_survive_json() -> None:
    truth = rows("http://shop.test/")
    assert json.loads(json.dumps(truth)) == truth
    assert truth[0]["url"] == f"http://shop.test/books/{PRODUCTS[0].slug}"


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_covers_are_well_formed_and_always_the_same(product: Product) -> None:
    drawn = cover(product)
    assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn == cover(product)


def test_values_are_escaped_and_markup_is_not() -> None:
    assert render("chip.html", path='/?a&"', name="<b>", here=Html(" x=1")) == (
        '<a class="chip" href="/?a&amp;&quot;" x=1>&lt;b&gt;</a>\n'
    )
    with pytest.raises(KeyError, match="name"):
        render("chip.html", path="/", here="")
    assert "</script" not in json_in_script({"title": "</script><!--"})
    assert json.loads(json_in_script({"title": "</script>&"})) == {"title": "</script>&"}


def test_api_pages_hold_every_book_once(http: httpx.Client) -> None:
    pages = [http.get("/api/books", params={"page": number}).json() for number in range(1, 6)]
    assert [book["sku"] for page in pages for book in page["books"]] == [book.sku for book in PRODUCTS]
    assert {(page["pages"], page["total"]) for page in pages} == {(5, 60)}
    assert http.get("/api/books?page=6").json()["books"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/books?page=0", 400),
        ("/books?page=1%0A", 400),
        ("/books?page=nine", 400),
        ("/books?page=٣", 400),
        ("/books?page=6", 404),
        ("/books?category=Horror", 404),
        ("/books/none", 404),
        ("/covers/none.svg", 404),
        ("/slow?seconds=nan", 400),
        ("/slow?seconds=-1", 400),
        ("/slow?seconds=31", 400),
        ("/slow?seconds=soon", 400),
        ("/static/none.css", 404),
    ],
)
def test_bad_addresses(http: httpx.Client, path: str, status: int) -> None:
    response = http.get(path)
    assert response.status_code == status
    assert f'<p class="status">{status}</p>' in response.text


def test_bad_orders(http: httpx.Client) -> None:
    gone = next(product for product in PRODUCTS if not product.in_stock)
    assert http.post("/basket", data={"sku": gone.sku}).status_code == 409
    assert http.post("/basket", data={"sku": "none"}).status_code == 400
    assert http.post("/basket").status_code == 400
    assert http.get("/logout").status_code == 405


@pytest.mark.parametrize(
    "target", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example"]
)
def test_the_login_sends_nobody_elsewhere(http: httpx.Client, target: str) -> None:
    sent = {"email": EMAIL, "password": PASSWORD, "next": target}
    assert http.post("/login", data=sent).headers["location"] == "/account"


def test_a_login_replaces_the_cookie(http: httpx.Client) -> None:
    book = next(product for product in PRODUCTS if product.in_stock)
    http.post("/basket", data={"sku": book.sku})
    before = dict(http.cookies)
    http.post("/login", data={"email": EMAIL, "password": PASSWORD})
    assert dict(http.cookies) != before
    assert book.path in http.get("/basket").text
    assert httpx.get(http.base_url.join("/account"), cookies=before, trust_env=False).status_code == 303


def test_only_its_own_resources(http: httpx.Client) -> None:
    for path in ("/", "/static/shop.css", "/none", "/api/books"):
        assert "default-src 'self'" in http.get(path).headers["content-security-policy"]


def test_price_list_is_a_document_of_its_pages() -> None:
    document = pdf.document("Title (1)", ["line \\ one", "日本"] * 40)
    assert document.count(b"/Type /Page ") == 2
    assert b"(Title \\(1\\))" in document
    table = int(document.rpartition(b"startxref\n")[2].split()[0])
    assert document[table:].startswith(b"xref\n0 8\n")
    for line in document[table:].splitlines()[3:10]:
        assert document[int(line[:10]) :].split(b" ", 2)[1:2] == [b"0"]


def test_stops_at_once_while_a_page_is_slow() -> None:
    errors: list[Exception] = []

    def ask(url: str) -> None:
        try:
            httpx.get(url, timeout=60, trust_env=False)
        except httpx.HTTPError as error:
            errors.append(error)

    with WebSite() as site:
        asking = threading.Thread(target=ask, args=[site.at("/slow", seconds=50)])
        asking.start()
        site.records.wait_for("/slow")
    asking.join(timeout=5)
    assert [type(error) for error in errors] == [httpx.RemoteProtocolError]


def test_a_taken_port_is_refused_and_a_stopped_one_is_free_again(shop: DemoSite) -> None:
    port = int(shop.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), DemoSite(port=port):
        pass
    again = DemoSite()
    with again:
        taken = int(again.url.rpartition(":")[2])
        with pytest.raises(RuntimeError, match="already"):
            again.start()
    again.stop()
    with socket.create_server(("127.0.0.1", taken)):
        pass


def test_an_application_that_does_not_start() -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="did not start"), AppServer(broken):
        pass


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_command(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "cmdop_browser.demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shop:
        assert shop.stdout is not None
        assert shop.stderr is not None
        try:
            line = shop.stdout.readline()
            url = line.split()[4]
            assert httpx.get(url, trust_env=False).status_code == 200
        finally:
            os.kill(shop.pid, stop)
        assert shop.wait(timeout=20) == 0
        assert shop.stderr.read() == ""
