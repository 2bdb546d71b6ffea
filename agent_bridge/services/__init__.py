"""The services of cmdop.browser.v1, one thin servicer each: decode, delegate, encode."""
