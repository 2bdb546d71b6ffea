// Gives each origin its storage back in its first document, before the page's own scripts run.
(kept) => {
  if (window.top !== window) return;
  const own = kept[location.origin];
  if (!own) return;
  try {
    for (const [storage, items] of [[localStorage, own[0]], [sessionStorage, own[1]]]) {
      if (storage.length) continue;
      for (const [name, value] of items) storage.setItem(name, value);
    }
  } catch {
    // the document may have no storage
  }
}
