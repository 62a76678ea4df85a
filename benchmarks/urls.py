"""The product's pages, and an empty one of the same stack to compare with."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from environments.actions.asking import Actor
from environments.views.gate import in_account, page
from releaseclone.urls import urlpatterns as pages


@in_account
def empty(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The shell of every page, with nothing in it."""
    return page(request, "base.html", actor)


urlpatterns = [path("<str:account>/empty-page", empty), *pages]
