// The storage of this document's origin; null when it is as *known* says, or there is none.
(known, limit) => {
  let text;
  try {
    if (window.top !== window || !/^https?:$/.test(location.protocol)) return null;
    text = JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]);
  } catch {
    return null;  // the document may have none: sandboxed, or refused by the browser
  }
  const origin = location.origin;
  if (text.length > limit) return { origin, size: text.length };
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  const mark = `${origin} ${text.length} ${hash}`;
  return mark === known ? { origin, mark } : { origin, mark, text };
}
