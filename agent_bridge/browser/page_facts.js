// What kind of page this is, as far as it shows: read only, one pass, bounded.
//
// ask.marks: selectors that only pages of a certain kind match
// ask.needles: texts that only their inline scripts have
// ask.milliseconds: how long to read on
//
// Only what is rendered counts as text: templates, closed menus and dialogs say nothing
// about the page. Values of fields are never read.
(ask) => {
  // Layout is not for free, but anything else that looks at the page needs it, too.
  document.documentElement?.getBoundingClientRect();
  const end = performance.now() + ask.milliseconds;
  const isLate = () => performance.now() > end;
  // An element called "title" takes the place of document.title; the prototype's own getters stay.
  const own = (name) => Object.getOwnPropertyDescriptor(Document.prototype, name).get.call(document);
  const all = (selector) => Document.prototype.querySelectorAll.call(document, selector);
  const clean = (text, limit) => String(text || '').slice(0, limit * 3).replace(/\s+/g, ' ').trim().slice(0, limit);
  const attribute = (element, name) => Element.prototype.getAttribute.call(element, name) || '';
  const attempt = (read, otherwise) => { try { return read(); } catch { return otherwise; } };
  const boxOf = (element) => Element.prototype.getBoundingClientRect.call(element);
  const parentOf = (element) => element.assignedSlot || element.parentElement || (element.getRootNode().host ?? null);
  const namesOf = (element) =>
    clean([attribute(element, 'id'), attribute(element, 'class'), attribute(element, 'role'), attribute(element, 'aria-label'), attribute(element, 'title'), attribute(element, 'data-testid')].join(' '), 200);
  const fileOf = (picture) => attribute(picture, 'src').slice(0, 300).split(/[?#]/)[0].split('/').pop();
  const markupOf = (element) => {
    const id = attribute(element, 'id');
    const name = attribute(element, 'class').trim().split(/\s+/)[0];
    return clean(`<${element.localName}${id ? ` id="${id}"` : name ? ` class="${name}"` : attribute(element, 'aria-busy') ? ' aria-busy="true"' : element.localName === 'img' ? ` src="${fileOf(element)}"` : ''}>`, 100);
  };
  const screen = Math.max(1, innerWidth * innerHeight);
  const shareOf = (element) => {
    const box = boxOf(element);
    const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
    const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return width > 0 && height > 0 ? (width * height) / screen : 0;
  };
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: false }) ||
    getComputedStyle(element).display === 'contents';

  // -- one pass over what is rendered ------------------------------------------
  const SKIPPED = new Set(['script', 'style', 'template', 'head', 'link', 'meta', 'datalist', 'option']);
  const CHROME = 'header, nav, footer, [role=banner], [role=navigation], [role=contentinfo]';
  const ASIDE = 'aside, [role=complementary], [class~=sidebar], [id=sidebar]';
  const DIALOG = 'dialog, [role=dialog], [role=alertdialog], [aria-modal=true]';
  const CAPTCHA = '.g-recaptcha, .h-captcha, .cf-turnstile, .grecaptcha-badge, [data-sitekey], .frc-captcha, #px-captcha';
  const BUSY_NAME = /(^|[-_ ])(?:skeletons?|shimmer|spinner|spinners|loader|loading|preloader|throbber|lds|ghost-line|placeholder-glow|placeholder-wave|circularprogress|progress-circular|progress-spinner|loadingspinner)(?=$|[-_ 0-9])/i;
  const BUSY_TAG = /(?:^|-)(?:spinner|skeleton|loader|progress-circular|skeleton-text)$/;
  const HEADING = 'h1, h2, h3, h4, h5, h6, legend, [role=heading]';
  const NAMED = `${HEADING}, a, button, label, select, caption, [role=button]`;
  const RECORD = 'tr, li, article, [role=row], [role=listitem], [role=article]';
  const weights = new Map();
  const fields = [];
  const buttons = [];
  const headings = [];
  const frames = [];
  const busy = [];
  let text = '';
  let noscript = '';
  let isWhole = true;
  let mainLength = 0;
  let chromeLength = 0;
  let mainLinks = 0;
  let media = 0;
  let prose = 0;
  let lastHeading = '';
  // Rows, items and articles: what a page lists.
  const records = [];
  // What the page itself says, piece by piece: not its header, navigation or headings.
  const said = [];
  const weigh = (element, amount) => {
    for (let at = element, depth = 0; at && depth < 60; at = parentOf(at), depth++) weights.set(at, (weights.get(at) || 0) + amount);
  };
  const weightOf = (element) => weights.get(element) || 0;
  const labelOf = (element) => clean((element.innerText || '') || attribute(element, 'value') || attribute(element, 'aria-label') || attribute(element, 'title'), 60);
  const isField = (element) =>
    ['select', 'textarea'].includes(element.localName) ||
    (element.localName === 'input' && !['hidden', 'submit', 'button', 'image', 'reset'].includes(attribute(element, 'type').toLowerCase()));
  const isButton = (element) =>
    element.localName === 'button' || attribute(element, 'role') === 'button' ||
    (element.localName === 'input' && ['submit', 'button', 'image'].includes(attribute(element, 'type').toLowerCase())) ||
    (element.localName === 'a' && /(^|[-_ ])(btn|button)/i.test(attribute(element, 'class')));
  // A picture that another one replaces later stands for that one alone.
  const isBusyPicture = (element) =>
    !Array.from(element.attributes).some(({ name }) => /^data-.*(?:src|original|lazy)/.test(name)) &&
    BUSY_NAME.test(`${attribute(element, 'class')} ${attribute(element, 'id')} ${attribute(element, 'alt')} ${fileOf(element).replace(/\.\w+$/, '')}`);
  const isBusy = (element) => {
    if (attribute(element, 'aria-busy') === 'true') return true;
    const role = attribute(element, 'role');
    if (element.localName === 'progress') return !Element.prototype.hasAttribute.call(element, 'value');
    if (role === 'progressbar') return !attribute(element, 'aria-valuenow');
    if (element.localName === 'img') return isBusyPicture(element);
    if (['a', 'button', 'html', 'body', 'input', 'iframe', 'video'].includes(element.localName)) return false;
    const names = `${attribute(element, 'class')} ${attribute(element, 'id')} ${attribute(element, 'data-testid')}`.slice(0, 300).replace(/([a-z])([A-Z])/g, '$1-$2');
    return BUSY_NAME.test(names) || BUSY_TAG.test(element.localName);
  };

  const readText = (node, where) => {
    const found = node.data.trim();
    if (!found) return;
    const piece = clean(found, 600);
    const around = node.parentElement || node.getRootNode().host;
    weigh(around, piece.length);
    if (where.noscript) { if (noscript.length < 600) noscript += ` ${piece}`; return; }
    if (where.chrome) { chromeLength += piece.length; return; }
    if (where.captcha) return;
    mainLength += piece.length;
    if (text.length < 3000) text += ` ${piece}`;
    if (!where.named && !where.form) prose += piece.length;
    if (!where.heading && !where.aside && said.length < 200) said.push([around, piece]);
  };
  const readElement = (element, where) => {
    const tag = element.localName;
    if (isField(element)) {
      if (!where.captcha && fields.length < 60) {
        const root = element.getRootNode();
        // A link such as "forgot your password" has no bearing; the label has.
        const label = attempt(() => clean(Array.from(element.labels || []).map((l) => l.innerText).join(' '), 60), '');
        fields.push({ element, form: element.form || (root.host ? root : null), where, heading: lastHeading, facts: {
          type: tag === 'input' ? attribute(element, 'type').toLowerCase() || 'text' : tag,
          names: clean(`${attribute(element, 'name')} ${attribute(element, 'id')} ${attribute(element, 'placeholder')} ${attribute(element, 'aria-label')} ${label}`, 160),
          autocomplete: clean(attribute(element, 'autocomplete'), 40).toLowerCase(),
        } });
      }
      weigh(element, 30);
    } else if (isButton(element)) {
      if (!where.captcha && buttons.length < 120) buttons.push({ element, text: labelOf(element), where });
    }
    if (tag === 'a' && !where.chrome && !where.captcha && attribute(element, 'href')) mainLinks += 1;
    if (/^h[12]$/.test(tag) || (attribute(element, 'role') === 'heading')) {
      if (headings.length < 6 && !where.chrome) headings.push(clean(element.innerText, 160));
    }
    if (element.matches(HEADING)) lastHeading = clean(element.innerText, 160);
    if (records.length < 60 && !where.chrome && !where.form && element.matches(RECORD)) records.push(element);
    if (tag === 'iframe') {
      const box = boxOf(element);
      if (frames.length < 30) frames.push({ src: clean(element.src, 300), names: clean(`${attribute(element, 'name')} ${namesOf(element)}`, 200), share: shareOf(element), width: box.width, height: box.height });
    }
    if (['img', 'video', 'canvas', 'object', 'embed', 'picture'].includes(tag)) {
      const box = boxOf(element);
      if (box.width * box.height > 10000) { weigh(element, 30); if (!where.chrome) media += 1; }
    }
    if (busy.length < 60 && !where.chrome && !where.quiet && isBusy(element) && shareOf(element) > 0) busy.push(element);
  };
  const QUIET = 'button, a, video, picture, figure, code, pre, label, [role=button], [class*=example i], [class*=demo i], [class*=preview i], [class*=playground i], [class*=showcase i], [class*=player i], [class*=video i]';
  // One node at a time: a list of all children of a long list would take a tenth of a second to make.
  const stack = own('body') ? [[own('body'), {}]] : [];
  for (let count = 0; stack.length; count++) {
    if (count > ask.nodes || ((count & 63) === 0 && isLate())) { isWhole = false; break; }
    const [node, where] = stack.pop();
    if (node !== own('body') && node.nextSibling) stack.push([node.nextSibling, where]);
    if (node.nodeType === Node.TEXT_NODE) { readText(node, where); continue; }
    let inside = where;
    if (node.nodeType === Node.ELEMENT_NODE) {
      const tag = node.localName;
      if (SKIPPED.has(tag) || (tag === 'noscript' && ask.javascript)) continue;
      if (!isShown(node)) continue;
      readElement(node, where);
      inside = {
        chrome: where.chrome || node.matches(CHROME),
        aside: where.aside || node.matches(ASIDE),
        dialog: where.dialog || node.matches(DIALOG),
        captcha: where.captcha || node.matches(CAPTCHA),
        quiet: where.quiet || node.matches(QUIET),
        noscript: where.noscript || tag === 'noscript',
        heading: where.heading || node.matches(HEADING),
        named: where.named || node.matches(NAMED),
        form: where.form || tag === 'form',
      };
      if (['select', 'textarea', 'svg', 'iframe', 'canvas', 'video', 'audio', 'object'].includes(tag)) continue;
    } else if (node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) continue;
    if (node.firstChild) stack.push([node.firstChild, inside]);
    if (node.shadowRoot) stack.push([node.shadowRoot, inside]);
  }

  // -- forms --------------------------------------------------------------------
  // Fields without a form belong to the smallest box around them that has a button.
  const boxAround = (field) => {
    for (let at = parentOf(field.element), depth = 0; at && depth < 12; at = parentOf(at), depth++) {
      if (buttons.some((button) => at.contains(button.element))) return at;
    }
    return own('body');
  };
  const groups = new Map();
  for (const field of fields) {
    const key = field.form || boxAround(field);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(field);
  }
  const forms = Array.from(groups).slice(0, 12).map(([form, inside]) => {
    const element = form.host || form;
    const isReal = element.localName === 'form';
    const where = inside[0].where;
    return {
      action: isReal ? clean(attribute(element, 'action'), 200) : '',
      names: clean(`${namesOf(element)} ${namesOf(parentOf(element) || element)}`, 300),
      heading: inside[0].heading,
      length: weightOf(element) - 30 * inside.length,
      fields: inside.slice(0, 12).map((field) => field.facts),
      more: Math.max(0, inside.length - 12),
      // From the first field to the last: a login in a bar has all of them in one line.
      height: Math.max(...inside.map((field) => boxOf(field.element).bottom)) - Math.min(...inside.map((field) => boxOf(field.element).top)),
      buttons: buttons.filter((button) => (form.contains ? form.contains(button.element) : false)).slice(0, 10).map((button) => button.text),
      place: where.dialog ? 'dialog' : where.chrome ? 'chrome' : where.aside ? 'aside' : 'main',
    };
  });

  // A row with a field is layout, an item that is only a link is navigation.
  const isRecord = (element) => {
    if (!weightOf(element) || fields.some((field) => element.contains(field.element))) return false;
    const link = element.localName === 'li' && element.querySelector('a');
    return !link || weightOf(element) > weightOf(link);
  };

  // -- what lies over everything ------------------------------------------------
  const hitAt = (x, y) => {
    let hit = document.elementFromPoint(x, y);
    for (let depth = 0; hit && hit.shadowRoot && depth < 10; depth++) {
      const inner = hit.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    return hit;
  };
  const layerOf = (hit) => {
    let layer = null;
    for (let at = hit, depth = 0; at && at !== own('body') && at !== own('documentElement') && depth < 60; at = parentOf(at), depth++) {
      const isTop = at.localName === 'dialog' && attempt(() => at.matches(':modal'), false);
      const style = getComputedStyle(at);
      if (isTop || style.position === 'fixed' || (style.position === 'absolute' && Number(style.zIndex) > 100)) layer = at;
    }
    return layer;
  };
  const mayCover = () => {
    // The first hit test of a document of megabytes takes a second: only where something may be hit.
    const body = own('body');
    if (!body || all('*').length > 30000) return false;
    const near = Array.from(body.children).slice(0, 300);
    const nearer = near.flatMap((child) => Array.from(child.children).slice(0, 20)).slice(0, 400);
    const dialogs = Array.from(all(`${DIALOG}, ${HOSTS}`)).slice(0, 40);
    return [...near, ...nearer, ...dialogs].some((element) => {
      const { position } = getComputedStyle(element);
      return element.matches(HOSTS) || element.localName === 'dialog' || position === 'fixed' || (position === 'absolute' && shareOf(element) > 0.5);
    });
  };
  // Hosts of shadow roots in which dialogs are kept.
  const HOSTS = '[id*=usercentrics i], [id*=consent i], [id*=cookie i], [class*=consent i], [class*=cookie i], [id^=sp_message], [aria-modal=true]';
  const overlay = attempt(() => {
    if (!mayCover()) return null;
    const layers = new Set();
    let points = 0;
    for (const x of [0.1, 0.5, 0.9]) {
      for (const y of [0.1, 0.5, 0.9]) {
        const hit = hitAt(innerWidth * x, innerHeight * y);
        const layer = hit && layerOf(hit);
        if (layer) { layers.add(layer); points += 1; }
      }
    }
    if (!points) return null;
    // A backdrop often stands beside its dialog, not around it.
    for (const layer of Array.from(layers)) {
      if (weightOf(layer) > 20) continue;
      for (const dialog of layer.getRootNode().querySelectorAll(DIALOG)) if (isShown(dialog)) layers.add(dialog);
      for (const beside of Array.from((layer.parentNode || layer).children)) {
        if (weightOf(beside) && isShown(beside) && getComputedStyle(beside).position === 'fixed') layers.add(beside);
      }
    }
    const parts = Array.from(layers);
    const insides = parts.flatMap((part) => {
      const found = [part];
      if (!isLate()) for (const element of Array.from(part.querySelectorAll('*')).slice(0, 2000)) if (element.shadowRoot) found.push(element.shadowRoot);
      if (part.shadowRoot) found.push(part.shadowRoot);
      return found;
    });
    const within = (element) => insides.some((inside) => inside.contains(element));
    const texts = insides.map((inside) => inside.innerText || Array.from(inside.children || []).map((child) => child.innerText || '').join(' '));
    return {
      points,
      names: clean(parts.map((part) => `${namesOf(part)} ${namesOf(part.firstElementChild || part)} ${namesOf(parentOf(part) || part)}`).join(' '), 400),
      markup: markupOf(parts.find((part) => shareOf(part) > 0.8) || parts[0]),
      text: clean(texts.join(' '), 1500),
      buttons: buttons.filter((button) => within(button.element)).slice(0, 15).map((button) => button.text),
      fields: fields.filter((field) => within(field.element)).length,
      frames: parts.flatMap((part) => (part.localName === 'iframe' ? [part] : Array.from(part.querySelectorAll('iframe')))).slice(0, 5)
        .filter((frame) => shareOf(frame) > 0.05).map((frame) => clean(`${frame.src} ${attribute(frame, 'name')} ${namesOf(frame)}`, 400)),
      isModal: parts.some((part) => part.matches('dialog, [aria-modal=true], [role=dialog]') || part.querySelector('[aria-modal=true], [role=dialog], dialog[open]')),
      isLocked: ['hidden', 'clip'].includes(getComputedStyle(own('body')).overflowY) || ['hidden', 'clip'].includes(getComputedStyle(own('documentElement')).overflowY),
    };
  }, null);

  // -- what stands where content will be ----------------------------------------
  const EMPTY = 60;
  const moving = new Set();
  attempt(() => {
    for (const animation of document.getAnimations().slice(0, 500)) {
      const target = animation.effect && animation.effect.target;
      if (target && animation.playState === 'running' && animation.effect.getTiming().iterations === Infinity) moving.add(target);
    }
  });
  const isMoving = (element) => Array.from(moving).some((target) => element === target || element.contains(target));
  const regionOf = (element) => {
    let region = element;
    for (let at = parentOf(element), depth = 0; at && depth < 30; at = parentOf(at), depth++) {
      if (weightOf(at) > EMPTY || at.matches(CHROME) || at.localName === 'html') break;
      region = at;
    }
    return region;
  };
  const regions = new Map();
  for (const element of busy) {
    if (weightOf(element) > EMPTY) continue;
    const region = regionOf(element);
    const entry = regions.get(region) || { markup: '', share: shareOf(region), count: 0, isMoving: false, isBusy: false, isPicture: false, text: '' };
    entry.isMoving ||= isMoving(element);
    entry.isBusy ||= attribute(element, 'aria-busy') === 'true' || attribute(element, 'role') === 'progressbar';
    entry.isPicture ||= element.localName === 'img';
    regions.set(region, entry);
    // A box around others is not one of them.
    if (busy.some((other) => other !== element && element.contains(other))) continue;
    entry.markup ||= markupOf(element);
    entry.count += 1;
  }
  for (const [region, entry] of regions) {
    entry.text = clean(said.filter(([around]) => region.contains(around)).map(([, piece]) => piece).join(' '), EMPTY);
  }
  const waiting = Array.from(regions).filter(([region]) => !Array.from(regions.keys()).some((other) => other !== region && other.contains(region))).map(([, entry]) => entry);

  // -- the rest -----------------------------------------------------------------
  const scripts = Array.from(own('scripts')).slice(0, 80);
  const inline = scripts.map((script) => (attribute(script, 'src') ? '' : script.text.slice(0, 3000))).join('\n');
  const ROOTS = ['#root', '#app', '#__next', '#__nuxt', '#___gatsby', '#svelte', '#q-app', 'app-root', '#app-root', '#application', '[data-reactroot]', '[ng-app]', '[v-cloak]', '[data-server-rendered]'];
  const roots = ROOTS.map((selector) => [selector, all(selector)[0]]).filter(([, element]) => element)
    .map(([selector, element]) => ({ selector, weight: weightOf(element) }));
  const entry = attempt(() => performance.getEntriesByType('navigation')[0], null);
  const refresh = attempt(() => all('meta[http-equiv="refresh" i]')[0], null);
  return {
    url: String(location.href).slice(0, 2000),
    documentUrl: entry ? String(entry.name).slice(0, 2000) : '',
    title: clean(own('title'), 200),
    readyState: String(own('readyState')),
    text: text.trim().slice(0, 3000),
    length: mainLength,
    chromeLength,
    isWhole,
    links: mainLinks,
    media,
    prose,
    records: attempt(() => records.filter(isRecord).length, 0),
    headings: headings.filter(Boolean),
    noscript: clean(noscript || Array.from(all('noscript')).slice(0, 5).map((element) => element.textContent.slice(0, 300)).join(' '), 600),
    buttons: buttons.filter((button) => !button.where.chrome).slice(0, 30).map((button) => button.text),
    forms,
    frames,
    overlay,
    waiting: waiting.slice(0, 10),
    roots,
    scripts: scripts.map((script) => attribute(script, 'src')).filter(Boolean).map((src) => clean(src, 200)),
    needles: ask.needles.filter((needle) => inline.includes(needle)),
    // A check that stands before a page is small.
    marks: isWhole ? ask.marks.filter((selector) => attempt(() => all(selector).length > 0, false)) : [],
    refresh: refresh ? clean(attribute(refresh, 'content'), 200) : '',
  };
}
