// The elements of the document and its open shadow roots, as selectors see them.
//
// wanted: names and texts that are looked for, lower case
// limits: {elements, text, attribute, shown, milliseconds}, and whether texts are looked for
//
// What a person typed or a server hid never leaves the page: no values of fields,
// nothing of hidden ones but their names.
(wanted, limits) => {
  const start = performance.now();
  const end = start + limits.milliseconds;
  // Reading what was found needs time as well.
  const endOfSearch = start + 0.6 * limits.milliseconds;
  const SKIPPED = new Set(['script', 'style', 'link', 'meta', 'head', 'title', 'base', 'noscript', 'template', 'br', 'path', 'g', 'defs', 'use', 'circle', 'rect', 'source', 'track', 'wbr']);
  const NO_TEXT = new Set(['html', 'body', 'textarea', 'input', 'select', 'svg', 'canvas', 'iframe', 'object', 'video', 'audio']);
  const SECRET_NAME = /token|csrf|nonce|secret|passw|auth|session|api-?key|signature/i;
  const SECRET_QUERY = /[?&#](?:[^=&]*(?:token|key|sig|auth|session|secret|passw|code)[^=&]*)=/i;
  const ROLES = { a: 'link', button: 'button', nav: 'navigation', main: 'main', header: 'banner', footer: 'contentinfo', aside: 'complementary', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', img: 'img', li: 'listitem', ul: 'list', ol: 'list', table: 'table', tr: 'row', td: 'cell', th: 'columnheader', textarea: 'textbox', option: 'option', dialog: 'dialog', form: 'form', article: 'article', progress: 'progressbar', output: 'status', fieldset: 'group', summary: 'button' };
  const INPUTS = { button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio', search: 'searchbox', number: 'spinbutton', range: 'slider' };

  const cut = (text, length) => (text.length > length ? text.slice(0, length) : text);
  const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

  // Likeness by pairs of letters: cheap enough for every name of a large page.
  const codeOf = (code) => {
    if (code >= 65 && code <= 90) return code + 32;
    return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127 ? code : 0;
  };
  const eachPair = (text, use) => {
    let before = 0;
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

  const order = [];
  const hosts = new Map();
  let complete = true;
  const collect = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if ((order.length & 1023) === 0 && performance.now() > endOfSearch) { complete = false; return; }
      if (!SKIPPED.has(element.localName)) order.push(element);
      if (element.shadowRoot) { hosts.set(element.shadowRoot, element); collect(element.shadowRoot); }
    }
  };
  collect(document);

  const ownText = (element) => {
    let text = '';
    for (let node = element.firstChild; node && text.length < limits.text; node = node.nextSibling) {
      if (node.nodeType === 3) text += node.data.length > 1000 ? node.data.slice(0, 1000) : node.data;
    }
    return text;
  };

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
      const classes = element.getAttribute('class');
      const id = element.getAttribute('id');
      // The hundredth of a kind tells no more than the first ones.
      const key = id || limits.texts ? '' : `${element.localName} ${classes}`;
      const times = key ? seen.get(key) || 0 : 0;
      if (key) seen.set(key, times + 1);
      if (times > 100) continue;
      let best = classes ? ofClasses(classes) : 0;
      if (id) best = Math.max(best, relevance(id));
      const attributes = element.attributes;
      if (attributes.length > (classes === null ? 0 : 1) + (id === null ? 0 : 1)) {
        for (let k = 0; k < attributes.length; k += 1) {
          const { name, value } = attributes[k];
          if (name === 'class' || name === 'id' || name === 'style') continue;
          best = Math.max(best, relevance(name));
          if (value.length > 1 && value.length < 80) best = Math.max(best, relevance(value));
        }
      }
      if (limits.texts && !NO_TEXT.has(element.localName)) {
        const text = ownText(element);
        if (text.length > 1 && text.length < 120) best = Math.max(best, relevance(squeeze(text)));
      }
      if (exact.has(element.localName)) best = Math.max(best, 0.5);
      if (best < 0.3) continue;
      rated.push([best - 0.02 * Math.min(times, 30), i]);
    }
    rated.sort((one, other) => other[0] - one[0] || one[1] - other[1]);
    const most = order.length > limits.shown ? limits.elements / 3 : limits.elements;
    listed = rated.slice(0, most).map(([, i]) => i).sort((one, other) => one - other).map((i) => order[i]);
  }

  const positions = new Map();
  const parentOf = (element) => {
    let node = element.parentNode;
    while (node) {
      if (hosts.has(node)) node = hosts.get(node);
      if (positions.has(node)) return positions.get(node);
      node = node.parentNode;
    }
    return -1;
  };

  const isSecret = (element) => element.localName === 'input' && (element.type === 'password' || element.type === 'hidden');
  const asks = new Map();
  const inLogin = (element) => {
    const form = element.localName === 'form' ? element : element.form || element.closest('form');
    if (!form) return element.localName === 'input' && element.type === 'password';
    if (!asks.has(form)) asks.set(form, form.querySelector('input[type=password]') !== null);
    return asks.get(form);
  };

  const textOf = (element) => {
    if (NO_TEXT.has(element.localName)) return '';
    const own = squeeze(ownText(element));
    if (!element.firstElementChild) return cut(own, limits.text);
    // textContent of a large subtree is as large: only small ones are read whole.
    if (element.getElementsByTagName('*').item(30) || element.querySelector('script, style, textarea')) return cut(own, limits.text);
    return cut(squeeze(cut(element.textContent, 2000)), limits.text);
  };

  const roleOf = (element) => {
    const explicit = element.getAttribute('role');
    if (explicit) return explicit.trim().split(/\s+/)[0].toLowerCase();
    const tag = element.localName;
    if (tag === 'a') return element.hasAttribute('href') ? 'link' : '';
    if (tag === 'input') return isSecret(element) || element.type === 'file' ? '' : INPUTS[element.type] || 'textbox';
    if (tag === 'select') return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
    return ROLES[tag] || '';
  };
  const nameOf = (element, text) => {
    const label = element.getAttribute('aria-label');
    if (label) return label;
    const by = element.getAttribute('aria-labelledby');
    if (by) {
      const names = by.split(/\s+/).slice(0, 3).map((id) => element.getRootNode().getElementById?.(id)?.textContent || '');
      if (names.join('')) return cut(names.join(' '), 500);
    }
    if (element.labels && element.labels.length) return cut(element.labels[0].textContent || '', 500);
    if (element.localName === 'input' && ['submit', 'button', 'reset'].includes(element.type)) return element.value || element.type;
    return element.getAttribute('alt') || text || element.getAttribute('title') || element.getAttribute('placeholder') || '';
  };

  const attributesOf = (element, secret) => {
    const found = {};
    let count = 0;
    for (const { name, value } of element.attributes) {
      if (name === 'id' || name === 'class' || name === 'style' || name.startsWith('on') || count >= 20) continue;
      if (name === 'd' || name === 'srcset' || name === 'integrity' || SECRET_NAME.test(name)) continue;
      if (name === 'value' && (secret || (element.localName === 'input' && !['submit', 'button', 'reset', 'checkbox', 'radio'].includes(element.type)))) continue;
      if (secret && !['type', 'name', 'placeholder', 'autocomplete', 'aria-label', 'data-testid', 'data-test', 'data-test-id', 'data-qa', 'data-cy'].includes(name)) continue;
      if (name.length > 60 || SECRET_QUERY.test(value)) continue;
      found[name] = cut(value, limits.attribute);
      count += 1;
    }
    return found;
  };

  const rows = [];
  for (const element of listed) {
    if ((rows.length & 63) === 0 && performance.now() > end) { complete = false; break; }
    const secret = isSecret(element);
    const text = textOf(element);
    const role = roleOf(element);
    const row = { t: element.localName };
    if (element.id && typeof element.id === 'string') row.i = cut(element.id, limits.attribute);
    const classes = element.getAttribute('class');
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
    if (order.length < limits.shown && !element.checkVisibility({ visibilityProperty: true })) row.h = 1;
    if (secret) row.s = 1;
    if (inLogin(element)) row.l = 1;
    positions.set(element, rows.length);
    rows.push(row);
  }
  return JSON.stringify({ rows, complete });
}
