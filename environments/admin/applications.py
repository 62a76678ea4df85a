"""Applications, with the versions of their template and default variables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from environments.actions import applications as acts
from environments.actions import public_addresses
from environments.actions.asking import Refused
from environments.actions.proposing import TemplateUnusable
from environments.admin.editing import ADDING, ActAdmin, Kept, Section, text_area, told
from environments.admin.gate import DeletedByAct, ReadOnly, operator_of
from environments.admin.texts import TEMPLATE, VARIABLES, shown_variables, text_section
from environments.core.problems import Problem
from environments.forms.applications import Registration
from environments.forms.public_addresses import NewAddress, PublicChoice
from environments.models import Account, Application, ApplicationVersion, PublicAddress
from environments.queries import applications as reads
from environments.services import members

PUBLIC, ADDRESS = "public", "address"


class RegistrationForm(Registration):
    """With the account that gets it."""

    account = forms.ModelChoiceField(Account.objects.order_by("name"))
    template = forms.CharField(
        required=False,
        strip=False,
        widget=text_area(18),
        help_text="Blank: the one that the repository has.",
    )
    variables = forms.CharField(
        required=False,
        strip=False,
        widget=text_area(8),
        label="Default variables",
        help_text="Blank: those that the repository has.",
    )
    field_order = ("account", "source", "name", "template", "variables")


@admin.register(Application)
class ApplicationAdmin(ActAdmin):
    """Applications of all accounts."""

    list_display = ("name", "account", "repository_url", "default_branch", "number")
    list_filter = ("account",)
    search_fields = ("name", "repository_url")
    list_select_related = ("account",)

    def facts_of(self, subject: Application) -> Sequence[tuple[str, str]]:
        """What registering fixed."""
        return (
            ("Account", subject.account.name),
            ("Repository", subject.repository_url),
            ("Default branch", subject.default_branch),
            ("Version", f"v{subject.number}"),
            ("Public addresses", ", ".join(map(str, subject.public_addresses.all())) or "none"),
        )

    def sections_of(self, subject: Any, sent: Mapping[str, QueryDict]) -> list[Section]:
        """Register; or the two texts, each saving a version."""
        if subject is None:
            form = RegistrationForm(sent.get(ADDING))
            return [Section(ADDING, "Register an application", form, button="Register")]
        latest = members.latest(subject)
        number = subject.number
        variables = shown_variables(latest)
        return [
            text_section(TEMPLATE, "Application Template", latest.template, number, sent),
            text_section(VARIABLES, "Default environment variables", variables, number, sent),
            *_public_sections(subject, sent),
        ]

    def keep(self, request: HttpRequest, subject: Any, section: Section) -> Kept:
        """Register it, save a version, or lead its public addresses, as everywhere."""
        asked = {**section.form.cleaned_data}
        if isinstance(section.form, PublicChoice):
            environment = section.form.chosen
            public_addresses.lead(operator_of(request, subject.account), subject, environment)
            where = f"to {environment.name}" if environment else "nowhere"
            return Kept(subject, f"The public addresses of {subject.name} lead {where} now.")
        if isinstance(section.form, NewAddress):
            actor, (member, service) = operator_of(request, subject.account), section.form.named
            address = public_addresses.add_address(
                actor, subject, host=asked["host"], member=member, service=service
            )
            return Kept(subject, f"Added {address.host}.")
        if subject is None:
            account = asked.pop("account")
            registered = acts.register_application(operator_of(request, account), **asked)
            made = registered.application
            return Kept(made, f"Registered {made.name} in {account.name}.")
        save = (
            acts.save_default_variables
            if section.name == VARIABLES
            else acts.save_application_template
        )
        actor = operator_of(request, subject.account)
        save(actor, subject, text=asked["text"], opened_on=asked["opened_on"])
        return Kept(subject, f"Saved as v{subject.number}; new environments start from it.")

    def answered(self, section: Section, refused: Refused) -> Section:
        """Where the repository has no template that can be used, with a text to go on from."""
        said = super().answered(section, refused)
        if not isinstance(refused, TemplateUnusable) or not isinstance(said.form, Registration):
            return said
        problems = [*said.problems, *map(told, refused.notes)]
        form = said.form.starting_from(refused.text, refused.variables)
        return replace(said, form=form, problems=problems)

    def kept_by(self, subject: Application) -> Sequence[Problem]:
        """Its living environments come first."""
        return acts.may_delete_application(subject)

    def goes_with(self, subject: Application) -> str:
        """Its versions and its history."""
        going = reads.what_goes_with(subject)
        return (
            f"{going.versions} versions of its template and variables, and the history of "
            f"{going.environments} removed environments with {going.deployments} deployments"
        )

    def delete_model(self, request: HttpRequest, obj: Application) -> None:
        """Forget it."""
        acts.delete_application(operator_of(request, obj.account), obj)


def _public_sections(application: Application, sent: Mapping[str, QueryDict]) -> Iterator[Section]:
    """Add a public address, and lead all of them somewhere."""
    if services := public_addresses.services_of(application):
        form = NewAddress(sent.get(ADDRESS), services=services)
        yield Section(ADDRESS, "Add a public address", form, button="Add")
    if application.public_addresses.exists():
        choice = PublicChoice(
            sent.get(PUBLIC),
            candidates=public_addresses.candidates(application),
            public=application.public_environment,
        )
        yield Section(PUBLIC, "Where its public addresses lead", choice, button="Lead them there")


@admin.register(PublicAddress)
class PublicAddressAdmin(DeletedByAct, ReadOnly, admin.ModelAdmin[PublicAddress]):
    """Public addresses of all accounts; they are added and led on the page of their application."""

    list_display = ("host", "application", "member", "service", "leads_to")
    list_filter = ("application__account",)
    list_select_related = ("application__public_environment",)
    search_fields = ("host", "application__name")
    fields = ("host", "application", "member", "service", "leads_to")

    @admin.display(description="leads to")
    def leads_to(self, address: PublicAddress) -> str:
        """The environment."""
        return str(address.application.public_environment or "nowhere")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By superusers."""
        return self.has_module_permission(request)

    def delete_model(self, request: HttpRequest, obj: PublicAddress) -> None:
        """Let it lead nowhere, and forget it."""
        actor = operator_of(request, obj.application.account)
        public_addresses.remove_address(actor, obj.application, obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PublicAddress]) -> None:
        """Each of them."""
        for address in queryset.select_related("application__account"):
            self.delete_model(request, address)


@admin.register(ApplicationVersion)
class ApplicationVersionAdmin(ReadOnly, admin.ModelAdmin[ApplicationVersion]):
    """What was saved."""

    list_display = ("application", "number", "change", "saved_by_name", "saved_at")
    list_filter = ("application__account",)
    list_select_related = ("application",)
    search_fields = ("application__name",)
    fields = ("application", "number", "change", "saved_by_name", "saved_at", "text", "values")

    @admin.display(description="template")
    def text(self, version: ApplicationVersion) -> SafeString:
        """The Application Template."""
        return format_html("<pre>{}</pre>", version.template)

    @admin.display(description="default variables")
    def values(self, version: ApplicationVersion) -> SafeString:
        """The default variables, secrets without their values."""
        return format_html("<pre>{}</pre>", shown_variables(version))
