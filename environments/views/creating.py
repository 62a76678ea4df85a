"""Create a New Environment, and the App Imports tab: one selector, one plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from environments.actions import deployments as asks
from environments.actions import environments as acts
from environments.actions.asking import Actor, Conflict, Refused, require_editor
from environments.actions.drafts import EnvironmentDraft, think_through
from environments.core.diff import text_difference
from environments.core.plan import difference, problem_form
from environments.core.problems import Problem, error, has_errors
from environments.core.template import merged_template, parse_environment_template
from environments.core.template.model import AppTemplate, ImportEntry
from environments.forms import drafts as forms
from environments.models import Account, Application, DeploymentKind, Environment
from environments.queries import applications as applications_reads
from environments.queries import environments as reads
from environments.services.planning import form_of
from environments.services.refs import known_refs
from environments.views.environments import common
from environments.views.gate import in_account, is_swap, page, part


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def create(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """The form, the plan beside it, and Create."""
    application = applications_reads.application_of(actor.account, name)
    sent = request.POST if request.method == "POST" else request.GET
    draws_anew = _has_other_imports(application, sent)
    draft = forms.draft_from(application, sent, follows_template=draws_anew)
    if _is_asked(request, "create"):
        if draws_anew:  # quicker than the plan: what would come now was never shown
            return _form(request, actor, draft, 422, [error("deploy.digest")], draws_anew=True)
        try:
            digest = request.POST.get("digest", "")
            environment = acts.create_environment(actor, draft, shown_digest=digest)
        except Refused as refused:
            return _form(request, actor, draft, 422, refused.problems)
        return redirect("environment", actor.account.name, environment.env_id)
    return _form(request, actor, draft, 200, (), draws_anew=draws_anew)


def _is_asked(request: HttpRequest, act: str) -> bool:
    """Whether a person pressed the button that does it; a plan that follows never does."""
    return request.POST.get("act") == act and "fix" not in request.POST and not is_swap(request)


def _has_other_imports(application: Application, sent: QueryDict) -> bool:
    """Whether the form was shown for a type whose imports are not those of the type chosen."""
    chosen = sent.get("type", "")
    shown = sent.get("type_shown", chosen)
    if shown == chosen:
        return False
    before, after = (_template_of(application, one) for one in (shown, chosen))
    return _selection_of(before) != _selection_of(after)


def _selection_of(template: AppTemplate) -> tuple[object, ...]:
    entries = [
        (entry.name, entry.branch, tuple(entry.exclude_services)) for entry in template.app_imports
    ]
    return (*entries, template.parallelize_app_imports)


def _form(
    request: HttpRequest,
    actor: Actor,
    draft: EnvironmentDraft,
    status: int,
    refused: Sequence[Problem],
    *,
    draws_anew: bool = False,
) -> HttpResponse:
    """The form with the draft's plan; what was refused is said only if the plan does not."""
    form: dict[str, Any] | None = None
    problems: Sequence[Problem] = refused
    blocked = True
    try:
        drafted = think_through(actor, draft)
    except Refused as wrong:
        problems = wrong.problems
    else:
        form = form_of(drafted.plan)
        # What was refused may be asked for again: of a plan that is shown only now.
        blocked = has_errors(drafted.plan.problems)
        said = {problem.id for problem in drafted.plan.problems}
        problems = [*(one for one in refused if one.id not in said), *drafted.plan.problems]
    template = _template_of(draft.application, draft.type)
    return part(
        request,
        "environments/create.html",
        "plan",
        actor,
        status,
        application=draft.application,
        draft=draft,
        plan=form,
        problems=[problem_form(problem) for problem in problems],
        blocked=blocked,
        draws_anew=draws_anew,
        choices=_choices_in(form),
        rows=_rows(
            draft.application, draft.type, template.app_imports, draft.imports, draft.parameters
        ),
        branches=_branches([draft.application]).get(draft.application.name, ()),
        parameters=[one for one in template.parameters if not one.advanced],
        advanced=[one for one in template.parameters if one.advanced],
        values=draft.parameters.get(draft.application.name, {}),
        parallel=_is_parallel(draft.parallelize, template),
        tab="environments",
    )


def _choices_in(form: dict[str, Any] | None) -> dict[str, Any]:
    """The members of a plan by application: what was chosen for each, and why."""
    return {member["application"]: member for member in form["members"]} if form else {}


def _is_parallel(given: bool | None, template: AppTemplate) -> bool:
    return template.parallelize_app_imports if given is None else given


def _template_of(application: Application, environment_type: str) -> AppTemplate:
    text = applications_reads.version_of(application, application.number).template
    parsed = merged_template(text, environment_type=environment_type, file=application.name)
    return parsed.template or AppTemplate(file=application.name)


