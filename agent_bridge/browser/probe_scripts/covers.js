// What receives a click in the place of an element. Reads only.
// -- what receives the click ------------------------------------------------
const pointOf = (element) => {
  const box = element.getBoundingClientRect();
  if (ask.position) {
    return [box.left + element.clientLeft + ask.position[0], box.top + element.clientTop + ask.position[1]];
  }
  // The middle of what is in the viewport of its first box, as Playwright picks it.
  const first = Array.from(element.getClientRects()).find((r) => r.width > 0.99 && r.height > 0.99) || box;
  const middle = (low, high, limit) => (Math.max(0, Math.min(low, limit)) + Math.max(0, Math.min(high, limit))) / 2;
  return [middle(first.left, first.right, innerWidth), middle(first.top, first.bottom, innerHeight)];
};
const isInViewport = ([x, y]) => x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
const isOutside = (element) => {
  const box = element.getBoundingClientRect();
  const seen = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  if (seen) return false;
  if (chainOf(element).some((e) => styleOf(e).position === 'fixed')) return true;
  // No scrolling goes left of or above the origin of the document.
  return box.right + scrollX <= 0 || box.bottom + scrollY <= 0;
};
const hitAt = ([x, y]) => {
  let hit = document.elementFromPoint(x, y);
  for (let depth = 0; hit && hit.shadowRoot && depth < 20; depth++) {
    const inner = hit.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
};
const namesOf = (element) =>
  ['id', 'class', 'role', 'aria-label', 'aria-labelledby', 'title', 'name', 'data-testid'].map((name) => attribute(element, name) || '').join(' ');
const MEANINGFUL = /cookie|consent|gdpr|ccpa|cmp|onetrust|didomi|usercentrics|privacy|modal|popup|pop-up|overlay|dialog|lightbox|backdrop|banner|drawer|newsletter|paywall/i;
const isMeaningful = (element) =>
  tagOf(element) === 'dialog' || /dialog/.test(attribute(element, 'role') || '') || MEANINGFUL.test(clean(namesOf(element), 300));
const outermost = (hit, target) => {
  const around = new Set(chainOf(target));
  const own = chainOf(hit).filter((element) => !around.has(element) && element !== document.body && element !== document.documentElement);
  if (!own.length) return hit;
  const placed = (element) => ['fixed', 'absolute', 'sticky'].includes(styleOf(element).position);
  const last = (list) => list[list.length - 1];
  return last(own.filter(isMeaningful)) || last(own.filter(placed)) || own[0];
};
const CLOSES = /^(?:accept|agree|allow|ok\b|okay|got it|understood|i understand|continue|close|dismiss|no,? thanks|not now|later|maybe later|skip|cancel|reject|decline|deny|refuse|only necessary|necessary only|save|confirm|akzeptieren|alle akzeptieren|zustimmen|annehmen|ablehnen|schlie(?:ß|ss)en|verstanden|einverstanden|nein|accepter|tout accepter|j'accepte|refuser|fermer|continuer sans|aceptar|rechazar|cerrar|acepto|accetta|rifiuta|chiudi|aceitar|recusar|fechar|accepteren|akkoord|weigeren|sluiten|godkänn|godta|accepter|acceptér|afvis|hyväksy|akceptuj|zgadzam|odrzuć|zamknij|принять|соглас|закрыть|отклонить|同意|接受|关闭|拒否|閉じる|동의|닫기|[×✕✖⨯xX]$)/i;
const FIRST = /accept|agree|allow|ok\b|got it|understood|akzept|zustimm|verstanden|einverstanden|accepter|acept|accett|aceitar|akkoord|godk|godta|hyväksy|akcept|zgadzam|принять|соглас|同意|接受|동의/i;
const wordsOf = (control) =>
  clean(control.innerText || attribute(control, 'value') || '', 40) || clean(attribute(control, 'aria-label') || attribute(control, 'title'), 40);
// The selector is empty where all of the document is meant, null where there is none.
const closersIn = (cover, coverSelector) => {
  const roots = [cover];
  const found = [];
  for (let root; (root = roots.shift()) && found.length < CONTROLS; ) {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
      if (element.matches('button, [role=button], a, input[type=button], input[type=submit], [aria-label], [class*=close i]')) found.push(element);
      if (found.length >= CONTROLS) break;
    }
  }
  const shown = [];
  for (const control of found) {
    if (!isVisible(control) || control.matches('section, div:not([role=button]):not([class*=close i]), dialog, form, nav')) continue;
    const text = wordsOf(control);
    const label = clean(attribute(control, 'aria-label'), 40);
    const named = CLOSES.test(text) ? text : CLOSES.test(label) ? label : '';
    const looks = /(^|[-_ ])(close|dismiss)([-_ ]|$)/i.test(clean(namesOf(control), 200));
    if (!named && !looks) continue;
    const tag = tagOf(control);
    let selector = selectorOf(control);
    const inner = clean(control.innerText, 60);
    const root = control.getRootNode();
    if (inner && inner.length <= 30 && root === cover.getRootNode() && coverSelector !== null && !inner.includes('\\')) {
      const twins = Array.from(cover.querySelectorAll(tag)).filter((e) => clean(e.textContent, 400).toLowerCase().includes(inner.toLowerCase()));
      if (twins.length === 1 && inner.length > 1) selector = `${coverSelector} ${tag}:has-text(${quoted(inner)})`.trim();
    }
    const rank = (FIRST.test(named) ? 0 : named ? 1 : 2) + (tag === 'button' || attribute(control, 'role') === 'button' ? 0 : 0.5);
    shown.push({ text: named || text || 'close', selector, rank });
  }
  shown.sort((a, b) => a.rank - b.rank);
  return shown.slice(0, CLOSERS).map(({ text, selector }) => ({ text, selector }));
};
// -- what of it stays, however long one waits -------------------------------
const isIn = (box, [x, y]) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
// A pseudo-element that is laid over something: the card whose link is stretched over all of it.
const pseudoOf = (hit, target, point) => {
  if (!hit.contains(target) && Array.from(hit.getClientRects()).some((box) => isIn(box, point))) return '';
  const isLaid = (name) => {
    const style = getComputedStyle(hit, name);
    return !['none', 'normal'].includes(style.content) && ['absolute', 'fixed'].includes(style.position);
  };
  return ['::after', '::before'].find(isLaid) || '';
};
const BAR = 'header, nav, footer, [role=banner], [role=navigation], [role=toolbar], [role=contentinfo]';
const isBar = (cover) => {
  const pinned = chainOf(cover).find((element) => ['fixed', 'sticky'].includes(styleOf(element).position));
  if (!pinned) return false;
  if (cover.closest(BAR)) return true;
  const box = pinned.getBoundingClientRect();
  return box.width > 0.8 * innerWidth && box.height < 0.4 * innerHeight && (box.top <= 1 || box.bottom >= innerHeight - 1);
};
const BUSY = /(^|[-_ ])(loading|loader|spinner|preloader|throbber|progress|blockui|busy)(?=$|[-_ ])/i;
// Of what stands around the target only its own name counts: what else is in it may be at work on its own.
const isBusy = (cover, isAround) =>
  BUSY.test(clean(namesOf(cover), 300)) || attribute(cover, 'aria-busy') === 'true' ||
  (!isAround && Array.from(cover.querySelectorAll('*')).slice(0, 100).some(
    (element) =>
      attribute(element, 'aria-busy') === 'true' ||
      (attribute(element, 'role') === 'progressbar' && !attribute(element, 'aria-valuenow')) ||
      (!element.matches('button, a, input') && BUSY.test(attribute(element, 'class') || '')),
  ));
const reaches = (target, point) => {
  const hit = isInViewport(point) && hitAt(point);
  const reached = target.matches('input, textarea, select') ? target : target.closest('button, [role=button], a, [role=link]') || target;
  return Boolean(hit) && (chainOf(hit).includes(reached) || chainOf(hit).includes(target));
};
// A place in the element that the click would reach, the nearest to its middle.
const freePlace = (target) => {
  const box = target.getBoundingClientRect();
  const places = [];
  for (const across of [0.5, 0.3, 0.7, 0.1, 0.9]) {
    for (const down of [0.5, 0.2, 0.8]) places.push([Math.round(box.width * across), Math.round(box.height * down)]);
  }
  if (target.getPointAtLength) {
    // A line is where it is drawn, seldom in the middle of its box.
    const [length, way] = [target.getTotalLength(), target.getScreenCTM()];
    for (const share of [0.5, 0.25, 0.75, 0.1, 0.9]) {
      const point = target.getPointAtLength(length * share).matrixTransform(way);
      places.push([Math.round(point.x - box.left), Math.round(point.y - box.top)]);
    }
  }
  places.sort((a, b) => Math.hypot(a[0] - box.width / 2, a[1] - box.height / 2) - Math.hypot(b[0] - box.width / 2, b[1] - box.height / 2));
  const at = ([x, y]) => [box.left + x, box.top + y];
  const place = places.find((offset) => reaches(target, at(offset)));
  return place ? [Math.max(0, place[0] - target.clientLeft), Math.max(0, place[1] - target.clientTop)] : null;
};
const coverOf = (target, control) => {
  const whole = target.getBoundingClientRect();
  if (whole.right <= 0 || whole.bottom <= 0 || whole.left >= innerWidth || whole.top >= innerHeight) return null;
  const point = pointOf(target);
  if (reaches(target, point)) return null;
  const hit = isInViewport(point) ? hitAt(point) : null;
  if (ask.position && !isIn(whole, point)) {
    const there = hit || document.documentElement;
    return { selector: selectorOf(there), markup: markupOf(there), tag: tagOf(there), missed: [whole.width, whole.height] };
  }
  if (!hit) return null;
  const chain = chainOf(hit);
  const label = hit.closest('label');
  const pseudo = attempt(() => pseudoOf(hit, target, point), '');
  const cover = pseudo ? hit : label && !label.contains(target) ? label : outermost(hit, target);
  const free = attempt(() => freePlace(target), null);
  if (cover === document.documentElement || cover === document.body) {
    return { selector: tagOf(cover), markup: markupOf(cover), tag: tagOf(cover), free };
  }
  const selector = selectorOf(cover);
  const isAround = chainOf(target).includes(cover);
  let closers = isAround ? [] : attempt(() => closersIn(cover, selector || null), []);
  const DIALOGS = '[role=dialog], [role=alertdialog], [aria-modal=true], dialog[open], .modal';
  let modal =
    chain.some((e) => attribute(e, 'aria-modal') === 'true' || (tagOf(e) === 'dialog' && e.open)) ||
    Array.from(cover.querySelectorAll(DIALOGS)).some(isVisible);
  const box = cover.getBoundingClientRect();
  const isBackdrop = !isAround && (box.width * box.height > 0.6 * innerWidth * innerHeight || /backdrop|overlay|scrim|mask/i.test(namesOf(cover)));
  if (!closers.length && isBackdrop) {
    // It often stands beside its dialog, not around it.
    for (const dialog of document.querySelectorAll(DIALOGS)) {
      if (!isVisible(dialog) || dialog.contains(target)) continue;
      modal = true;
      closers = attempt(() => closersIn(dialog, selectorOf(dialog) || null), []);
      if (closers.length) break;
    }
  }
  const FRAMES = ['iframe', 'frame'];
  const frame = chain.find((e) => FRAMES.includes(tagOf(e))) || (isAround ? null : Array.from(cover.querySelectorAll('iframe')).find(isVisible));
  const link = hit.closest('a[href], button, [role=button], [role=link]');
  return {
    selector,
    markup: markupOf(cover),
    tag: tagOf(cover),
    role: attribute(cover, 'role') || '',
    names: clean([...new Set([...chain.slice(0, chain.indexOf(cover) + 1), ...(frame ? [frame] : [])])].map(namesOf).join(' '), TEXT),
    text: clean(cover.innerText, TEXT),
    modal,
    label: Boolean(label && (label.control === target || label.control === control)),
    closers,
    url: frame && chain.includes(frame) ? clean(frame.src, 300) : '',
    frame: frame ? selectorOf(frame) : '',
    around: isAround,
    pseudo,
    link: Boolean(link) && !link.contains(target) && link.contains(cover),
    bar: attempt(() => isBar(cover), false),
    busy: attempt(() => isBusy(cover, isAround), false),
    free,
  };
};
