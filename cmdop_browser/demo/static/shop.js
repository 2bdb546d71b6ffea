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
  constructor(node) {
    this.node = node;
    this.source = new URL(node.dataset.source, location.href);
    this.last = false;
    this.loading = false;
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
  }

  show(answer) {
    this.clear();
    this.node.append(...answer.books.map(card));
    this.last = answer.page >= answer.pages;
    this.source.searchParams.set("page", answer.page + 1);
    const shown = this.node.querySelectorAll("article.book").length;
    if (this.progress) this.progress.textContent = `${shown} of ${answer.total} books`;
  }

  fail(error) {
    this.clear();
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

function loadByButton(shelf, button) {
  const settle = () => {
    button.disabled = false;
    button.hidden = shelf.last;
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    await shelf.load();
    settle();
  });
  shelf.load().then(settle);
}

function loadByScrolling(shelf, sentinel) {
  // Observed anew after each page: an observer reports changes only, and on a
  // tall screen the sentinel is still in view when a page has been added.
  const observer = new IntersectionObserver(
    async (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.unobserve(sentinel);
      await shelf.load();
      if (shelf.last) sentinel.textContent = "That was the last one.";
      else if (!shelf.node.querySelector(".alert")) observer.observe(sentinel);
    },
    { rootMargin: "0px 0px 200px" },
  );
  shelf.load().then(() => observer.observe(sentinel));
}

function fillShelves() {
  for (const node of document.querySelectorAll("[data-source]")) {
    const shelf = new Shelf(node);
    if (node.dataset.more === "button") loadByButton(shelf, document.querySelector("#load-more"));
    else if (node.dataset.more === "scroll") loadByScrolling(shelf, document.querySelector("#sentinel"));
    else shelf.load();
  }
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
