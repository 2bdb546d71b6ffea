// How many elements a text or a simple CSS selector matches inside the shadow root that
// is `this`, other than through the browser's own selectors.
const normal = (text) => String(text || '').replace(/\s+/g, ' ').trim().toLowerCase();
const wanted = normal(text);
let found = 0;
for (const element of this.querySelectorAll(css || '*')) {
  if (found >= 100) break;
  if (!wanted) found += 1;
  else if (normal(element.textContent).includes(wanted)) {
    const inner = Array.from(element.children).some((child) => normal(child.textContent).includes(wanted));
    if (css || !inner) found += 1;
  }
}
return found;
