"""A small book shop on loopback: something real to scrape in demos, recipes and tests.

Nothing here is imported by the client; ``starlette`` and ``uvicorn`` come in with
``cmdop_browser.demo.site`` and ``cmdop_browser.demo.server``.
"""
