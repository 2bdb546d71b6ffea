() => {
  // An element called "title" takes the place of document.title; the prototype's own getters stay.
  const own = (name) => Object.getOwnPropertyDescriptor(Document.prototype, name).get.call(document);
  const all = (selector) => Document.prototype.querySelectorAll.call(document, selector);
  const secrets = [];
  const fields =
    'input[type="password"], input[autocomplete="one-time-code"], input[autocomplete^="cc-"],' +
    'input[type="hidden"][name*="token" i], input[type="hidden"][name*="csrf" i], input[type="hidden"][name*="secret" i]';
  for (const field of [...all(fields)].slice(0, 50)) {
    // What was typed, and what the markup says.
    secrets.push(String(field.value || "").slice(0, 1000), (field.getAttribute("value") || "").slice(0, 1000));
  }
  for (const meta of [...all('meta[name*="token" i], meta[name*="csrf" i]')].slice(0, 50)) {
    secrets.push((meta.getAttribute("content") || "").slice(0, 1000));
  }
  return {
    title: String(own("title")).slice(0, 200),
    readyState: String(own("readyState")),
    secrets: secrets.filter((value) => value.length > 3),
  };
}
