"""The test web site does what its pages and faults say."""

import json
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.site import WebSite
from tests.site.faults import FAULTS
from tests.site.identity import PASSWORD, USER
from tests.site.listeners import CERTIFICATES
from tests.site.responses import PANGRAM


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


@pytest.fixture
def http(site: WebSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=5.0, trust_env=False) as client:
        yield client


def test_every_page_is_listed_and_answers(http: httpx.Client) -> None:
    index = http.get("/").text
    names = [piece.partition('"')[0] for piece in index.split('href="/')[1:]]
    assert len(names) > 20
    assert {http.get(f"/{name}").status_code for name in names} == {200}
    assert http.get("/no-such-page.html").status_code == 404


@pytest.mark.parametrize("status", [200, 401, 404, 418, 429, 500, 503, 204, 205, 304])
def test_statuses(http: httpx.Client, status: int) -> None:
    response = http.get(f"/status/{status}")
    assert response.status_code == status
    assert ("retry-after" in response.headers) == (status in {429, 503})


def test_redirects(http: httpx.Client) -> None:
    chained = http.get("/redirect/chain/3", follow_redirects=True)
    assert (len(chained.history), chained.url.path) == (3, "/redirect/chain/0")
    with pytest.raises(httpx.TooManyRedirects):
        http.get("/redirect/loop", follow_redirects=True)
    target = "https://elsewhere.example/?q=ü"
    assert http.get("/redirect/to", params={"url": target}).headers["location"] == target


def test_posts_are_counted(site: WebSite, http: httpx.Client) -> None:
    assert [http.post("/count/mine").status_code for _ in range(3)] == [200] * 3
    assert http.get("/count/mine").status_code == 200
    assert http.get("/counts").json()["mine"] == site.records.counts()["mine"] == 3


def test_requests_are_recorded(site: WebSite, http: httpx.Client) -> None:
    http.get("/echo/recorded?with=query", headers={"x-probe": "1"})
    (received,) = site.records.requests("/echo/recorded")
    assert (received.method, received.query, received.headers["x-probe"]) == ("GET", "with=query", "1")
    assert http.get("/requests", params={"prefix": "/echo/recorded"}).json()[0]["path"] == "/echo/recorded"


def test_a_gate_holds_the_answer_back(site: WebSite, http: httpx.Client) -> None:
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(http.get("/gate/slowly")))
    waiting.start()
    site.records.wait_for("/gate/slowly")
    assert answers == []
    site.open_gate("slowly")
    waiting.join()
    assert answers[0].status_code == http.get("/gate/slowly").status_code == 200


def test_forms_echo_fields_and_files(http: httpx.Client) -> None:
    sent = {"text": 'qu"ote\n</pre>', "several": ["1", "2"]}
    response = http.post("/submit", data=sent, files={"file": ("a.txt", b"content")})
    assert "</pre>" not in response.text.partition("<pre")[2].partition("</pre>")[0]
    assert "&quot;size&quot;: 7" in response.text
    assert "qu\\&quot;ote" in response.text


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15"])
def test_charsets(http: httpx.Client, charset: str) -> None:
    assert PANGRAM in http.get(f"/charset/{charset}").text


def test_compressed_page(http: httpx.Client) -> None:
    assert PANGRAM in http.get("/gzip").text


def test_basic_auth(http: httpx.Client) -> None:
    refused = http.get("/basic-auth")
    assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    assert http.get("/basic-auth", auth=(USER, PASSWORD)).status_code == 200


def test_cookies(http: httpx.Client) -> None:
    assert http.get("/cookies/set?a=1&b=two&next=/headers").headers["location"] == "/headers"
    shown = http.get("/cookies").text.partition('<pre id="cookies">')[2].partition("</pre>")[0]
    assert json.loads(shown.replace("&quot;", '"')) == {"a": "1", "b": "two"}
    assert len(http.get("/cookies/kinds").headers.get_list("set-cookie")) == 6


