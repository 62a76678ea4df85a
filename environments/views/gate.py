"""The gate before every page of an account: who asks, and what an answer looks like when not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse

from environments.actions.asking import Actor, NotAllowed, actor_for
from environments.queries.accounts import Unseen, account_for

P = ParamSpec("P")
Gated = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]


def in_account(view: Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase]) -> Gated[P]:
    """The view for members of the account that the address names.

    Anonymous people are sent to sign in, strangers get 404, forbidden acts 403.
    """

    @wraps(view)
    def gated(
        request: HttpRequest, account: str, *args: P.args, **more: P.kwargs
    ) -> HttpResponseBase:
        try:
            actor = actor_for(request.user, account_for(request.user, account))  # type: ignore[arg-type]
            return view(request, actor, *args, **more)
        except Unseen as unseen:
            raise Http404 from unseen
        except NotAllowed as forbidden:
            return render(request, "403.html", {"sentence": str(forbidden)}, status=403)

    return login_required(gated)  # type: ignore[return-value]


def page(
    request: HttpRequest, template: str, actor: Actor, status: int = 200, **context: Any
) -> HttpResponse:
    """A page of the account."""
    context = {"account": actor.account, "actor": actor, **context}
    return TemplateResponse(request, template, context, status=status).render()


def part(
    request: HttpRequest, template: str, name: str, actor: Actor, status: int = 200, **context: Any
) -> HttpResponse:
    """The named part of a page for a request that swaps it, else the whole page."""
    swaps = bool(getattr(request, "htmx", False))
    answer = page(request, f"{template}#{name}" if swaps else template, actor, status, **context)
    answer["Vary"] = "HX-Request, Cookie"
    return answer
