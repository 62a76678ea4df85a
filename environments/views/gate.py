"""The gate before every page of an account: who asks, and what an answer looks like when not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from environments.actions.asking import Actor, NotAllowed, actor_for
from environments.models import ApplicationVersion
from environments.queries.accounts import Unseen, account_for

P = ParamSpec("P")
Answer = TypeVar("Answer", bound=HttpResponseBase)
_EDITORS = ("text", "template")
STOP_POLLING = 286
"""Status of a live part that will not change any more: the page stops asking. Whole pages that
are asked for with it answer 200."""
Gated = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]


def in_account(view: Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase]) -> Gated[P]:
    """The view for members of the account that the address names.

    Anonymous people are sent to sign in, strangers get 404, forbidden acts 403.
    """

    @wraps(view)
    def gated(
        request: HttpRequest, account: str, *args: P.args, **more: P.kwargs
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return see_other(request, _to_sign_in(request))
        if _has_nul(request):
            raise BadRequest("A field holds the character NUL, which nothing here can have.")
        try:
            actor = actor_for(request.user, account_for(request.user, account))
            return see_other(request, view(request, actor, *args, **more))
        except (Unseen, ApplicationVersion.DoesNotExist) as unseen:
            raise Http404 from unseen  # or it was deleted while its page was made
        except NotAllowed as forbidden:
            return render(request, "403.html", {"sentence": str(forbidden)}, status=403)

    return cast(Gated[P], gated)


def _has_nul(request: HttpRequest) -> bool:
    """Whether a field holds a NUL, which no database keeps; editors say the line of theirs."""
    return any(
        "\0" in text
        for sent in (request.GET, request.POST)
        for key, values in sent.lists()
        if key not in _EDITORS
        for text in (key, *map(str, values))
    )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and from there back; a part of a page takes the whole page with it."""
    details = _htmx(request)
    if details:
        shown = details.current_url_abs_path or "/"
        return HttpResponseClientRedirect(redirect_to_login(shown).url)
    is_read = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if is_read else "/")


def _htmx(request: HttpRequest) -> HtmxDetails | None:
    """What htmx says about its request; None for a browser's own."""
    details = getattr(request, "htmx", None)
    return details if isinstance(details, HtmxDetails) and details else None


def is_swap(request: HttpRequest) -> bool:
    """Whether the page itself asks, for a part of it: nobody pressed a button then, whatever the
    form that is sent along says."""
    return _htmx(request) is not None


def see_other(request: HttpRequest, answer: Answer) -> Answer:
    """A redirect after a POST as 303: the browser asks for the next page with GET."""
    if request.method == "POST" and answer.status_code == 302:
        answer.status_code = 303
    return answer


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
    wanted = f"{template}#{name}" if is_swap(request) else template
    status = 200 if status == STOP_POLLING and not is_swap(request) else status
    answer = page(request, wanted, actor, status, **context)
    answer["Vary"] = "HX-Request, Cookie"
    return answer
