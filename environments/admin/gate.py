"""Who may in the admin site: superusers, who act as operators of the installation."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from environments.actions.asking import Actor, Refused
from environments.core.problems import Problem
from environments.models import Account


def operator_of(request: HttpRequest, account: Account) -> Actor:
    """The signed-in superuser, who may do everything in every account."""
    user = request.user
    if not user.is_authenticated:  # the site lets nobody else in
        raise PermissionDenied
    return Actor(user, user.get_username(), account, None)


class SuperusersOnly:
    """Permissions of a ``ModelAdmin``: everything for superusers, nothing for anybody else."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the index lists it."""
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether it is shown."""
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether it is edited here."""
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether it is made here."""
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether it is deleted here."""
        return self.has_module_permission(request)


class DeletedByAct:
    """A ``ModelAdmin`` whose rows are deleted by an act, which decides what goes and what stays."""

    def kept_by(self, subject: Any) -> Sequence[Problem]:
        """Why it cannot be deleted now; nothing where it can."""
        return ()

    def goes_with(self, subject: Any) -> str:
        """What goes with it, as a sentence."""
        return ""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """What goes, and the button; or back to its page, with what stands in the way."""
        site = cast("admin.ModelAdmin[Any]", self)
        subject = site.get_object(request, unquote(object_id))
        allowed = subject is not None and site.has_delete_permission(request, subject)
        if allowed and (problems := self.kept_by(subject)):
            tell(site, request, f"{subject} stays", Refused(*problems))
            there = f"admin:{site.opts.app_label}_{site.opts.model_name}_change"
            return HttpResponseRedirect(reverse(there, args=[object_id]))
        return super().delete_view(request, object_id, extra_context)  # type: ignore[misc, no-any-return]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """What the page lists; nothing of it needs a permission of its own."""
        return (
            [str(one) for one in objs] + [*filter(None, map(self.goes_with, objs))],
            {},
            set(),
            [],
        )


class ReadOnly(SuperusersOnly):
    """What is kept and never changed by hand."""

    show_full_result_count = False
    list_per_page = 50

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never."""
        return False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never."""
        return False


def tell(
    site: "admin.ModelAdmin[Any]", request: HttpRequest, what: str, refused: Refused | None
) -> None:
    """Say that something was done, or why it was not."""
    if refused is None:
        site.message_user(request, what, messages.SUCCESS)
        return
    for problem in refused.problems:
        site.message_user(request, f"{what}: {problem.message}", messages.ERROR)
