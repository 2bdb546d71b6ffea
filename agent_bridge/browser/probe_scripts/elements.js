// What the page shows of the elements that a selector matches, in the order of the
// document. Reads only.
// -- motion -------------------------------------------------------------------
const boxes = () => elements.slice(0, 1).map((element) => attempt(() => element.getBoundingClientRect(), null));
const isMoving = async () => {
  if (!ask.stable || !elements.length) return false;
  const next = () => new Promise((done) => {
    const late = setTimeout(done, 60);
    requestAnimationFrame(() => { clearTimeout(late); done(); });
  });
  let last = boxes()[0];
  for (let looks = 0; looks < 2 && last; looks++) {
    await next();
    const box = boxes()[0];
    if (!box) return false;
    if (['top', 'left', 'width', 'height'].some((side) => box[side] !== last[side])) return true;
    last = box;
  }
  return false;
};

const describe = (element) => {
  const control = attempt(() => controlOf(element), element);
  const labels = attempt(() => Array.from(control.labels || []), []);
  const label = labels.find((e) => e !== element && isVisible(e));
  const list = tagOf(control) === 'select' ? Array.from(control.options) : [];
  const usesControl = ['fill', 'type', 'select_option', 'check', 'uncheck', 'upload'].includes(ask.action);
  const meant = usesControl ? control : element;
  let hidden = attempt(() => hiddenBy(element), null);
  const clip = !hidden && ask.pointer ? attempt(() => clippedBy(element), null) : null;
  if (clip && attempt(() => coverOf(element, control) !== null, false)) hidden = by('overflow: hidden', clip, false);
  const empty = !hidden && attempt(() => isEmpty(element), false);
  return {
    markup: markupOf(element),
    tag: tagOf(meant),
    type: tagOf(meant) === 'input' ? String(meant.type || '').toLowerCase() : '',
    selector: selectorOf(element),
    hidden,
    empty,
    outside: !hidden && attempt(() => isOutside(element), false),
    disabled: attempt(() => disabledBy(control, element), null),
    readonly: attempt(() => readonlyBy(control), null),
    contentEditable: attempt(() => editableOf(control), null),
    takesText: attempt(() => takesText(control), false),
    label: label ? selectorOf(label) : '',
    widget: hidden || empty ? attempt(() => widgetOf(control), '') : '',
    options: list.slice(0, OPTIONS).map((option) => ({
      value: clean(option.value, 80),
      label: clean(option.label, 80),
      disabled: option.disabled || Boolean(option.closest('optgroup[disabled]')),
    })),
    moreOptions: Math.max(0, list.length - OPTIONS),
    multiple: Boolean(meant.multiple),
    cover: ask.pointer && !hidden && !empty ? attempt(() => coverOf(element, control), null) : null,
  };
};

const result = { count: elements.length, visible: 0, element: null, siblings: [] };
if (elements.length) {
  result.visible = elements.slice(0, LOOKED_AT).filter(isVisible).length;
  result.element = describe(elements[0]);
}
if (elements.length > 1) {
  result.siblings = elements.slice(0, SIBLINGS).map((element) => ({
    selector: selectorOf(element),
    markup: markupOf(element),
    visible: isVisible(element),
  }));
}
if (result.element) {
  // Last, because it takes its time, in which the page goes on.
  result.element.moving = await isMoving();
  result.element.detached = !elements[0].isConnected;
}
return result;
