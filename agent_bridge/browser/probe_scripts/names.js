// How an element is called in a message, and a selector that matches it alone.
//
// The page may have patched what it likes, so each part is taken by itself: one that
// raises is left out.
const MARKUP = 160, TEXT = 400, OPTIONS = 40, CLOSERS = 6, SIBLINGS = 5, LOOKED_AT = 500, CONTROLS = 200;
const attempt = (read, otherwise) => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};
const tagOf = (element) => String(element.localName || element.nodeName).toLowerCase();
const attribute = (element, name) => Element.prototype.getAttribute.call(element, name);
const parentOf = (element) => {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.parentNode;
  return root && root.nodeType === 11 && root.host ? root.host : null;
};
const chainOf = (element) => {
  const chain = [];
  for (let e = element; e && chain.length < 1000; e = parentOf(e)) chain.push(e);
  return chain;
};
const cut = (text, limit) => (text.length > limit ? text.slice(0, limit - 1) + '…' : text);
const clean = (text, limit) => cut(String(text || '').slice(0, 4 * limit).replace(/\s+/g, ' ').trim(), limit);

// Only attributes that name an element: others may hold what the user typed, or a token.
const markupOf = (element) => {
  let tag = '<' + tagOf(element);
  const show = (name, limit) => {
    const value = attribute(element, name);
    if (value) tag += ` ${name}="${clean(value, limit).replace(/"/g, '&quot;')}"`;
    return Boolean(value);
  };
  const named = [show('id', 60), show('class', 80)].some(Boolean);
  if (['input', 'button'].includes(tagOf(element))) show('type', 20);
  if (!named) show('name', 40) || show('role', 20) || show('aria-label', 40);
  return cut(tag, MARKUP) + '>';
};

// -- a selector that matches one element alone ------------------------------
const escaped = (text) => CSS.escape(text);
const quoted = (text) => '"' + text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\a ') + '"';
const alone = (root, selector, element) => {
  const found = attempt(() => root.querySelectorAll(selector), []);
  return found.length === 1 && found[0] === element;
};
const shortWithin = (element, root) => {
  const id = attribute(element, 'id');
  if (id && id.length < 80 && alone(root, '#' + escaped(id), element)) return '#' + escaped(id);
  const byAttribute = (names) => {
    for (const name of names) {
      const value = attribute(element, name);
      if (!value || value.length > 60) continue;
      const selector = `${tagOf(element)}[${name}=${quoted(value)}]`;
      if (alone(root, selector, element)) return selector;
    }
    return '';
  };
  const tested = byAttribute(['data-testid', 'data-test', 'data-qa']);
  if (tested) return tested;
  const classes = Array.from(element.classList || []).filter((name) => name.length < 50).slice(0, 6);
  // Names that a build tool made up are gone with the next build.
  const lasting = classes.filter((name) => !/\d|^(?:css|sc|jss|svelte|emotion)-|^_/.test(name));
  for (const name of lasting) if (alone(root, '.' + escaped(name), element)) return '.' + escaped(name);
  const attributed = byAttribute(['name', 'aria-label', 'title', 'for']);
  if (attributed) return attributed;
  for (const name of lasting) {
    const selector = tagOf(element) + '.' + escaped(name);
    if (alone(root, selector, element)) return selector;
  }
  for (const name of classes) if (alone(root, '.' + escaped(name), element)) return '.' + escaped(name);
  if (alone(root, tagOf(element), element)) return tagOf(element);
  return '';
};
const within = (element, root) => {
  const steps = [];
  for (let e = element; e && e !== root && steps.length < 30; e = e.parentElement) {
    const short = shortWithin(e, root);
    if (short) return [short, ...steps].join(' > ');
    let step = tagOf(e);
    const twins = e.parentElement ? Array.from(e.parentElement.children) : [];
    if (twins.filter((twin) => tagOf(twin) === step).length > 1) {
      let place = 0;
      for (const twin of twins) {
        if (tagOf(twin) === tagOf(e)) place += 1;
        if (twin === e) break;
      }
      step += `:nth-of-type(${place})`;
    }
    steps.unshift(step);
    if (alone(root, steps.join(' > '), element)) return steps.join(' > ');
  }
  return steps.join(' > ');
};
const selectorOf = (element) =>
  attempt(() => {
    const parts = [];
    for (let e = element; e; ) {
      const root = e.getRootNode();
      parts.unshift(within(e, root));
      e = root.nodeType === 11 ? root.host : null;
    }
    return parts.join(' ');
  }, '');

const by = (what, element, own) => ({ what, own, selector: selectorOf(element), markup: markupOf(element) });
