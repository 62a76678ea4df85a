"""The ASGI door: Django's pages run in a pool of threads, several times faster than as ASGI."""

from a2wsgi import WSGIMiddleware

from releaseclone.wsgi import application as pages

application = WSGIMiddleware(pages, workers=10)  # type: ignore[arg-type]