def _rows(
    application: Application,
    environment_type: str,
    entries: Sequence[ImportEntry],
    chosen: Sequence[Any] | None,
    values: Mapping[str, Mapping[str, str]],
) -> list[forms.ImportRow]:
    others = _others(application.account, application, environment_type)
    return forms.rows_for(entries, chosen, others, values)


def _others(
    account: Account, application: Application, environment_type: str
) -> list[tuple[str, AppTemplate | None, Sequence[str]]]:
    """Every other application with its template and the branches it has."""
    rows = [one for one in account.applications.all() if one != application]
    branches = _branches(rows)
    texts = applications_reads.latest_templates(account)
    found: list[tuple[str, AppTemplate | None, Sequence[str]]] = []
    for one in rows:
        parsed = merged_template(texts[one.name], environment_type=environment_type, file=one.name)
        found.append((one.name, parsed.template, branches.get(one.name, ())))
    return found


def _branches(applications: Sequence[Application]) -> Mapping[str, Sequence[str]]:
    answers = known_refs(applications)
    return {
        application.name: sorted(answers[application.pk].refs.branches)  # type: ignore[union-attr]
        for application in applications
        if answers[application.pk].refs is not None
    }


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def imports(request: HttpRequest, actor: Actor, env_id: str) -> HttpResponse:
    """The App Imports tab."""
    environment = reads.environment_of(actor.account, env_id)
    if environment.importer is not None:
        top = common(actor, environment, "imports")
        return page(request, "environments/imports_elsewhere.html", actor, **top)
    if _is_asked(request, "save"):
        return _save_imports(request, actor, environment)
    return _imports(request, actor, environment, request.POST, 200)


def _save_imports(request: HttpRequest, actor: Actor, environment: Environment) -> HttpResponse:
    sent = request.POST
    opened_on = sent.get("opened_on", "")
    try:
        acts.save_imports(
            actor,
            environment,
            imports=forms.choices_from(sent) or (),
            parallelize=bool(forms.parallelize_from(sent)),
            parameters=forms.parameters_from(sent),
            opened_on=int(opened_on) if opened_on.isdecimal() else 0,
        )
    except Conflict as conflict:
        return _imports(request, actor, environment, sent, 409, conflict=conflict)
    except Refused as refused:
        return _imports(request, actor, environment, sent, 422, refused=refused.problems)
    return redirect("environment-imports", actor.account.name, environment.env_id)


def _imports(
    request: HttpRequest,
    actor: Actor,
    environment: Environment,
    sent: QueryDict,
    status: int,
    refused: Sequence[Problem] = (),
    conflict: Conflict | None = None,
) -> HttpResponse:
    if request.method == "POST":
        require_editor(actor, environment)
    latest = acts.latest_version(environment)
    parsed = parse_environment_template(latest.template)
    template = parsed.template or AppTemplate(file="")
    chosen = forms.choices_from(sent)
    parallel = forms.parallelize_from(sent)
    text = latest.template
    problems = list(refused)
    if chosen is not None:
        try:
            wanted = _is_parallel(parallel, template)
            text = acts.text_with(latest.template, chosen, parallelize=wanted)
        except Refused as wrong:
            problems += wrong.problems
    values = acts.import_parameters_with(environment, forms.parameters_from(sent))
    shown = _shown(environment, text, values, problems)
    rows = _rows_of(environment, template.app_imports, chosen, values)
    top = common(actor, environment, "imports")
    return part(
        request,
        "environments/imports.html",
        "plan",
        actor,
        status,
        version=latest,
        unsaved=chosen is not None and text != latest.template,
        choices=_choices_in(shown["plan"]),
        rows=[row for row in rows if top["editable"] or not row.is_other],
        parallel=_is_parallel(parallel, template),
        lines=text_difference(latest.template, text),
        conflict=conflict,
        **shown,
        **top,
    )


def _rows_of(
    environment: Environment,
    entries: Sequence[ImportEntry],
    chosen: Sequence[Any] | None,
    values: Mapping[str, Mapping[str, str]],
) -> list[forms.ImportRow]:
    """The selector's rows; imports that exist are asked for their parameters in their Settings."""
    rows = _rows(environment.application, environment.type, entries, chosen, values)
    there = environment.imported.filter(removed_at__isnull=True)
    existing = set(there.values_list("application__name", flat=True))
    return [replace(row, parameters=()) if row.name in existing else row for row in rows]


def _shown(
    environment: Environment,
    text: str,
    values: Mapping[str, Mapping[str, str]],
    problems: list[Problem],
) -> dict[str, Any]:
    """What Deploy Setup would do with this text, and what changes by it."""
    plan = asks.plan_deployment(
        environment, DeploymentKind.SETUP, template=text, import_parameters=values
    )
    form = form_of(plan)
    return {
        "plan": form,
        "problems": [*map(problem_form, problems), *form["problems"]],
        "changes": difference(environment.running_plan, form),
    }
