"""The project: settings, the queue, the doors of the web server and the runner."""

from releaseclone.celery import queue

__all__ = ["queue"]
