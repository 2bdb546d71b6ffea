// Whether an element shows, and what hides or disables it. Reads only.
// -- whether it shows, and what hides it ------------------------------------
const styleOf = (element) => getComputedStyle(element);
const UNSHOWN = ['head', 'title', 'meta', 'link', 'base', 'script', 'style', 'template', 'noscript', 'datalist', 'param', 'source', 'track'];
const hiddenBy = (target) => {
  if (tagOf(target) === 'input' && String(target.type).toLowerCase() === 'hidden') return by('type=hidden', target, true);
  const chain = chainOf(target);
  // The outermost that hides is the one that has to be opened.
  let found = null;
  chain.forEach((element, at) => {
    const own = at === 0;
    const style = styleOf(element);
    if (style.display === 'none') {
      let what = 'display: none';
      if (tagOf(element) === 'dialog' && !element.open) what = 'closed dialog';
      else if (element.hasAttribute('popover')) what = 'closed popover';
      else if (element.hasAttribute('hidden')) what = 'hidden attribute';
      else if (UNSHOWN.includes(tagOf(element))) what = `a <${tagOf(element)}> is not rendered`;
      found = by(what, element, own);
    } else if (!own && style.contentVisibility === 'hidden') {
      found = by(tagOf(element) === 'slot' ? 'closed details' : 'content-visibility: hidden', element, own);
    } else if (!own && tagOf(element) === 'details' && !element.open) {
      const summary = element.querySelector(':scope > summary');
      if (!(summary && chain.includes(summary))) found = by('closed details', element, own);
    }
  });
  if (found) return found;
  const seen = styleOf(target).visibility;
  if (seen !== 'visible') {
    let source = target;
    for (const element of chain) {
      if (styleOf(element).visibility !== seen) break;
      source = element;
    }
    return by(`visibility: ${seen}`, source, source === target);
  }
  if (tagOf(target) === 'option' || tagOf(target) === 'optgroup') {
    const list = target.closest('select');
    if (list && !list.multiple && list.size < 2) return by('an option shows in its open list only', list, false);
  }
  if (target.checkVisibility && !target.checkVisibility()) return by('not rendered', target, true);
  return null;
};
// What a script drew in the place of a list, as Select2, Chosen, Tom Select and others do.
const WIDGET = '[class*=select2-container], [class*=chosen-container], [class*=selectize-control], .ts-wrapper, .choices, .nice-select, .selectric, .selectric-wrapper, .bootstrap-select, .dropdown-toggle, .ms-parent, .ss-main, [role=combobox], [aria-haspopup=listbox]';
const widgetOf = (control) => {
  if (tagOf(control) !== 'select') return '';
  const beside = [control.nextElementSibling, control.previousElementSibling, control.parentElement];
  const id = attribute(control, 'id');
  const isOne = (element) =>
    Boolean(element) && isVisible(element) && element !== document.body &&
    (element.matches(WIDGET) || /(^|[-_ ])(select|chosen|dropdown|combobox)/i.test(attribute(element, 'class') || '') || Boolean(id && String(element.id).includes(id)));
  const widget = beside.find(isOne);
  return widget ? selectorOf(widget) : '';
};
// What shows of a box inside of the boxes around it that cut off what does not fit.
const clippedBy = (element) => {
  const box = element.getBoundingClientRect();
  let { left, top, right, bottom } = box;
  let fixed = styleOf(element).position === 'fixed';
  for (const around of chainOf(element).slice(1)) {
    if (fixed || around === document.body || around === document.documentElement) break;
    const style = styleOf(around);
    fixed = style.position === 'fixed';
    if (style.overflow === 'visible' || style.display === 'contents' || style.display === 'inline') continue;
    // What can be scrolled comes into view.
    if (/auto|scroll/.test(style.overflow)) break;
    const frame = around.getBoundingClientRect();
    left = Math.max(left, frame.left);
    top = Math.max(top, frame.top);
    right = Math.min(right, frame.right);
    bottom = Math.min(bottom, frame.bottom);
    if (right - left < 1 || bottom - top < 1) return around;
  }
  return null;
};
const isEmpty = (element) => {
  if (styleOf(element).display === 'contents') {
    return !Array.from(element.childNodes).some((node) => {
      const range = document.createRange();
      range.selectNode(node);
      const box = range.getBoundingClientRect();
      return box.width > 0 && box.height > 0;
    });
  }
  const box = element.getBoundingClientRect();
  return !(box.width > 0 && box.height > 0);
};
const isVisible = (element) =>
  attempt(
    () =>
      !(element.checkVisibility && !element.checkVisibility()) &&
      styleOf(element).visibility === 'visible' &&
      !isEmpty(element),
    false,
  );

