// Tells whether the document is there, and which of its resources.
(limit) => {
  const [navigation] = performance.getEntriesByType('navigation');
  return {
    arrived: Boolean(navigation && navigation.responseEnd > 0),
    parsed: Boolean(navigation && navigation.domContentLoadedEventEnd > 0),
    // A resource is listed once it is there, or has failed.
    done: performance.getEntriesByType('resource').slice(-limit).map(({ name }) => name.slice(0, 2000)),
  };
}
