"""Asking for contexts: where the environments of an account run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from environments import wiring
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.names import is_label
from environments.core.problems import Problem, error
from environments.core.sockets import is_address
from environments.models import Account, Context, Environment, Namespace, RegistryLogin
from environments.queries.contexts import found_sockets, known_clusters

CONTAINER_ENGINES = ("docker",)
"""Those that are reached at a socket."""
CLUSTER_ENGINES = ("kubernetes",)
"""Those that are one of the clusters which the installation knows."""
_REGISTRY = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?")
_IMAGE_PATH = re.compile(
    r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
)
_USUAL_PORTS = {"http": 80, "https": 443}
_PORTS = 2**16
_DOMAIN_LIMIT = 200
"""What a service's label in front of it leaves of a host name."""


@dataclass(frozen=True, slots=True)
class ContextDraft:
    """A context as it is wanted; the first of ``domains`` is the one that is used."""

    name: str
    engine: str
    domains: tuple[str, ...]
    is_default: bool
    socket: str = ""
    """Of an engine that runs containers."""
    pushes_to: str = ""
    cluster: str = ""
    """By its name in the kubeconfig of the installation; "" is the current one."""
    ingress_class: str = ""
    public_scheme: str = "http"
    public_port: int | None = None
    """How a cluster's hosted names are reached; None: at the usual port."""
    tls_secret: str = ""

    @property
    def configuration(self) -> dict[str, Any]:
        """What the engine is made with."""
        if self.engine in CONTAINER_ENGINES:
            return {"socket": self.socket}
        if self.engine not in CLUSTER_ENGINES:
            return {}
        tls = self.public_scheme == "https"
        return {
            "cluster": self.cluster,
            "ingress_class": self.ingress_class,
            "tls": tls,
            "tls_secret": self.tls_secret if tls else "",
        }

    @property
    def entrance(self) -> tuple[str, int | None]:
        """``public_scheme`` and ``public_port`` of the context."""
        if self.engine not in CLUSTER_ENGINES:
            return "", None
        return self.public_scheme, self.public_port or _USUAL_PORTS[self.public_scheme]


def proposed_context() -> ContextDraft:
    """The context of a container engine that was found on this machine, ready to be saved.

    ``Refused`` with the places where one was looked for.
    """
    for socket in found_sockets():
        return ContextDraft(
            name="docker",
            engine="docker",
            domains=(settings.RELEASECLONE.domain,),
            is_default=True,
            socket=socket,
        )
    raise Refused(
        error("context.not-found", places=", ".join(settings.RELEASECLONE.container_sockets))
    )


def first_context(account: Account) -> Context:
    """What an account begins with, not saved: this machine, or the cluster that is known."""
    here = "process" in settings.ENGINES or "kubernetes" not in settings.ENGINES
    draft = ContextDraft(
        name="local" if here else "cluster",
        engine="process" if here else "kubernetes",
        domains=(settings.RELEASECLONE.domain,),
        is_default=True,
        public_scheme=settings.RELEASECLONE.ingress_scheme,
    )
    return _filled(Context(account=account), draft)


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
            _filled(context, draft).save()
            note(actor, f"{act} the context {draft.name}")
    except IntegrityError as taken:  # by somebody who was faster
        raise Refused(
            error("context.taken", account=actor.account.name, name=draft.name)
        ) from taken


def _filled(context: Context, draft: ContextDraft) -> Context:
    """The context, as the draft wants it."""
    context.name, context.engine = draft.name, draft.engine
    context.configuration = draft.configuration
    context.pushes_to = draft.pushes_to if draft.configuration else ""
    context.public_scheme, context.public_port = draft.entrance
    context.domains, context.is_default = list(draft.domains), draft.is_default
    return context


def _problems(account: Account, context: Context, draft: ContextDraft) -> Iterator[Problem]:
    others = account.contexts.exclude(pk=context.pk)
    if not is_label(draft.name):
        yield error("context.name", name=draft.name)
    elif others.filter(name=draft.name).exists():
        yield error("context.taken", account=account.name, name=draft.name)
    if draft.engine not in settings.ENGINES:
        known = ", ".join(settings.ENGINES) or "none"
        yield error("context.engine", engine=draft.engine, known=known)
    elif context.pk and (draft.engine, draft.configuration) != (
        context.engine,
        context.configuration,
    ):
        yield from _in_use(context)
    if draft.engine in CONTAINER_ENGINES and not is_address(draft.socket):
        yield error("context.socket", socket=draft.socket)
    if draft.configuration and draft.pushes_to and not _IMAGE_PATH.fullmatch(draft.pushes_to):
        yield error("context.registry", registry=draft.pushes_to)
    if draft.engine in CLUSTER_ENGINES:
        yield from _cluster_problems(draft)
    for domain in draft.domains or ("",):
        if len(domain) > _DOMAIN_LIMIT or not all(map(is_label, domain.split("."))):
            yield error("context.domains", domain=domain)
    if not draft.is_default and not others.filter(is_default=True).exists():
        yield error("context.default", account=account.name, name=draft.name)


def _cluster_problems(draft: ContextDraft) -> Iterator[Problem]:
    known = known_clusters()
    if draft.cluster and draft.cluster not in known:
        yield error("context.cluster", cluster=draft.cluster, known=", ".join(known) or "none")
    for name in filter(None, (draft.ingress_class, draft.tls_secret)):
        if not is_label(name):
            yield error("context.object-name", name=name)
    if draft.public_port is not None and not 0 < draft.public_port < _PORTS:
        yield error("context.port", port=draft.public_port)


def _in_use(context: Context) -> Iterator[Problem]:
    """Whether environments run there, by their names."""
    living = Environment.objects.filter(namespace__context=context, removed_at__isnull=True)
    names = list(living.order_by("name").values_list("name", flat=True)[:10])
    if names:
        yield error("context.in-use", name=context.name, environments=", ".join(names))


def save_login(
    actor: Actor, context: Context, *, registry: str, username: str, password: str
) -> None:
    """Keep how the context signs in to a registry; without a password the one before stays."""
    require_owner(actor, "change contexts")
    login = context.registry_logins.filter(registry=registry).first()
    known = login is not None
    if not _REGISTRY.fullmatch(registry) or not username or not (password or known):
        raise Refused(error("context.login", registry=registry))
    login = login or RegistryLogin(context=context, registry=registry)
    login.username = username
    if password:
        login.password = wiring.seal(password, belongs_to=login.seal_name)
    with transaction.atomic():
        login.save()
        note(actor, f"let the context {context.name} sign in to {registry} as {username}")


def remove_login(actor: Actor, context: Context, registry: str) -> None:
    """Forget how the context signs in to a registry."""
    require_owner(actor, "change contexts")
    with transaction.atomic():
        count, _ = context.registry_logins.filter(registry=registry).delete()
        if not count:
            raise Refused(error("context.no-login", name=context.name, registry=registry))
        note(actor, f"let the context {context.name} not sign in to {registry} any more")


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
