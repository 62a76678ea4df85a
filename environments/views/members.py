"""The people of an account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from environments.actions.accounts import add_member, change_role, remove_member
from environments.actions.asking import Actor, Refused
from environments.core.problems import Problem
from environments.forms.accounts import NewMember
from environments.models import Role
from environments.queries.accounts import members_of, membership_of
from environments.views.gate import in_account, page


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def members(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who is in the account; an owner adds people here."""
    form = NewMember(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_member(
                actor,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                role=Role(form.cleaned_data["role"]),
            )
        except Refused as refused:
            return _show(request, actor, form, refused.problems, 422)
        return redirect("members", actor.account.name)
    return _show(request, actor, form, (), 422 if form.errors else 200)


def _show(
    request: HttpRequest,
    actor: Actor,
    form: NewMember,
    problems: tuple[Problem, ...],
    status: int,
) -> HttpResponse:
    return page(
        request,
        "accounts/members.html",
        actor,
        status,
        memberships=members_of(actor.account),
        form=form,
        problems=problems,
        roles=Role.choices,
    )


@require_POST
@in_account
def member(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Change a role, or end a membership."""
    membership = membership_of(actor.account, pk)
    try:
        if request.POST.get("act") == "remove":
            remove_member(actor, membership)
        else:
            change_role(actor, membership, Role(request.POST.get("role", Role.MEMBER)))
    except Refused as refused:
        return _show(request, actor, NewMember(), refused.problems, 422)
    return redirect("members", actor.account.name)
