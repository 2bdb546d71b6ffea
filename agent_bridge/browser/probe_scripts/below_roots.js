// The host of an open shadow root in which an XPath matches. XPath itself knows nothing
// of shadow roots, and takes none as its context: it is asked of their children.
const path = xpath.replace(/^\(*\s*\.?\/\//, 'descendant-or-self::').replace(/\)\[\d+\]$/, '');
const roots = [document];
for (let root; (root = roots.shift()); ) {
  for (const element of root.querySelectorAll('*')) {
    if (!element.shadowRoot) continue;
    roots.push(element.shadowRoot);
    for (const child of element.shadowRoot.children) {
      const found = attempt(() => document.evaluate(path, child, null, XPathResult.ANY_UNORDERED_NODE_TYPE, null).singleNodeValue, null);
      if (found) return selectorOf(element);
    }
  }
}
return '';
