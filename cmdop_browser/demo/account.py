"""Behind the login: the account page and the basket."""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cmdop_browser.demo.catalog import PRODUCTS, Product
from cmdop_browser.demo.layout import page
from cmdop_browser.demo.markup import NOTHING, Html, join, render
from cmdop_browser.demo.visits import COOKIE, Visit, Visits, visit_of

EMAIL = "reader@quire.example"
PASSWORD = "paperback"  # noqa: S105 - shown on the login page
ORDERS = (
    (2041, "2024-03-02", PRODUCTS[3]),
    (1987, "2023-11-18", PRODUCTS[27]),
    (1902, "2023-08-30", PRODUCTS[11]),
)

_BY_SKU = {product.sku: product for product in PRODUCTS}


async def login(request: Request) -> Response:
    """Show the login form, or take what it sends."""
    if request.method == "GET":
        return _login_page(request)
    async with request.form() as form:
        email, password = str(form.get("email", "")).strip(), str(form.get("password", ""))
        following = _inside(str(form.get("next", "")))
    if email != EMAIL or not hmac.compare_digest(password.encode(), PASSWORD.encode()):
        return _login_page(request, email=email, problem="No reader with this e-mail address and password.")
    visit = visit_of(request) or Visit()
    visit.email = email
    response = RedirectResponse(following, 303)
    _visits(request).close(request)
    _visits(request).open(response, visit)  # under a new token: a login never keeps the old one
    return response


async def logout(request: Request) -> Response:
    """End the visit."""
    response = RedirectResponse("/", 303)
    _visits(request).close(request)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


async def account(request: Request) -> Response:
    """Show orders to those who are logged in, and send others to the login."""
    visit = visit_of(request)
    if visit is None or visit.email is None:
        return RedirectResponse("/login?next=/account", 303)
    body = render("account.html", email=visit.email, orders=join(_order(*order) for order in ORDERS))
    return page(request, "Your account", body)


async def basket(request: Request) -> HTMLResponse:
    """Show what has been put into the basket."""
    visit = visit_of(request)
    lines = [(_BY_SKU[sku], count) for sku, count in visit.basket.items()] if visit else []
    if not lines:
        return page(request, "Your basket", render("basket_empty.html"))
    total = sum(product.price * count for product, count in lines)
    return page(
        request, "Your basket", render("basket.html", lines=join(_line(*line) for line in lines), total=total)
    )


async def add_to_basket(request: Request) -> Response:
    """Put a copy into the basket."""
    async with request.form() as form:
        product = _BY_SKU.get(str(form.get("sku", "")))
    if product is None:
        raise HTTPException(400, "There is no such book on our shelves.")
    if not product.in_stock:
        raise HTTPException(409, f"“{product.title}” is sold out.")
    response = RedirectResponse("/basket", 303)
    visit = visit_of(request)
    if visit is None:
        visit = Visit()
        _visits(request).open(response, visit)
    visit.basket[product.sku] += 1
    return response


def _visits(request: Request) -> Visits:
    visits: Visits = request.app.state.visits
    return visits


def _login_page(request: Request, *, email: str = "", problem: str = "") -> HTMLResponse:
    alert = render("alert.html", text=problem) if problem else NOTHING
    body = render(
        "login.html",
        alert=alert,
        email=email,
        next=_inside(request.query_params.get("next", "")),
        demo_email=EMAIL,
        demo_password=PASSWORD,
    )
    return page(request, "Log in", body, status=401 if problem else 200)


def _inside(path: str) -> str:
    """Return *path* when it is one of this site, so that the login sends nobody elsewhere."""
    return path if path.startswith("/") and path[1:2] not in {"/", "\\"} else "/account"


def _order(number: int, date: str, product: Product) -> Html:
    return render(
        "order.html", number=number, date=date, path=product.path, title=product.title, price=product.price
    )


def _line(product: Product, count: int) -> Html:
    return render(
        "basket_line.html", path=product.path, title=product.title, count=count, price=product.price * count
    )
