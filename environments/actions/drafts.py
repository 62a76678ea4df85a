"""What a person asks for when an environment is to be created, and the plan that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from environments.actions.asking import Actor, Refused, refuse_errors
from environments.core.names import is_label, label
from environments.core.plan import Plan, with_problems
from environments.core.ports import EngineError
from environments.core.problems import Problem, error
from environments.core.resolve import BranchChoice
from environments.core.template.model import ImportEntry
from environments.core.variables.file import withheld
from environments.models import Account, Application, Context, Environment, EnvironmentType
from environments.services import members
from environments.services.handles import free_name
from environments.services.members import Source, Sources
from environments.services.planning import (
    Setting,
    act_for,
    approved,
    choose,
    member_of,
    namespace_name,
    own_choice,
    place_problems,
    plan_for,
    refs_and_problems,
    serves,
)
from environments.services.refs import known_refs


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """One selected import. ``branch`` "": the rules choose. ``chosen_by_person``: the branch
    was given now, not taken over from the template."""

    name: str
    branch: str = ""
    chosen_by_person: bool = False
    exclude_services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentDraft:
    """An environment to be. ``imports`` None: those of the template, as they are written.

    ``parameters``: values by application and parameter name.
    """

    application: Application
    branch: str = ""
    type: str = EnvironmentType.EPHEMERAL
    name: str = ""
    is_production: bool = False
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    imports: tuple[ImportChoice, ...] | None = None
    parallelize: bool | None = None
    labels: tuple[str, ...] | None = None
    """Of the pull request that it is for."""
    approved_commit: str = ""
    """Of code from outside: the commit that a member let run."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft thought through: its members, their branches, the plan with all problems."""

    draft: EnvironmentDraft
    sources: Sources
    choices: Mapping[str, BranchChoice]
    setting: Setting
    plan: Plan

    @property
    def own(self) -> Source:
        """The environment's own application."""
        return self.sources.members[-1]

    @property
    def own_choice(self) -> BranchChoice:
        """The environment's own branch."""
        return self.choices[self.own.application.name]


def entries_for(
    template_entries: tuple[ImportEntry, ...], choices: tuple[ImportChoice, ...]
) -> tuple[ImportEntry, ...]:
    """The entries that a selection makes: what the template says of them is kept."""
    written = {entry.name: entry for entry in template_entries}
    entries: list[ImportEntry] = []
    for choice in choices:
        entry = written.get(choice.name, ImportEntry(name=choice.name))
        entries.append(
            replace(entry, branch=choice.branch, exclude_services=choice.exclude_services)
        )
    return tuple(entries)


def think_through(actor: Actor, draft: EnvironmentDraft) -> Drafted:
    """The draft's members, branches and plan, from refs at most 30 s old. Writes nothing.

    ``Refused`` where there can be no plan: the draft itself is wrong, the application's own
    template cannot be read at all, or the context has no engine.
    """
    _check(draft)
    own = _own_source(draft)
    sources = members.imports_of(
        own, account=actor.account, imported={}, import_parameters=draft.parameters
    )
    answers = known_refs([source.application for source in sources.members])
    refs, unread = refs_and_problems(sources.members, answers)
    chosen_own = own_choice(own, refs.get(own.application.pk), draft.branch)
    if draft.approved_commit:
        chosen_own = approved(draft.branch, draft.approved_commit)
    sources = _named(sources, draft.name or generated_name(actor, chosen_own.ref))
    setting, placed = place_for(actor.account, sources.members[-1])
    chosen = {
        choice.name: choice.branch
        for choice in draft.imports or ()
        if choice.chosen_by_person and choice.branch
    }
    choices = choose(sources.members, refs=refs, own=chosen_own, chosen=chosen)
    planned = []
    for source in sources.members:
        choice = choices[source.application.name]
        act, pattern = act_for(source, choice)
        planned.append(member_of(source, choice, act=act, ignored_by=pattern))
    try:
        plan = plan_for("setup", planned, setting)
    except EngineError as wrong:
        raise Refused(error("engine.off", reason=str(wrong))) from wrong
    plan = with_problems(plan, (*placed, *sources.problems, *unread))
    return Drafted(draft, sources, choices, setting, plan)


def generated_name(actor: Actor, branch: str) -> str:
    """What an environment is called to which nobody gives a name, before ``-2`` and so on."""
    return label(*filter(None, (actor.name, branch)))


def _named(sources: Sources, wanted: str) -> Sources:
    """The members with the names that they will have."""
    named = tuple(
        replace(source, environment_name=free_name(source.application, wanted))
        for source in sources.members
    )
    return replace(sources, members=named)


def _check(draft: EnvironmentDraft) -> None:
    problems: list[Problem] = []
    if draft.type not in EnvironmentType.values:
        problems.append(error("environment.type", type=draft.type))
    if draft.is_production and draft.type != EnvironmentType.PERMANENT:
        problems.append(error("environment.production"))
    if draft.name and not is_label(draft.name):
        problems.append(error("environment.name", name=draft.name))
    elif draft.name and _is_taken(draft):
        problems.append(
            error("environment.taken", application=draft.application.name, name=draft.name)
        )
    if problems:
        raise Refused(*problems)


def _is_taken(draft: EnvironmentDraft) -> bool:
    living = Environment.objects.filter(application=draft.application, removed_at__isnull=True)
    return living.filter(name=draft.name).exists()


def _own_source(draft: EnvironmentDraft) -> Source:
    own, problems = members.of_application(
        draft.application,
        environment_type=draft.type,
        position=0,
        name=draft.name,
        parameters=draft.parameters.get(draft.application.name, {}),
    )
    if own is None:
        raise Refused(*problems)
    refuse_errors(problems)
    parallel = own.template.parallelize_app_imports
    if draft.parallelize is not None:
        parallel = draft.parallelize
    entries = own.template.app_imports
    if draft.imports is not None:
        entries = entries_for(entries, draft.imports)
    own = replace(own, labels=draft.labels)
    if draft.approved_commit:
        own = replace(own, variables=withheld(own.variables))
    return members.with_entries(own, entries, parallel=parallel)


def place_for(account: Account, own: Source) -> tuple[Setting, tuple[Problem, ...]]:
    """Context and domain of the namespace: the template's where they exist."""
    contexts = {context.name: context for context in account.contexts.all()}
    context = contexts.get(own.template.context) or _default_context(account)
    wanted = own.template.domain
    domain = wanted if wanted and serves(context, wanted) else context.domains[0]
    name = namespace_name(own.env_id, own.application.name, own.environment_name or "new")
    setting = Setting(account, context, domain, None, name)
    return setting, tuple(place_problems(own, setting))


def _default_context(account: Account) -> Context:
    context = account.contexts.order_by("-is_default", "pk").first()
    if context is None:
        raise Refused(error("account.no-context", account=account.name))
    return context
