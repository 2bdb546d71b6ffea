"""One book in a list: as data for the script, and as markup where the server renders it."""

from cmdop_browser.demo.catalog import Product
from cmdop_browser.demo.markup import Html, render


def as_json(product: Product) -> dict[str, object]:
    """Return what the shop's own script gets of *product*."""
    return {
        "sku": product.sku,
        "title": product.title,
        "author": product.author,
        "category": product.category,
        "price": str(product.price),
        "was": str(product.was) if product.was is not None else None,
        "rating": product.rating,
        "reviews": product.reviews,
        "in_stock": product.in_stock,
        "url": product.path,
        "cover": f"/covers/{product.slug}.svg",
    }


def card(product: Product) -> Html:
    """Render *product* as the script does, see ``static/shop.js``."""
    return render(
        "card.html",
        sku=product.sku,
        category=product.category,
        path=product.path,
        slug=product.slug,
        title=product.title,
        author=product.author,
        price=price(product),
        rating=rating(product),
        stock_class="in" if product.in_stock else "out",
        stock="In stock" if product.in_stock else "Sold out",
    )


def price(product: Product) -> Html:
    """Render the price, with the former one struck out."""
    now = render("price.html", amount=product.price)
    return now if product.was is None else Html(f"{now} {render('was.html', amount=product.was)}")


def rating(product: Product) -> Html:
    """Render the stars and how many readers gave them."""
    if product.rating is None:
        return Html('<span class="rating none">Not reviewed yet</span>')
    return render(
        "rating.html", rating=product.rating, stars=int(product.rating + 0.5), reviews=product.reviews
    )