// -- the element that the call acts on: a label stands for its control ------
const CONTROL = 'a, input, textarea, button, select, option, optgroup, [role=link], [role=button], [role=checkbox], [role=radio]';
const controlOf = (element) => {
  let control = element;
  if (!element.matches('input, textarea, select') && !element.isContentEditable) {
    control = element.closest('button, [role=button], [role=checkbox], [role=radio]') || element;
  }
  if (!control.matches(CONTROL) && !control.isContentEditable) {
    const label = control.closest('label');
    if (label && label.control) control = label.control;
  }
  return control;
};
const NATIVE = ['button', 'input', 'select', 'textarea', 'option', 'optgroup'];
const ROLES = new Set(
  ('application button composite gridcell group input link menuitem scrollbar separator tab checkbox columnheader ' +
    'combobox grid listbox menu menubar menuitemcheckbox menuitemradio option radio radiogroup row rowheader searchbox ' +
    'select slider spinbutton switch tablist textbox toolbar tree treegrid treeitem').split(' '),
);
const hasRole = (element) => {
  const role = (attribute(element, 'role') || '').trim().toLowerCase().split(/\s+/)[0];
  if (role) return ROLES.has(role);
  return (
    [...NATIVE, 'fieldset', 'details', 'hr', 'tr', 'th'].includes(tagOf(element)) ||
    (['a', 'area'].includes(tagOf(element)) && element.hasAttribute('href'))
  );
};
const disabledBy = (element, original) => {
  const native = NATIVE.includes(tagOf(element));
  if (native && element.hasAttribute('disabled')) return by('disabled attribute', element, element === original);
  if (tagOf(element) === 'option') {
    const group = element.closest('optgroup[disabled]');
    if (group) return by('disabled optgroup', group, false);
  }
  if (native) {
    const fieldset = element.closest('fieldset[disabled]');
    const legend = fieldset && fieldset.querySelector(':scope > legend');
    if (fieldset && !(legend && legend.contains(element))) return by('disabled fieldset', fieldset, false);
  }
  if (hasRole(element)) {
    for (const e of chainOf(element)) {
      const value = (attribute(e, 'aria-disabled') || '').toLowerCase();
      if (value === 'true') return by('aria-disabled', e, e === element);
      if (value === 'false') break;
    }
  }
  for (const e of chainOf(element)) if (e.hasAttribute('inert')) return by('inert', e, e === element);
  // An open modal dialog makes inert all that lies outside of it.
  if (ask.pointer && styleOf(original).pointerEvents === 'none') {
    let source = original;
    for (const e of chainOf(original)) {
      if (styleOf(e).pointerEvents !== 'none') break;
      source = e;
    }
    return by('pointer-events: none', source, source === original);
  }
  return null;
};
const readonlyBy = (element) => {
  if (['input', 'textarea', 'select'].includes(tagOf(element))) {
    return element.hasAttribute('readonly') ? by('readonly attribute', element, true) : null;
  }
  return (attribute(element, 'aria-readonly') || '').toLowerCase() === 'true' ? by('aria-readonly', element, true) : null;
};
const TYPED = ['', 'email', 'number', 'password', 'search', 'tel', 'text', 'url', 'color', 'date', 'time', 'datetime-local', 'month', 'range', 'week'];
const takesText = (element) =>
  (tagOf(element) === 'input' && TYPED.includes(String(element.type).toLowerCase())) ||
  tagOf(element) === 'textarea' ||
  element.isContentEditable;
const editableOf = (element) => {
  const host = element.closest('[contenteditable]');
  return host ? host.isContentEditable : null;
};
