"""The people of an account."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from environments.actions.accounts import add_member, change_role, remove_member, set_password
from environments.actions.asking import Actor, Refused, require_owner
from environments.core.problems import Problem
from environments.forms.accounts import NewMember, RoleChange
from environments.models import Membership, Role
from environments.queries.accounts import members_of, membership_of
from environments.views.gate import in_account, page


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def members(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who is in the account; an owner adds people here."""
    form = NewMember(request.POST or None)
    if request.method != "POST":
        return _show(request, actor, form, 200)
    require_owner(actor, "add members")
    if not form.is_valid():
        return _show(request, actor, form, 422)
    try:
        membership = add_member(
            actor,
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password"],
            role=Role(form.cleaned_data["role"]),
        )
    except Refused as refused:
        return _show(request, actor, form, 422, refused.problems)
    messages.success(request, f"Added {membership.user.get_username()}.")
    return redirect("members", actor.account.name)


def _show(
    request: HttpRequest,
    actor: Actor,
    form: NewMember,
    status: int,
    problems: Sequence[Problem] = (),
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
        tab="members",
    )


@require_POST
@in_account
def member(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Change a role, set a password, or end a membership."""
    membership = membership_of(actor.account, pk)
    try:
        done = _ACTS.get(request.POST.get("act", ""), _change)
        messages.success(request, done(request, actor, membership))
    except Refused as refused:
        return _show(request, actor, NewMember(), 422, refused.problems)
    if membership.user_id == actor.user_id and membership.pk is None:
        return redirect("home")
    return redirect("members", actor.account.name)


def _remove(request: HttpRequest, actor: Actor, membership: Membership) -> str:
    remove_member(actor, membership)
    return f"Removed {membership.user.get_username()}."


def _change(request: HttpRequest, actor: Actor, membership: Membership) -> str:
    form = RoleChange(request.POST)
    role = Role(form.cleaned_data["role"]) if form.is_valid() else Role(membership.role)
    change_role(actor, membership, role)
    return f"{membership.user.get_username()} is {role.label} now."


def _set_password(request: HttpRequest, actor: Actor, membership: Membership) -> str:
    set_password(actor, membership, request.POST.get("password", ""))
    name = membership.user.get_username()
    return f"{name} has a new password, and is signed out everywhere."


_ACTS = {"remove": _remove, "password": _set_password}
