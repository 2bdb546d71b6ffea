// The shop's script: fills the shelves from JSON, and answers a few buttons.

const STARS = 5;

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function link(href, ...children) {
  const node = element("a", "", ...children);
  node.href = href;
  return node;
}

function hidden(text) {
  return element("span", "visually-hidden", text);
}

function rating(book) {
  if (book.rating === null) return element("span", "rating none", "Not reviewed yet");
  const stars = element("span", "stars");
  stars.dataset.stars = Math.min(STARS, Math.round(book.rating));
  stars.ariaHidden = "true";
  const reviews = element("span", "reviews", `(${book.reviews}`, hidden(" reviews"), ")");
  const node = element("span", "rating", stars, " ", hidden("Rated "), book.rating.toFixed(1), " ", reviews);
  node.dataset.rating = book.rating;
  return node;
}

function price(book) {
  const now = element("span", "price", `€${book.price}`);
  return book.was === null ? [now] : [now, " ", element("s", "was", hidden("Before: "), `€${book.was}`)];
}

// The same markup as templates/card.html, for the shelves that the server renders.
function card(book) {
  const image = element("img");
  Object.assign(image, { src: book.cover, alt: "", width: 300, height: 440, loading: "lazy" });
  const cover = link(book.url, image);
  Object.assign(cover, { className: "cover", tabIndex: -1, ariaHidden: "true" });
  const stock = element("span", `stock ${book.in_stock ? "in" : "out"}`, book.in_stock ? "In stock" : "Sold out");
  const node = element(
    "article",
    "book",
    cover,
    element("p", "category", book.category),
    element("h3", "title", link(book.url, book.title)),
    element("p", "author", book.author),
    element("p", "meta", rating(book)),
    element("p", "buy", ...price(book), " ", stock),
  );
  node.dataset.sku = book.sku;
  return node;
}

async function fetchPage(source) {
  const response = await fetch(source);
  if (!response.ok) throw new Error(`the shelf answered ${response.status}`);
  return response.json();
}

class Shelf {
  constructor(node, shown = () => {}) {
    this.node = node;
    this.shown = shown; // called after each page of books
    this.source = new URL(node.dataset.source, location.href);
    this.last = false;
    this.loading = false;
    this.failed = false;
    this.progress = document.querySelector(".progress");
  }

  async load() {
    if (this.loading || this.last) return;
    this.loading = true;
    this.node.ariaBusy = "true";
    try {
      this.show(await fetchPage(this.source));
    } catch (error) {
      this.fail(error);
    } finally {
      this.loading = false;
      this.node.ariaBusy = "false";
    }
    if (!this.failed) this.shown();
  }

  show(answer) {
    this.clear();
    this.failed = false;
    this.node.append(...answer.books.map(card));
    this.last = answer.page >= answer.pages;
    this.source.searchParams.set("page", answer.page + 1);
    const count = this.node.querySelectorAll("article.book").length;
    if (this.progress) this.progress.textContent = `${count} of ${answer.total} books`;
  }

  fail(error) {
    this.clear();
    this.failed = true;
    const retry = element("button", "button quiet retry", "Try again");
    retry.addEventListener("click", () => this.load());
    const alert = element("p", "alert", `The books could not be fetched: ${error.message}. `, retry);
    alert.role = "alert";
    this.node.append(alert);
  }

  clear() {
    for (const stale of this.node.querySelectorAll(".skeleton, .alert")) stale.remove();
  }
}

function loadByButton(node, button) {
  const shelf = new Shelf(node, () => {
    button.disabled = false;
    button.hidden = shelf.last;
  });
  button.addEventListener("click", () => {
    button.disabled = true;
    shelf.load();
  });
  return shelf;
}

function loadByScrolling(node, sentinel) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.at(-1).isIntersecting) return;
      observer.unobserve(sentinel);
      shelf.load();
    },
    { rootMargin: "0px 0px 200px" },
  );
  // Observed anew after each page: an observer reports changes only, and on a
  // tall screen the sentinel is still in view when a page has been added.
  const shelf = new Shelf(node, () => {
    if (shelf.last) sentinel.textContent = "That was the last one.";
    else observer.observe(sentinel);
  });
  return shelf;
}

function shelfOf(node) {
  if (node.dataset.more === "button") return loadByButton(node, document.querySelector("#load-more"));
  if (node.dataset.more === "scroll") return loadByScrolling(node, document.querySelector("#sentinel"));
  return new Shelf(node);
}

function fillShelves() {
  for (const node of document.querySelectorAll("[data-source]")) shelfOf(node).load();
}

function askForConsent() {
  const overlay = document.querySelector("#consent");
  if (!overlay) return;
  overlay.addEventListener("click", (event) => {
    const answer = event.target.dataset.consent;
    if (!answer) return;
    document.cookie = `quire_consent=${answer}; path=/; max-age=31536000; samesite=lax`;
    document.querySelector("#consent-state").textContent = `You chose: ${answer} cookies.`;
    overlay.remove();
  });
  overlay.querySelector("button").focus();
}

function reserveSeats() {
  document.querySelector("#reserve")?.addEventListener("click", () => {
    document.querySelector("#reservation").textContent = "Seat 7, by the window, is yours.";
  });
}

function answerQuestions() {
  document.querySelector("#ask")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = new FormData(event.target).get("question");
    document.querySelector("#answer").textContent = `You asked “${question}”. We shall have to look that up.`;
  });
}

fillShelves();
askForConsent();
reserveSeats();
answerQuestions();
