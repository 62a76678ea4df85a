"""From members to a plan: branches chosen, ports known, the pure plan made."""

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Sum

from environments import wiring
from environments.core.names import label
from environments.core.plan import Act, Member, Plan, Surroundings, make_plan, shown
from environments.core.ports import Refs
from environments.core.problems import Problem, error, warning
from environments.core.resolve import (
    Attempt,
    BranchChoice,
    Rule,
    choose_import_branch,
    choose_own_branch,
    ignoring_pattern,
)
from environments.models import (
    Account,
    Application,
    Context,
    Environment,
    HostClaim,
    Namespace,
    PortClaim,
    PublicAddress,
)
from environments.services.members import Source
from environments.services.refs import Answer

PROBE_LABEL = "app-ted0000"
"""Stands for an environment when a domain is asked whether its names resolve."""
_OF_OTHERS = "it belongs to another account"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the namespace is or will be. ``namespace`` None: before creation."""

    account: Account
    context: Context
    domain: str
    namespace: Namespace | None
    namespace_name: str


def setting_of(namespace: Namespace) -> Setting:
    """Where the environments of this namespace run."""
    context = namespace.context
    return Setting(context.account, context, namespace.domain, namespace, namespace.name)


def place_problems(own: Source, setting: Setting) -> Iterator[Problem]:
    """A warning where the namespace has not the context or the domain that its template names."""
    name, template = own.application.name, own.template
    wanted, used = template.context, setting.context.name
    if wanted and wanted != used:
        known = setting.account.contexts.filter(name=wanted).exists()
        problem_id = "context.stays" if known else "context.unknown"
        place = template.place_of("context")
        yield warning(problem_id, place=place, application=name, name=wanted, used=used)
    wanted, used = template.domain, setting.domain
    if wanted and wanted != used:
        problem_id = "domain.stays" if serves(setting.context, wanted) else "domain.unknown"
        place = template.place_of("domain")
        yield warning(problem_id, place=place, application=name, name=wanted, used=used)


def serves(context: Context, wanted: str) -> bool:
    """Whether this is one of the context's domains or below one."""
    return any(wanted == domain or wanted.endswith(f".{domain}") for domain in context.domains)


def choose(
    sources: Sequence[Source],
    *,
    refs: Mapping[int, Refs],
    own: BranchChoice,
    chosen: Mapping[str, str],
) -> dict[str, BranchChoice]:
    """The branch of every member, by application. The environment itself is the last source.

    ``own``: its branch; ``chosen``: branches that a person gave for imports. A source whose
    repository is not in ``refs`` gets no commit.
    """
    importer = sources[-1]
    choices = {importer.application.name: own}
    for source in sources[:-1]:
        if source.entry is None:
            continue
        known = refs.get(source.application.pk)
        name = source.application.name
        if known is None:
            choices[name] = _unasked_import(
                chosen.get(name, ""), source.entry.branch, importing_branch=own.ref
            )
            continue
        choices[name] = choose_import_branch(
            application=name,
            entry=source.entry,
            importing_branch=own.ref,
            given=chosen.get(name, ""),
            template=source.tracking or source.template,
            refs=known,
            importer_file=importer.template.file,
        )
    return choices


def own_choice(source: Source, refs: Refs | None, given: str) -> BranchChoice:
    """The branch of an environment to be; ``given`` "": its template's, else the default."""
    if refs is None:
        tracked = source.template.tracking_branch or source.template.tracking_tag
        if given:
            return unresolved(given, Rule.CHOSEN)
        return unresolved(tracked, Rule.TRACKING if tracked else Rule.DEFAULT)
    return choose_own_branch(
        application=source.application.name, given=given, template=source.template, refs=refs
    )


def _unasked_import(given: str, fixed: str, *, importing_branch: str) -> BranchChoice:
    """The first rule that would have been tried."""
    if given:
        return unresolved(given, Rule.CHOSEN)
    return unresolved(fixed or importing_branch, Rule.FIXED if fixed else Rule.SAME_NAME)


def unresolved(asked: str, rule: Rule) -> BranchChoice:
    """The choice where a repository could not be asked: what was asked for, by which rule."""
    return BranchChoice(ref=asked, is_tag=False, commit=None, rule=rule, trace=(), problems=())


def approved(ref: str, commit: str) -> BranchChoice:
    """The choice of code from outside: a commit that a person let run, whatever its branch says."""
    return BranchChoice(
        ref=ref,
        is_tag=False,
        commit=commit,
        rule=Rule.CHOSEN,
        trace=(Attempt(Rule.CHOSEN, ref, True, "a commit that was approved"),),
        problems=(),
    )


