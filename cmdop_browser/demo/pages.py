"""The shelves: home, listings, product pages, search."""

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cmdop_browser.demo import catalog
from cmdop_browser.demo.api import PAGE_SIZE, number_of_pages, page_number
from cmdop_browser.demo.cards import card, price, rating
from cmdop_browser.demo.catalog import CATEGORIES, PRODUCTS, Product
from cmdop_browser.demo.covers import cover
from cmdop_browser.demo.layout import page
from cmdop_browser.demo.markup import NOTHING, Html, join, json_in_script, render


async def home(request: Request) -> HTMLResponse:
    """Greet, and show a few books."""
    reduced = [product for product in PRODUCTS if product.was is not None][:6]
    best = sorted(PRODUCTS, key=lambda product: (product.rating or 0, product.reviews), reverse=True)[:6]
    body = render(
        "home.html",
        total=len(PRODUCTS),
        categories=_category_links(current=None),
        window=join(map(_window_cover, best[:3])),
        best=join(map(card, best)),
        reduced=join(map(card, reduced)),
    )  # fmt: skip
    return page(request, "Quire, a small book shop", body)


async def catalogue(request: Request) -> HTMLResponse:
    """List books a page at a time; the script fetches them, links lead to the other pages."""
    category = _category(request)
    number, total = page_number(request), len(catalog.find(category=category))
    last = number_of_pages(total)
    if number > last:
        raise HTTPException(404, f"There are {last} pages of books.")
    body = render(
        "catalogue.html",
        heading=category or "All books",
        total=total,
        page=number,
        last=last,
        categories=_category_links(category),
        source=_source(category=category, page=number),
        skeletons=_skeletons(min(PAGE_SIZE, total - (number - 1) * PAGE_SIZE)),
        pagination=_pagination(number, last, category),
    )
    return page(request, f"{category or 'All books'}, page {number}", body)


async def browse(request: Request) -> HTMLResponse:
    """List books behind a button that loads more of them."""
    body = render("browse.html", total=len(PRODUCTS), source=_source(page=1), skeletons=_skeletons(PAGE_SIZE))
    return page(request, "Browse", body)


async def stream(request: Request) -> HTMLResponse:
    """List books without an end: more come as one scrolls."""
    body = render("stream.html", total=len(PRODUCTS), source=_source(page=1), skeletons=_skeletons(PAGE_SIZE))
    return page(request, "The long shelf", body)


async def product(request: Request) -> HTMLResponse:
    """Show one book, with the structured data that search engines and link previews read."""
    book = _product(request)
    related = [other for other in catalog.find(category=book.category) if other is not book][:6]
    url = str(request.url.replace(query="", fragment=""))
    image = str(request.url.replace(path=f"/covers/{book.slug}.svg", query=""))
    head = render(
        "product_head.html",
        title=book.title,
        blurb=book.blurb,
        url=url,
        image=image,
        price=book.price,
        structured=json_in_script(_structured(book, url, image)),
    )
    body = render(
        "product.html",
        sku=book.sku,
        slug=book.slug,
        title=book.title,
        author=book.author,
        author_query=urlencode({"q": book.author}),
        category=book.category,
        category_query=urlencode({"category": book.category}),
        blurb=book.blurb,
        price=price(book),
        rating=rating(book),
        stock_class="in" if book.in_stock else "out",
        stock=f"{book.stock} in stock" if book.in_stock else "Sold out",
        disabled=NOTHING if book.in_stock else Html("disabled"),
        year=book.year,
        pages=book.pages,
        isbn=book.isbn,
        related=join(map(card, related)),
    )
    return page(request, book.title, body, head=head)


async def search(request: Request) -> HTMLResponse:
    """Find books by words of title, author and blurb; rendered here, without script."""
    query = request.query_params.get("q", "").strip()
    found = catalog.find(query=query) if query else []
    if not query:
        summary = "Type a word of a title, an author or a description."
    else:
        summary = f"{len(found)} {'book' if len(found) == 1 else 'books'} for “{query}”"
    body = render("search.html", query=query, summary=summary, results=join(map(card, found)))
    return page(request, f"Search: {query}" if query else "Search", body)


async def cover_image(request: Request) -> Response:
    """Draw a cover."""
    headers = {"cache-control": "public, max-age=86400"}
    return Response(cover(_product(request)), media_type="image/svg+xml", headers=headers)


def _window_cover(book: Product) -> Html:
    return render("cover.html", slug=book.slug, path=book.path, title=book.title)


def _product(request: Request) -> Product:
    try:
        return catalog.by_slug()[request.path_params["slug"]]
    except KeyError:
        raise HTTPException(404, "There is no such book on our shelves.") from None


def _category(request: Request) -> str:
    category = request.query_params.get("category", "")
    if category and category not in CATEGORIES:
        raise HTTPException(404, "There is no such shelf.")
    return category


def _source(**query: str | int) -> str:
    return f"/api/books?{urlencode({name: value for name, value in query.items() if value})}"


def _skeletons(count: int) -> Html:
    return join([render("skeleton.html")] * count)


def _category_links(current: str | None) -> Html:
    return join(_category_link(name, current) for name in ("", *CATEGORIES))


def _category_link(name: str, current: str | None) -> Html:
    query = f"?{urlencode({'category': name})}" if name else ""
    here = Html(' aria-current="true"') if name == current else NOTHING
    return render("chip.html", path=f"/books{query}", name=name or "All books", here=here)


def _pagination(number: int, last: int, category: str) -> Html:
    links = [_page_link(other, str(other), category, current=number) for other in range(1, last + 1)]
    if number > 1:
        links.insert(0, _page_link(number - 1, "Previous", category, rel="prev"))
    if number < last:
        links.append(_page_link(number + 1, "Next", category, rel="next"))
    return join(links)


def _page_link(number: int, text: str, category: str, *, current: int = 0, rel: str = "") -> Html:
    query = urlencode({"category": category, "page": number} if category else {"page": number})
    extra = f' rel="{rel}"' if rel else ' aria-current="page"' if number == current else ""
    return render("page_link.html", path=f"/books?{query}", text=text, extra=Html(extra))


def _structured(book: Product, url: str, image: str) -> dict[str, object]:
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": ["Product", "Book"],
        "@id": url,
        "name": book.title,
        "sku": book.sku,
        "isbn": book.isbn,
        "author": {"@type": "Person", "name": book.author},
        "description": book.blurb,
        "image": image,
        "numberOfPages": book.pages,
        "datePublished": str(book.year),
        "genre": book.category,
        "offers": {
            "@type": "Offer",
            "url": url,
            "price": str(book.price),
            "priceCurrency": "EUR",
            "availability": f"https://schema.org/{'InStock' if book.in_stock else 'OutOfStock'}",
        },
    }
    if book.rating is not None:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": book.rating,
            "reviewCount": book.reviews,
        }
    return data
