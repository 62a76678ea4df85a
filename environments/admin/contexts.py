"""Contexts: where the environments of an account run."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, QueryDict

from environments.actions import contexts as acts
from environments.admin.editing import ADDING, ActAdmin, Kept, Section
from environments.admin.gate import operator_of
from environments.core.problems import Problem
from environments.forms.contexts import ContextForm, fields_of
from environments.models import Account, Context


class NewContextForm(ContextForm):
    """With the account that gets it."""

    account = forms.ModelChoiceField(Account.objects.order_by("name"))
    field_order = ("account", "name")


@admin.register(Context)
class ContextAdmin(ActAdmin):
    """Contexts of all accounts."""

    list_display = ("name", "account", "engine", "first_domain", "is_default")
    list_filter: ClassVar = ("engine",)
    search_fields = ("name", "account__name")
    list_select_related = ("account",)

    @admin.display(description="domain")
    def first_domain(self, context: Context) -> str:
        """The one that new environments get."""
        return str(context.domains[0]) if context.domains else ""

    def facts_of(self, subject: Context) -> Sequence[tuple[str, str]]:
        """A context stays in its account."""
        return (("Account", subject.account.name),)

    def sections_of(self, subject: Any, sent: Mapping[str, QueryDict]) -> list[Section]:
        """One form."""
        if subject is None:
            return [Section(ADDING, "New context", NewContextForm(sent.get(ADDING)))]
        form = ContextForm(sent.get("context"), initial=fields_of(subject))
        return [Section("context", "Context", form)]

    def keep(self, request: HttpRequest, subject: Any, section: Section) -> Kept:
        """Keep it, as everywhere."""
        context = subject or Context()
        account = context.account if subject else section.form.cleaned_data["account"]
        assert isinstance(section.form, ContextForm)
        acts.save_context(operator_of(request, account), context, section.form.draft())
        return Kept(context, f"Saved the context {context.name} of {account.name}.")

    def kept_by(self, subject: Context) -> Sequence[Problem]:
        """Where environments run or ran, or new ones come by default, it stays."""
        return acts.may_delete(subject)

    def delete_model(self, request: HttpRequest, obj: Context) -> None:
        """Forget it."""
        acts.delete_context(operator_of(request, obj.account), obj)
