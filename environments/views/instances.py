"""One instance: what it prints, what its run before printed, and a terminal in it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from environments.actions.asking import (
    Actor,
    may_open_terminals,
    require_log_reader,
    require_terminal_opener,
)
from environments.actions.terminals import SHELLS
from environments.queries import environments as reads
from environments.queries import instances as instances_reads
from environments.services.rendering import masker_of
from environments.views.environments import common
from environments.views.gate import in_account, page, part


@require_safe
@in_account
def log(request: HttpRequest, actor: Actor, env_id: str, instance: str) -> HttpResponse:
    """Its last lines and, asked for by the page itself, those after them; or those of the run
    before."""
    environment = reads.environment_of(actor.account, env_id)
    require_log_reader(actor, environment)
    masker = masker_of(environment.namespace)
    previous = request.GET.get("run") == "previous"
    if previous:
        found = instances_reads.previous_log_of(environment, instance, masker=masker)
    else:
        after = request.GET.get("after", "")
        found = instances_reads.log_of(environment, instance, masker=masker, after=after)
    return part(
        request,
        "environments/log.html",
        "more",
        actor,
        instance=instance,
        log=found,
        previous=previous,
        limit=instances_reads.LOG_LINES,
        terminals=may_open_terminals(actor, environment)
        and instances_reads.has_terminals(environment),
        **common(actor, environment, "details"),
    )


@require_safe
@in_account
def terminal(request: HttpRequest, actor: Actor, env_id: str, instance: str) -> HttpResponse:
    """The page of a terminal, which opens a websocket at its own address."""
    environment = reads.environment_of(actor.account, env_id)
    require_terminal_opener(actor, environment)
    shell = request.GET.get("shell", "")
    return page(
        request,
        "environments/terminal.html",
        actor,
        instance=instance,
        error=instances_reads.terminal_error(
            environment, instance, masker=masker_of(environment.namespace)
        ),
        shells=SHELLS,
        shell=shell if shell in SHELLS else next(iter(SHELLS)),
        **common(actor, environment, "details"),
    )
