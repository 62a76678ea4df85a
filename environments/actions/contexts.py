"""Asking for contexts: where the environments of an account run."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.names import is_label
from environments.core.problems import Problem, error
from environments.models import Account, Context, Environment, Namespace

_DOMAIN_LIMIT = 200
"""What a service's label in front of it leaves of a host name."""


@dataclass(frozen=True, slots=True)
class ContextDraft:
    """A context as it is wanted; the first of ``domains`` is the one that is used."""

    name: str
    engine: str
    domains: tuple[str, ...]
    is_default: bool


def save_context(actor: Actor, context: Context, draft: ContextDraft) -> None:
    """Keep a context, new or changed; ``Refused`` with all that stands in the way.

    Environments that exist keep their domain.
    """
    require_owner(actor, "change contexts")
    if problems := tuple(_problems(actor.account, context, draft)):
        raise Refused(*problems)
    act = "changed" if context.pk else "added"
    try:
        with transaction.atomic():
            if draft.is_default:
                actor.account.contexts.exclude(pk=context.pk).update(is_default=False)
            context.account = actor.account
            context.name, context.engine = draft.name, draft.engine
            context.domains, context.is_default = list(draft.domains), draft.is_default
            context.save()
            note(actor, f"{act} the context {draft.name}")
    except IntegrityError as taken:  # by somebody who was faster
        raise Refused(
            error("context.taken", account=actor.account.name, name=draft.name)
        ) from taken


def _problems(account: Account, context: Context, draft: ContextDraft) -> Iterator[Problem]:
    others = account.contexts.exclude(pk=context.pk)
    if not is_label(draft.name):
        yield error("context.name", name=draft.name)
    elif others.filter(name=draft.name).exists():
        yield error("context.taken", account=account.name, name=draft.name)
    if draft.engine not in settings.ENGINES:
        known = ", ".join(settings.ENGINES) or "none"
        yield error("context.engine", engine=draft.engine, known=known)
    elif context.pk and draft.engine != context.engine:
        yield from _in_use(context)
    for domain in draft.domains or ("",):
        if len(domain) > _DOMAIN_LIMIT or not all(map(is_label, domain.split("."))):
            yield error("context.domains", domain=domain)
    if not draft.is_default and not others.filter(is_default=True).exists():
        yield error("context.default", account=account.name, name=draft.name)


def _in_use(context: Context) -> Iterator[Problem]:
    """Whether environments run there, by their names."""
    living = Environment.objects.filter(namespace__context=context, removed_at__isnull=True)
    names = list(living.order_by("name").values_list("name", flat=True)[:10])
    if names:
        yield error("context.in-use", name=context.name, environments=", ".join(names))


def may_delete(context: Context) -> tuple[Problem, ...]:
    """What keeps a context from being deleted."""
    problems = list(_in_use(context))
    removed = Environment.objects.filter(namespace__context=context, removed_at__isnull=False)
    if not problems and (count := removed.count()):
        problems.append(error("context.history", name=context.name, count=count))
    if context.is_default:
        problems.append(error("context.default", account=context.account.name, name=context.name))
    return tuple(problems)


def delete_context(actor: Actor, context: Context) -> None:
    """Forget a context in which nothing has ever run."""
    require_owner(actor, "delete contexts")
    with transaction.atomic():
        list(Context.objects.select_for_update().filter(pk=context.pk))  # nothing new begins
        if problems := may_delete(context):
            raise Refused(*problems)
        Namespace.objects.filter(context=context, members__isnull=True).delete()
        note(actor, f"deleted the context {context.name}")
        context.delete()