def refs_and_problems(
    sources: Iterable[Source], answers: Mapping[int, Answer]
) -> tuple[dict[int, Refs], tuple[Problem, ...]]:
    """What could be read, and a problem for each repository that did not answer."""
    refs: dict[int, Refs] = {}
    problems: list[Problem] = []
    for source in sources:
        answer = answers[source.application.pk]
        name = source.application.name
        if answer.refs is None:
            problems.append(error("repository.unreadable", application=name, reason=answer.error))
            continue
        refs[source.application.pk] = answer.refs
        if answer.error:
            problems.append(
                warning(
                    "repository.stale",
                    application=name,
                    reason=answer.error,
                    age=round(answer.age),
                )
            )
    return refs, tuple(problems)


def member_of(
    source: Source,
    choice: BranchChoice,
    *,
    act: Act,
    ignored_by: str = "",
    files: Mapping[str, str] | None = None,
    deployment_id: str = "",
) -> Member:
    """The source with its branch, as the plan takes it."""
    return Member(
        application=source.application.name,
        template=source.template,
        variables=source.variables,
        choice=choice,
        env_id=source.env_id,
        environment_name=source.environment_name,
        environment_type=source.environment_type,
        version=source.version_label,
        entry=source.entry,
        act=act,
        ignored_by=ignored_by,
        parameters=source.parameters,
        files=files or {},
        excluded=source.entry.exclude_services if source.entry else (),
        comes=source.environment is None,
        deployment_id=deployment_id,
    )


def act_for(source: Source, choice: BranchChoice) -> tuple[Act, str]:
    """What a setup does with an import, and the pattern that ignores it, if one does."""
    patterns = source.entry.ignore_deployment_refs if source.entry else ()
    pattern = ignoring_pattern(patterns, choice.ref) if choice.ref else None
    if pattern is None:
        return Act.APPLY, ""
    runs = source.environment is not None and source.environment.running_id is not None
    return (Act.KEEP if runs else Act.LEAVE_OUT), pattern


def plan_for(kind: str, members: Sequence[Member], setting: Setting) -> Plan:
    """The plan of these members, hosts that another namespace holds included.

    ``EngineError`` where the context's engine is not available.
    """
    around = _surroundings(setting)
    plan = make_plan(kind=kind, members=members, surroundings=around)
    held = _held_hosts(setting, {host.host for host in plan.hosts})
    if not held:
        return plan
    return make_plan(kind=kind, members=members, surroundings=replace(around, held_hosts=held))


def _held_hosts(setting: Setting, hosts: set[str]) -> dict[str, str]:
    """Who holds which of the hosts, other namespaces only."""
    claims = HostClaim.objects.filter(host__in=hosts).select_related("namespace__context")
    if setting.namespace is not None:
        claims = claims.exclude(namespace=setting.namespace)
    held = {claim.host: _holder(claim, setting.account) for claim in claims}
    public = PublicAddress.objects.filter(host__in=hosts).select_related("application")
    for address in public:
        own = address.application.account_id == setting.account.pk
        held[address.host] = (
            f"it is a public address of {address.application.name}" if own else _OF_OTHERS
        )
    return held


def _surroundings(setting: Setting) -> Surroundings:
    """Everything around the members that the plan depends on, but what others hold."""
    context = setting.context
    account = setting.account
    namespace = setting.namespace
    ports = PortClaim.objects.filter(namespace=namespace) if namespace is not None else ()
    engine = wiring.engine_of(context).traits()
    return Surroundings(
        account_id=str(account.pk),
        namespace=setting.namespace_name,
        context=context.name,
        domains=tuple(context.domains),
        domain=setting.domain,
        engine=engine,
        has_registry=bool(context.pushes_to),
        ingress_scheme=context.entrance.scheme,
        ingress_port=context.entrance.port,
        known_applications=frozenset(
            Application.objects.filter(account=account).values_list("name", flat=True)
        ),
        local_ports={
            (port.workload, port.target_port): port.number for port in ports if port.replica == 0
        },
        processes_elsewhere=_processes_elsewhere(setting),
        process_limit=settings.RELEASECLONE.process_limit,
        names_resolve=_resolves(f"{PROBE_LABEL}.{setting.domain}"),
    )


def _processes_elsewhere(setting: Setting) -> int:
    """How many copies of services other namespaces run on the same kind of engine."""
    living = Environment.objects.filter(
        removed_at__isnull=True,
        namespace__paused_at__isnull=True,
        namespace__context__engine=setting.context.engine,
    )
    others = living.exclude(namespace=setting.namespace) if setting.namespace else living
    return int(others.aggregate(count=Sum("running__processes"))["count"] or 0)


@cache
def _resolves(host: str) -> bool:
    """Whether programs on this machine can call a hosted name; asked once for each domain."""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _holder(claim: HostClaim, account: Account) -> str:
    if claim.namespace.context.account_id != account.pk:
        return _OF_OTHERS
    return f"it leads to {claim.namespace.name}"


def form_of(plan: Plan) -> dict[str, Any]:
    """The plan as pages and the database hold it."""
    return shown(plan, fingerprint=wiring.fingerprint)


def namespace_name(env_id: str, application: str, name: str) -> str:
    """``{env_id}-{application}-{environment name}`` as a label."""
    return label(env_id, application, name)
