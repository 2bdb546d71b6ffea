// The elements of the document and its open shadow roots, as selectors see them.
//
// wanted: names and texts that are looked for, lower case
// limits: {elements, text, attribute, shown, milliseconds}, and whether texts are looked for
//
// What a person typed or a server hid never leaves the page: no values of fields,
// nothing of hidden ones but their names.
([wanted, limits]) => {
  const start = performance.now();
  const end = start + limits.milliseconds;
  // Rating what was found, and reading it, need time as well.
  const endOfWalk = start + 0.5 * limits.milliseconds;
  const endOfSearch = start + 0.7 * limits.milliseconds;
  const SKIPPED = new Set(['script', 'style', 'link', 'meta', 'head', 'title', 'base', 'noscript', 'template', 'br', 'path', 'g', 'defs', 'use', 'circle', 'rect', 'source', 'track', 'wbr']);
  const NO_TEXT = new Set(['html', 'body', 'textarea', 'input', 'select', 'svg', 'canvas', 'iframe', 'object', 'video', 'audio']);
  const NAMED = 'a, button, input, select, textarea, label, form, [id], [name], [role], [data-testid], [data-test], [data-qa], [data-cy]';
  const SECRET_NAME = /token|csrf|nonce|secret|passw|auth|session|api-?key|signature/i;
  const SECRET_QUERY = /[?&#](?:[^=&]*(?:token|key|sig|auth|session|secret|passw|code)[^=&]*)=/i;
  const ROLES = { a: 'link', button: 'button', nav: 'navigation', main: 'main', header: 'banner', footer: 'contentinfo', aside: 'complementary', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', img: 'img', li: 'listitem', ul: 'list', ol: 'list', table: 'table', tr: 'row', td: 'cell', th: 'columnheader', textarea: 'textbox', option: 'option', dialog: 'dialog', form: 'form', article: 'article', progress: 'progressbar', output: 'status', fieldset: 'group', summary: 'button' };
  const INPUTS = { button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio', search: 'searchbox', number: 'spinbutton', range: 'slider' };

  // The fields of a form hide its own properties: in <form><input name=id></form> the id of
  // the form is a field. What the prototypes say is not hidden, nor is it of the document.
  const getter = (type, name) => {
    const { get } = Object.getOwnPropertyDescriptor(type.prototype, name);
    return (node) => get.call(node);
  };
  const method = (type, name) => {
    const called = type.prototype[name];
    return (node, argument) => called.call(node, argument);
  };
  const tagOf = getter(Element, 'localName');
  const attribute = method(Element, 'getAttribute');
  const attributesIn = getter(Element, 'attributes');
  const shadowRootOf = getter(Element, 'shadowRoot');
  const firstElementIn = getter(Element, 'firstElementChild');
  const elementsIn = method(Element, 'getElementsByTagName');
  const firstIn = method(Element, 'querySelector');
  const closest = method(Element, 'closest');
  const isRendered = method(Element, 'checkVisibility');
  const parentNodeOf = getter(Node, 'parentNode');
  const firstChildOf = getter(Node, 'firstChild');
  const nextOf = getter(Node, 'nextSibling');
  const contentOf = getter(Node, 'textContent');
  const rootOf = method(Node, 'getRootNode');
  const allIn = (root, selector) => (root === document ? Document : DocumentFragment).prototype.querySelectorAll.call(root, selector);

  const cut = (text, length) => (text.length > length ? text.slice(0, length) : text);
  const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

  // Likeness by pairs of letters: cheap enough for every name of a large page.
  const codeOf = (code) => {
    if (code >= 65 && code <= 90) return code + 32;
    return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127 ? code : 0;
  };
  const eachPair = (name, use) => {
    let before = 0;
    // Marks on letters are left out: they are what is written otherwise in a name.
    const text = /[^\0-\x7f]/.test(name) ? name.normalize('NFD').replace(/[\u0300-\u036f]/g, '') : name;
    for (let i = 0; i < text.length && i < 120; i += 1) {
      const code = codeOf(text.charCodeAt(i));
      if (!code) continue;
      if (before) use(before * 65536 + code);
      before = code;
    }
  };
  const exact = new Set(wanted);
  const termsOf = new Map();
  const sizes = wanted.map((term, index) => {
    const own = new Set();
    eachPair(term, (pair) => own.add(pair));
    for (const pair of own) {
      if (!termsOf.has(pair)) termsOf.set(pair, []);
      termsOf.get(pair).push(index);
    }
    return own.size;
  });
  const known = new Map();
  const relevance = (name) => {
    if (!name) return 0;
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    let best = 0;
    const common = new Array(sizes.length).fill(0);
    eachPair(name, (pair) => {
      const terms = termsOf.get(pair);
      if (terms) for (const term of terms) common[term] += 1;
    });
    for (let i = 0; i < sizes.length; i += 1) if (common[i]) best = Math.max(best, Math.min(1, common[i] / sizes[i]));
    if (exact.has(name.toLowerCase())) best = 2;
    if (known.size < 50000) known.set(name, best);
    return best;
  };

  const ownText = (element) => {
    let text = '';
    for (let node = firstChildOf(element); node && text.length < limits.text; node = nextOf(node)) {
      if (node.nodeType === 3) text += node.data.length > 1000 ? node.data.slice(0, 1000) : node.data;
    }
    return text;
  };

  // Rating takes longer than the walk. On a very large page only what shares letters with
  // what is wanted is rated; a slip spares one end of a word or the other.
  const isLarge = document.getElementsByTagName('*').length > limits.shown;
  const ends = new Set();
  for (const term of wanted) {
    const length = term.length > 6 ? 3 : 2;
    for (const end of term.length > 3 ? [term.slice(0, length), term.slice(-length)] : [term]) {
      if (/^[\p{L}\d]+$/u.test(end)) ends.add(end);
    }
  }
  const alike = new RegExp([...ends].join('|') || '(?!)', 'i');
  const hasLikeName = (element) => alike.test(attribute(element, 'class') || '');
  const hasLikeText = (element) => limits.texts && !NO_TEXT.has(tagOf(element)) && alike.test(ownText(element));
  const hasLikeAttribute = (element) => {
    for (const { name, value } of attributesIn(element)) {
      if (name !== 'style' && value.length < 300 && alike.test(value)) return true;
    }
    return false;
  };

  const order = [];
  const hosts = new Map();
  let walked = 0;
  let complete = true;
  const isLate = () => {
    walked += 1;
    if ((walked & 255) === 0 && performance.now() > endOfWalk) complete = false;
    return !complete;
  };
  // What people act on is gone through first, should there be no time for the rest.
  const acted = new Set(isLarge ? allIn(document, NAMED) : []);
  for (const element of acted) {
    if (isLate()) break;
    if (hasLikeAttribute(element) || hasLikeText(element)) order.push(element);
  }
  const collect = (root) => {
    for (const element of allIn(root, '*')) {
      if (isLate()) return;
      if (!isLarge || (!acted.has(element) && (hasLikeName(element) || hasLikeText(element)))) {
        if (!SKIPPED.has(tagOf(element))) order.push(element);
      }
      const inner = shadowRootOf(element);
      if (inner) { hosts.set(inner, element); collect(inner); }
    }
  };
  collect(document);

  // On a large page most elements cannot be meant: those alike by letters come first.
  let listed = order;
  if (order.length > limits.elements) {
    const seen = new Map();
    const rated = [];
    const byClasses = new Map();
    const ofClasses = (classes) => {
      let best = byClasses.get(classes);
      if (best === undefined) {
        best = 0;
        for (const name of cut(classes, 1000).split(/\s+/)) best = Math.max(best, relevance(name));
        byClasses.set(classes, best);
      }
      return best;
    };
    for (let i = 0; i < order.length; i += 1) {
      if ((i & 255) === 0 && performance.now() > endOfSearch) { complete = false; break; }
      const element = order[i];
      const classes = attribute(element, 'class');
      const id = attribute(element, 'id');
      // The hundredth of a kind tells no more than the first ones.
      const key = id || limits.texts ? '' : `${tagOf(element)} ${classes}`;
      const times = key ? seen.get(key) || 0 : 0;
      if (key) seen.set(key, times + 1);
      if (times > 100) continue;
      let best = classes ? ofClasses(classes) : 0;
      if (id) best = Math.max(best, relevance(id));
      const attributes = attributesIn(element);
      if (attributes.length > (classes === null ? 0 : 1) + (id === null ? 0 : 1)) {
        for (let k = 0; k < attributes.length; k += 1) {
          const { name, value } = attributes[k];
          if (name === 'class' || name === 'id' || name === 'style') continue;
          best = Math.max(best, relevance(name));
          if (value.length > 1 && value.length < 80) best = Math.max(best, relevance(value));
        }
      }
      if (limits.texts && !NO_TEXT.has(tagOf(element))) {
        const text = ownText(element);
        if (text.length > 1 && text.length < 120) best = Math.max(best, relevance(squeeze(text)));
      }
      if (exact.has(tagOf(element))) best = Math.max(best, 0.5);
      if (best < 0.3) continue;
      rated.push([best - 0.02 * Math.min(times, 30), i]);
    }
    rated.sort((one, other) => other[0] - one[0] || one[1] - other[1]);
    const most = isLarge ? limits.elements / 3 : limits.elements;
    listed = rated.slice(0, most).map(([, i]) => i).sort((one, other) => one - other).map((i) => order[i]);
  }

  const positions = new Map(listed.map((element, index) => [element, index]));
  const parentOf = (element) => {
    let node = parentNodeOf(element);
    while (node) {
      if (hosts.has(node)) node = hosts.get(node);
      if (positions.has(node)) return positions.get(node);
      node = parentNodeOf(node);
    }
    return -1;
  };

  const isSecret = (element) => tagOf(element) === 'input' && (element.type === 'password' || element.type === 'hidden');
  const asks = new Map();
  const inLogin = (element) => {
    const form = tagOf(element) === 'form' ? element : element.form || closest(element, 'form');
    if (!form) return tagOf(element) === 'input' && element.type === 'password';
    if (!asks.has(form)) asks.set(form, firstIn(form, 'input[type=password]') !== null);
    return asks.get(form);
  };

  const textOf = (element) => {
    if (NO_TEXT.has(tagOf(element))) return '';
    const own = squeeze(ownText(element));
    if (!firstElementIn(element)) return cut(own, limits.text);
    // The text of a large subtree is as large: only small ones are read whole.
    if (elementsIn(element, '*').item(30) || firstIn(element, 'script, style, textarea')) return cut(own, limits.text);
    return cut(squeeze(cut(contentOf(element), 2000)), limits.text);
  };

  const roleOf = (element) => {
    const explicit = attribute(element, 'role');
    if (explicit) return explicit.trim().split(/\s+/)[0].toLowerCase();
    const tag = tagOf(element);
    if (tag === 'a') return element.hasAttribute('href') ? 'link' : '';
    if (tag === 'input') return isSecret(element) || element.type === 'file' ? '' : INPUTS[element.type] || 'textbox';
    if (tag === 'select') return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
    return ROLES[tag] || '';
  };
  const nameOf = (element, text) => {
    const label = attribute(element, 'aria-label');
    if (label) return label;
    const by = attribute(element, 'aria-labelledby');
    if (by) {
      const root = rootOf(element);
      const labels = by.trim().split(/\s+/).slice(0, 3).map((id) => allIn(root, `#${CSS.escape(id)}`)[0]);
      const names = labels.map((labelling) => (labelling ? contentOf(labelling) : ''));
      if (names.join('')) return cut(names.join(' '), 500);
    }
    const tag = tagOf(element);
    if (tag !== 'form' && element.labels && element.labels.length) return cut(contentOf(element.labels[0]), 500);
    if (tag === 'input' && ['submit', 'button', 'reset'].includes(element.type)) return element.value || element.type;
    return attribute(element, 'alt') || text || attribute(element, 'title') || attribute(element, 'placeholder') || '';
  };

  const attributesOf = (element, secret) => {
    const found = {};
    let count = 0;
    for (const { name, value } of attributesIn(element)) {
      if (name === 'id' || name === 'class' || name === 'style' || name.startsWith('on') || count >= 20) continue;
      if (name === 'd' || name === 'srcset' || name === 'integrity' || SECRET_NAME.test(name)) continue;
      if (name === 'value' && (secret || (tagOf(element) === 'input' && !['submit', 'button', 'reset', 'checkbox', 'radio'].includes(element.type)))) continue;
      if (secret && !['type', 'name', 'placeholder', 'autocomplete', 'aria-label', 'data-testid', 'data-test', 'data-test-id', 'data-qa', 'data-cy'].includes(name)) continue;
      if (name.length > 60 || SECRET_QUERY.test(value)) continue;
      found[name] = cut(value, limits.attribute);
      count += 1;
    }
    return found;
  };

  const rows = [];
  for (const element of listed) {
    if (rows.length && (rows.length & 63) === 0 && performance.now() > end) { complete = false; break; }
    const secret = isSecret(element);
    const text = textOf(element);
    const role = roleOf(element);
    const row = { t: tagOf(element) };
    const id = attribute(element, 'id');
    if (id) row.i = cut(id, limits.attribute);
    const classes = attribute(element, 'class');
    if (classes && classes.trim()) row.c = cut(classes, 1500).trim().split(/\s+/);
    const attributes = attributesOf(element, secret);
    if (Object.keys(attributes).length) row.a = attributes;
    if (text) row.x = text;
    if (role) {
      row.r = role;
      const name = cut(squeeze(nameOf(element, text)), limits.text);
      if (name) row.n = name;
    }
    const parent = parentOf(element);
    if (parent >= 0) row.p = parent;
    if (!isLarge && !isRendered(element, { visibilityProperty: true })) row.h = 1;
    if (secret) row.s = 1;
    if (inLogin(element)) row.l = 1;
    rows.push(row);
  }
  return JSON.stringify({ rows, complete, composed: hosts.size > 0 });
}
