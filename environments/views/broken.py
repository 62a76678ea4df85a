"""What a person sees when a request could not be answered."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_AWAY = (OperationalError, InterfaceError)
_AGAIN_AFTER_SECONDS = "5"


def broken(request: HttpRequest) -> HttpResponse:
    """503 and what to do next while the database is away, locked or full; 500 for a bug.

    The pages are whole by themselves: nothing may be asked of a database that does not answer.
    """
    if not isinstance(sys.exc_info()[1], _AWAY):
        return render(None, "500.html", status=500)
    answer = render(None, "503.html", status=503)
    answer["Retry-After"] = _AGAIN_AFTER_SECONDS
    return answer
