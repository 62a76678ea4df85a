"""Applications: the list, registering, and who imports whom."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from environments.actions import applications as acts
from environments.actions.asking import Actor, Refused
from environments.actions.proposing import ComposeGiven, TemplateMissing, TemplateUnusable
from environments.core.graph import layout
from environments.core.plan import problem_form
from environments.forms.applications import Registration
from environments.queries import applications as reads
from environments.queries import connections
from environments.views.gate import in_account, page, part


@require_safe
@in_account
def applications(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The account's applications."""
    text = request.GET.get("q", "").strip()
    pages = Paginator(reads.applications_of(actor.account, text), reads.PAGE)
    rows = pages.get_page(request.GET.get("page"))
    form = Registration(auto_id="first_%s")
    return part(request, "applications/list.html", "rows", actor, rows=rows, text=text, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@in_account
def register(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Register a repository, with its own template or a pasted one."""
    form = Registration(request.POST or None)
    if not form.is_valid():
        return _form(request, actor, form, 422 if form.is_bound else 200)
    try:
        registered = acts.register_application(actor, **form.cleaned_data)
    except TemplateUnusable as unusable:
        return _form(
            request, actor, form.starting_from(unusable.text, unusable.variables), 422, unusable
        )
    except Refused as refused:
        return _form(request, actor, form, 422, refused)
    name = registered.application.name
    messages.success(request, f"Registered {name}.")
    return redirect(
        "application-settings" if registered.problems else "environments", actor.account.name, name
    )


@require_safe
@in_account
def repositories(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What of the connected hosts may be registered: asked for by the registration's page."""
    found, error = connections.repositories(actor.account)
    context = {"repositories": found, "error": error}
    return render(request, "applications/repositories.html", context)


def _form(
    request: HttpRequest,
    actor: Actor,
    form: Registration,
    status: int,
    refused: Refused | None = None,
) -> HttpResponse:
    return page(
        request,
        "applications/register.html",
        actor,
        status,
        form=form,
        is_connected=actor.account.git_connections.exists(),
        problems=[problem_form(problem) for problem in refused.problems] if refused else [],
        notes=list(map(problem_form, getattr(refused, "notes", ()))),
        is_composed=isinstance(refused, ComposeGiven),
        is_proposed=isinstance(refused, TemplateMissing),
        is_unusable=isinstance(refused, TemplateUnusable),
    )


@require_safe
@in_account
def graph(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who imports whom in this account."""
    names = list(reads.applications_of(actor.account).values_list("name", flat=True))
    imports = reads.imports_of(actor.account)
    drawn = layout(names, [(one.importer, one.imported) for one in imports if one.is_known])
    return page(request, "applications/graph.html", actor, graph=drawn, imports=imports)