def test_membership(http: httpx.Client) -> None:
    assert http.get("/member").headers["location"] == "/member/login"
    assert http.post("/member/login", data={"user": USER, "password": "?"}).status_code == 403
    http.post("/member/login", data={"user": USER, "password": PASSWORD})
    assert http.get("/member").status_code == 200


def test_huge_pages(http: httpx.Client) -> None:
    assert len(http.get("/huge/text", params={"mb": 20}).content) > 20_000_000
    many = http.get("/huge/elements", params={"n": 100_000}).text
    assert many.count("<li ") + many.count("<a ") == 100_000


FAULTY: dict[str, type[Exception] | tuple[type[Exception], ...]] = {
    "empty": httpx.RemoteProtocolError,
    "reset": httpx.ReadError,
    "reset-in-head": (httpx.ReadError, httpx.RemoteProtocolError),
    "reset-in-body": httpx.ReadError,
    "short-body": httpx.RemoteProtocolError,
    "short-head": httpx.RemoteProtocolError,
    "short-chunk": httpx.RemoteProtocolError,
    "bad-chunk": httpx.RemoteProtocolError,
    "garbage": httpx.RemoteProtocolError,
    "old-http": httpx.RemoteProtocolError,
    "two-lengths": httpx.RemoteProtocolError,
    "wrong-length": httpx.RemoteProtocolError,
    "huge-head": httpx.RemoteProtocolError,
    "bad-gzip": httpx.DecodingError,
    "silent": httpx.ReadTimeout,
    "silent-in-body": httpx.ReadTimeout,
    "continue-only": httpx.RemoteProtocolError,
}


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_faults(site: WebSite, name: str) -> None:
    timeout = 0.2 if FAULTY[name] is httpx.ReadTimeout else 20.0
    with pytest.raises(FAULTY[name]):
        httpx.get(site.fault(name), timeout=timeout, trust_env=False)


def test_faults_that_are_answers(site: WebSite) -> None:
    for name, status in {"status-407": 407, "early-hints": 200, "http-1.0": 200, "bad-location": 302}.items():
        assert httpx.get(site.fault(name), trust_env=False).status_code == status


@pytest.mark.parametrize("name", ["drip-head", "drip-body"])
def test_dripping_faults_go_on(site: WebSite, name: str) -> None:
    with (
        pytest.raises(httpx.ReadTimeout),
        httpx.stream("GET", site.fault(name), timeout=0.02, trust_env=False) as drops,
    ):
        for _ in drops.iter_raw():
            pass


def test_unknown_fault(site: WebSite) -> None:
    with pytest.raises(ValueError, match="reset-in-body"):
        site.fault("no-such-fault")
    assert "reset" in FAULTS


def test_refused(site: WebSite) -> None:
    with pytest.raises(httpx.ConnectError, match="refused"):
        httpx.get(site.refused, trust_env=False)


@pytest.mark.parametrize("certificate", sorted(CERTIFICATES))
def test_tls(site: WebSite, certificate: str) -> None:
    url = site.tls(certificate, "/status/404")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url, trust_env=False)
    lenient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lenient.check_hostname, lenient.verify_mode = False, ssl.CERT_NONE
    assert httpx.get(url, verify=lenient, trust_env=False).status_code == 404


def test_addresses(site: WebSite) -> None:
    assert site.at("/echo/ü x", q="a b&c") == f"{site.url}/echo/%C3%BC%20x?q=a+b%26c"
    assert httpx.get(site.elsewhere("/echo/here"), trust_env=False).text == "GET /echo/here?"
    with pytest.raises(ValueError, match="slash"):
        site.at("echo")


async def test_usable_from_async_tests_and_leaves_nothing_running() -> None:
    before = set(threading.enumerate())
    async with WebSite() as site, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(site.url)).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            await http.get(site.at("/hang/up"), timeout=0.1)
        assert len(await site.records.arrival("/hang/up")) == 1
    assert {thread for thread in threading.enumerate() if thread.name.startswith("serve")} <= before
    with pytest.raises(RuntimeError, match="not being served"):
        _ = site.url
