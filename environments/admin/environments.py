"""Environments: their texts, and the deployments that are asked for here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from environments.actions import deployments as asks
from environments.actions import environments as acts
from environments.actions import pausing
from environments.actions.asking import Actor, Refused
from environments.actions.drafts import ImportChoice
from environments.admin.editing import ActAdmin, Kept, Section, text_area
from environments.admin.gate import ReadOnly, operator_of, tell
from environments.admin.texts import TEMPLATE, VARIABLES, shown_variables, text_section
from environments.core.template import parse_environment_template
from environments.core.template.model import AppTemplate
from environments.models import (
    DeploymentKind,
    Environment,
    EnvironmentVersion,
    Namespace,
)
from environments.models.deployment import LIVE

IMPORTS, PARAMETERS = "imports", "parameters"
Act = Callable[[HttpRequest, Environment], None]


class ImportsForm(forms.Form):
    """One application a line, with the branch after it where it is fixed."""

    imports = forms.CharField(
        label="",
        required=False,
        widget=text_area(6),
        help_text="One application a line, its branch after it where it is to be fixed: "
        "backend feature-2. Excluded services and ignored refs of those that stay are kept.",
    )
    parallelize = forms.BooleanField(label="Side by side", required=False)
    opened_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def chosen(self, template: AppTemplate) -> tuple[ImportChoice, ...]:
        """The lines as a selection."""
        written = {entry.name: entry for entry in template.app_imports}
        rows = (line.split(maxsplit=1) for line in self.cleaned_data["imports"].splitlines())
        return tuple(
            ImportChoice(
                name,
                branch=branch[0].strip() if branch else "",
                exclude_services=written[name].exclude_services if name in written else (),
            )
            for name, *branch in filter(None, rows)
        )


class ParametersForm(forms.Form):
    """A field for each parameter of the template."""

    opened_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, template: AppTemplate, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for parameter in template.parameters:
            self.fields[f"parameter.{parameter.name}"] = forms.CharField(
                label=parameter.name, required=False, help_text=parameter.description
            )

    def values(self) -> dict[str, str]:
        """What was given, by name; blank ones are left out."""
        return {
            name.removeprefix("parameter."): value
            for name, value in self.cleaned_data.items()
            if name.startswith("parameter.") and value
        }


@admin.register(Environment)
class EnvironmentAdmin(ActAdmin):
    """Environments of all accounts; they are created on the pages and by command."""

    list_display = ("name", "env_id", "application", "branch", "status", "importer", "removed_at")
    list_filter = ("status", "type", "application__account")
    search_fields = ("name", "env_id", "branch", "application__name")
    list_select_related = ("application", "importer")
    actions = ("deploy_setup", "deploy", "pause", "resume", "abort", "delete_environments")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the plan is shown first, on the page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never as a row: the action Delete removes what runs, too."""
        return False

    def facts_of(self, subject: Environment) -> Sequence[tuple[str, str]]:
        """Where it stands."""
        return (
            ("Account", subject.application.account.name),
            ("Application", subject.application.name),
            ("Handle", subject.env_id),
            ("Branch", subject.branch),
            ("Status", subject.get_status_display()),
            ("Namespace", subject.namespace.name),
            ("Version", subject.version),
            ("Imported by", str(subject.importer or "–")),
            ("Owner", subject.owner_name or "–"),
        )

    def sections_of(self, subject: Any, sent: Mapping[str, QueryDict]) -> list[Section]:
        """Template, variables, parameters and imports, each saving a version; none once removed."""
        if subject.removed_at is not None:
            return []
        latest = acts.latest_version(subject)
        number = subject.number
        template = _template_of(latest)
        variables = shown_variables(latest)
        sections = [
            text_section(TEMPLATE, "Environment Template", latest.template, number, sent),
            text_section(VARIABLES, "Environment variables", variables, number, sent),
        ]
        if subject.importer_id is None:
            stored = {
                "imports": "\n".join(
                    f"{entry.name} {entry.branch}".strip() for entry in template.app_imports
                ),
                "parallelize": template.parallelize_app_imports,
                "opened_on": number,
            }
            form = ImportsForm(sent.get(IMPORTS), initial=stored, auto_id="id_imports_%s")
            sections.append(Section(IMPORTS, "App Imports", form))
        if template.parameters:
            given = {f"parameter.{name}": value for name, value in latest.parameters.items()}
            asked = ParametersForm(
                template,
                sent.get(PARAMETERS),
                initial={**given, "opened_on": number},
                auto_id="id_parameters_%s",
            )
            sections.append(Section(PARAMETERS, "Parameters", asked))
        return sections

    def keep(self, request: HttpRequest, subject: Any, section: Section) -> Kept:
        """Save a version, as everywhere."""
        actor = operator_of(request, subject.application.account)
        form, opened_on = section.form, section.form.cleaned_data["opened_on"]
        if isinstance(form, ImportsForm):
            acts.save_imports(
                actor,
                subject,
                imports=form.chosen(_template_of(acts.latest_version(subject))),
                parallelize=form.cleaned_data["parallelize"],
                parameters={},
                opened_on=opened_on,
            )
        elif isinstance(form, ParametersForm):
            acts.save_parameters(actor, subject, values=form.values(), opened_on=opened_on)
        else:
            save = (
                acts.save_variables if section.name == VARIABLES else acts.save_environment_template
            )
            save(actor, subject, text=form.cleaned_data["text"], opened_on=opened_on)
        return Kept(subject, f"Saved as {subject.version}; Deploy Setup brings it.")

    @admin.action(description="Deploy Setup: everything, at the latest versions")
    def deploy_setup(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Ask for a setup of each."""
        self._ask(request, rows, "Deploy Setup", _deploying(DeploymentKind.SETUP))

    @admin.action(description="Deploy: the newest commit, nothing else")
    def deploy(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Ask for a patch of each."""
        self._ask(request, rows, "Deploy", _deploying(DeploymentKind.PATCH))

    @admin.action(description="Pause: no service runs until it is resumed")
    def pause(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Ask for a pause of each."""
        self._ask(request, rows, "Pause", _pause)

    @admin.action(description="Resume what is paused")
    def resume(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Ask for the end of each pause."""
        self._ask(request, rows, "Resume", _resume)

    @admin.action(description="Abort what waits and what runs")
    def abort(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """End the live deployments of each."""
        self._ask(request, rows, "Abort", _abort)

    @admin.action(description="Delete, with all that runs")
    def delete_environments(
        self, request: HttpRequest, rows: QuerySet[Environment]
    ) -> HttpResponse | None:
        """Ask first, then ask for the removal of each."""
        if "confirmed" in request.POST:
            self._ask(request, rows, "Delete", _delete)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Delete environments",
            "rows": rows.select_related("application", "namespace"),
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/delete_environments.html", context)

    def _ask(self, request: HttpRequest, rows: QuerySet[Environment], what: str, act: Act) -> None:
        for row in rows.select_related("application__account", "importer", "namespace"):
            try:
                act(request, row)
            except Refused as refused:
                tell(self, request, f"{what} of {row}", refused)
            else:
                tell(self, request, f"{what} of {row}: asked for", None)
                self.log_change(request, row, what)


def _template_of(version: EnvironmentVersion) -> AppTemplate:
    return parse_environment_template(version.template).template or AppTemplate(file="")


def _actor(request: HttpRequest, environment: Environment) -> Actor:
    return operator_of(request, environment.application.account)


def _deploying(kind: DeploymentKind) -> Act:
    def ask(request: HttpRequest, environment: Environment) -> None:
        asks.deploy(_actor(request, environment), environment, kind)

    return ask


def _pause(request: HttpRequest, environment: Environment) -> None:
    pausing.pause(_actor(request, environment), environment)


def _resume(request: HttpRequest, environment: Environment) -> None:
    pausing.resume(_actor(request, environment), environment)


def _abort(request: HttpRequest, environment: Environment) -> None:
    live = environment.deployments.filter(status__in=LIVE).order_by("pk")
    for deployment in live.select_related("part_of", "environment", "namespace"):
        asks.abort(_actor(request, environment), deployment)


def _delete(request: HttpRequest, environment: Environment) -> None:
    acts.delete_environment(_actor(request, environment), environment)


@admin.register(EnvironmentVersion)
class EnvironmentVersionAdmin(ReadOnly, admin.ModelAdmin[EnvironmentVersion]):
    """What was saved."""

    list_display = ("environment", "number", "change", "saved_by_name", "saved_at")
    list_filter = ("environment__application__account",)
    list_select_related = ("environment",)
    search_fields = ("environment__name", "environment__env_id")
    fields = (
        *("environment", "number", "change", "saved_by_name", "saved_at"),
        *("parameters", "import_parameters", "text", "values"),
    )

    @admin.display(description="template")
    def text(self, version: EnvironmentVersion) -> SafeString:
        """The Environment Template."""
        return format_html("<pre>{}</pre>", version.template)

    @admin.display(description="variables")
    def values(self, version: EnvironmentVersion) -> SafeString:
        """The variables, secrets without their values."""
        return format_html("<pre>{}</pre>", shown_variables(version))


@admin.register(Namespace)
class NamespaceAdmin(ReadOnly, admin.ModelAdmin[Namespace]):
    """Where environments run together."""

    list_display = ("name", "context", "domain", "ended_at")
    list_select_related = ("context__account",)
    search_fields = ("name",)
