"""Accounts with their members, and the people of the installation."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from environments.actions import accounts as acts
from environments.actions.asking import Actor, Refused
from environments.admin.gate import DeletedByAct, SuperusersOnly, operator_of
from environments.core.problems import Problem, error
from environments.models import Account, Membership, Role

admin.site.unregister(Group)
admin.site.unregister(User)


class PersonForm(UserChangeForm[User]):
    """A person's name, and what the person may do."""

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave the installation without a superuser who can sign in."""
        cleaned = super().clean() or self.cleaned_data
        others = User.objects.filter(is_active=True, is_superuser=True).exclude(pk=self.instance.pk)
        stays_one = cleaned.get("is_active") and cleaned.get("is_superuser")
        if not stays_one and not others.exists():
            raise ValidationError(error("person.last-superuser", name=str(self.instance)).message)
        return cleaned


@admin.register(User)
class PersonAdmin(SuperusersOnly, UserAdmin[User]):
    """People are switched off, not deleted: what they did keeps their name."""

    form = PersonForm
    list_display = ("username", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("What the person may do", {"fields": ("is_active", "is_superuser")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: see above."""
        return False


class AccountForm(forms.ModelForm[Account]):
    """The account's name."""

    class Meta:
        model = Account
        fields = ("name",)

    def clean_name(self) -> str:
        """A name that addresses can have and no other account has."""
        name: str = self.cleaned_data["name"]
        if name != self.initial.get("name"):
            _as_form_error(acts.check_account_name, name)
        return name

    def validate_unique(self) -> None:
        """``clean_name`` has said it, with the next step."""


def _as_form_error(check: Any, *arguments: Any) -> None:
    try:
        check(*arguments)
    except Refused as refused:
        raise ValidationError([problem.message for problem in refused.problems]) from refused


class Members(BaseInlineFormSet[Membership, Account, Any]):
    """The account's members; one owner at least stays."""

    def clean(self) -> None:
        """Refuse what would leave the account without an owner."""
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("user") and not form.cleaned_data.get("DELETE")
        ]
        had = self.instance.pk is not None and self.instance.memberships.exists()
        if any(form.instance.pk and "user" in form.changed_data for form in self.forms):
            raise ValidationError("A membership keeps its person: delete it, and add another one.")
        if (kept or had) and not any(row.get("role") == Role.OWNER for row in kept):
            raise ValidationError(error("member.last-owner", account=self.instance.name).message)


class MembersInline(SuperusersOnly, admin.TabularInline[Membership, Account]):
    """Who is in the account, with which role."""

    model = Membership
    formset = Members
    extra = 1
    autocomplete_fields = ("user",)


@admin.register(Account)
class AccountAdmin(SuperusersOnly, DeletedByAct, admin.ModelAdmin[Account]):
    """Accounts: opened with a context, renamed, and closed once they are empty."""

    form = AccountForm
    inlines = (MembersInline,)
    list_display = ("name", "created_at")
    search_fields = ("name",)

    def kept_by(self, subject: Account) -> Sequence[Problem]:
        """Its applications and their environments come first."""
        return acts.may_delete_account(subject)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Open or rename it, as everywhere."""
        if change:
            account = Account.objects.get(pk=obj.pk)
            acts.rename_account(operator_of(request, account), obj.name)
        else:
            obj.pk = acts.open_account(obj.name).pk
            obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Each member by the act of the pages; new owners first, so that one is always there."""
        actor = operator_of(request, formset.instance)
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        formset.save_m2m = lambda: None
        rows = [row for row in formset.forms if row.has_changed() or row in formset.deleted_forms]
        rows.sort(key=lambda row: (_goes(row), row.cleaned_data.get("role") != Role.OWNER))
        for row in rows:
            _save_member(actor, row)

    def delete_model(self, request: HttpRequest, obj: Account) -> None:
        """Close it."""
        acts.delete_account(obj)


def _goes(row: Any) -> bool:
    return bool(row.cleaned_data.get("DELETE"))


def _save_member(actor: Actor, row: Any) -> None:
    membership, role = row.instance, Role(row.cleaned_data["role"])
    if _goes(row):
        if membership.pk:
            acts.remove_member(actor, Membership.objects.get(pk=membership.pk))
    elif membership.pk:
        acts.change_role(actor, Membership.objects.get(pk=membership.pk), role)
    else:
        person = row.cleaned_data["user"].get_username()
        acts.add_member(actor, username=person, password="", role=role)
