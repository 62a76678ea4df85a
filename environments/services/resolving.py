"""Step one of a deployment: which members, on which branch, at which commit, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from environments.core.plan import Act
from environments.core.ports import GitHostError, Refs
from environments.core.problems import Problem, error
from environments.core.resolve import Attempt, BranchChoice, Rule
from environments.core.template.model import ImportEntry
from environments.models import Deployment, DeploymentKind, Environment
from environments.services import members
from environments.services.members import Source
from environments.services.planning import (
    act_for,
    approved,
    choose,
    refs_and_problems,
    unresolved,
)
from environments.services.refs import fresh_refs, known_refs

Pin = dict[str, Any]
"""One member as kept in the box ``resolved``; ``pin_of`` says what is in it."""

Ask = Callable[[Sequence[Source]], tuple[dict[int, Refs], tuple[Problem, ...]]]
"""Gives the refs of the sources' repositories, and a problem for each that did not answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One member with its branch and what the run does with it. ``leaves``: its entry is gone.

    ``ignored_ref``: what matched ``ignored_by``; not the branch of a member that stays as it runs.
    """

    source: Source
    choice: BranchChoice
    act: Act = Act.APPLY
    ignored_by: str = ""
    ignored_ref: str = ""
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """The members in the order of the run, and what stands in the way."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...]


def ask_anew(sources: Sequence[Source]) -> tuple[dict[int, Refs], tuple[Problem, ...]]:
    """Ask each repository now: what a deployment does."""
    refs: dict[int, Refs] = {}
    problems: list[Problem] = []
    for source in sources:
        try:
            refs[source.application.pk] = fresh_refs(source.application)
        except GitHostError as wrong:
            name = source.application.name
            problems.append(error("repository.unreadable", application=name, reason=str(wrong)))
    return refs, tuple(problems)


def ask_lately(sources: Sequence[Source]) -> tuple[dict[int, Refs], tuple[Problem, ...]]:
    """Answers at most 30 s old: what a page does."""
    return refs_and_problems(sources, known_refs([source.application for source in sources]))


def resolve(
    environment: Environment,
    kind: str,
    *,
    ask: Ask,
    template: str | None = None,
    import_parameters: Mapping[str, Mapping[str, str]] | None = None,
) -> Resolved:
    """The members that a deployment of this kind has now.

    ``template``, and ``import_parameters`` of imports that do not exist yet: in place of the
    environment's latest ones, for a setup.
    """
    try:
        if kind == DeploymentKind.TEARDOWN:
            return _teardown(environment)
        if kind == DeploymentKind.PATCH or environment.importer is not None:
            return _alone(environment, kind, ask)
        return _setup(environment, ask, template, import_parameters)
    except members.Unreadable as unread:
        return Resolved((), unread.problems)


def _setup(
    environment: Environment,
    ask: Ask,
    template: str | None,
    import_parameters: Mapping[str, Mapping[str, str]] | None,
) -> Resolved:
    own, problems = members.of_environment(environment, template=template)
    if own is None or own.version is None:
        return Resolved((), problems)
    handed = own.version.import_parameters if import_parameters is None else import_parameters
    sources = members.imports_of(
        own,
        account=environment.application.account,
        imported=_imported(environment),
        import_parameters=handed,
    )
    refs, unread = ask(sources.members)
    known = refs.get(environment.application.pk)
    choices = choose(sources.members, refs=refs, own=_newest(environment, known), chosen={})
    unread = (*unread, *_branch_gone(environment, known))
    items = [_item(source, choices[source.application.name]) for source in sources.members]
    names = {entry.name for entry in sources.members[-1].template.app_imports}
    gone = [member for key, member in _imported(environment).items() if key not in names]
    leaving = [replace(_removing(member), leaves=True) for member in gone]
    return Resolved((*items, *leaving), (*sources.problems, *unread))


def _item(source: Source, choice: BranchChoice) -> Item:
    act, pattern = act_for(source, choice)
    ignored_ref = choice.ref if pattern else ""
    if act is Act.KEEP and source.environment is not None:
        kept = _as_it_runs(source.environment)
        return replace(kept, ignored_by=pattern, ignored_ref=ignored_ref)
    return Item(source, choice, act, pattern, ignored_ref)


def _alone(environment: Environment, kind: str, ask: Ask) -> Resolved:
    """One member moves, on the branch that it has; all others of the namespace stay as they run.

    A patch repeats the version that the last good setup deployed, with the newest commit.
    """
    setup = environment.last_setup if kind == DeploymentKind.PATCH else None
    newest = _newest_pin(environment)
    pin = _pin_in(setup, environment) if setup else newest
    own, problems = members.of_environment(
        environment, version=setup.version if setup else None, entry=_entry_from(pin, environment)
    )
    if own is None:
        return Resolved((), problems)
    refs, unread = ask((own,))
    known = refs.get(own.application.pk)
    choice = _newest(environment, known)
    root = environment.importer or environment
    others = [
        _as_it_runs(member)
        for member in _members(root)
        if member != environment and member.running is not None
    ]
    moving = _as_ignored(newest, environment) or _item(own, choice)
    gone = () if moving.ignored_by else _branch_gone(environment, known)
    return Resolved((*others, moving), (*unread, *gone))


def _as_ignored(newest: Pin | None, environment: Environment) -> Item | None:
    """What the importer's newest setup ignored stays as it runs when asked for alone too, also
    where the branch that runs is not the one that was ignored."""
    if newest is None or not newest["ignored_by"] or environment.running is None:
        return None
    return replace(
        _as_it_runs(environment),
        ignored_by=newest["ignored_by"],
        ignored_ref=newest["ignored_ref"],
    )


def _branch_gone(environment: Environment, refs: Refs | None) -> tuple[Problem, ...]:
    """An error where the repository answered and has the environment's branch no more."""
    if refs is None or _newest(environment, refs).commit is not None:
        return ()
    importer = environment.importer
    return (
        error(
            "deploy.branch-gone",
            application=environment.application.name,
            branch=environment.branch,
            remedy=(
                f"Deploy Setup of {importer.name} ({importer.application.name}) chooses anew"
                if importer
                else "Push it again: neither Deploy nor Deploy Setup changes it; or create a new "
                "environment"
            ),
        ),
    )


def _newest(environment: Environment, refs: Refs | None) -> BranchChoice:
    """The head of the environment's branch; without a commit where the branch is gone. Of code
    from outside, the commit that was approved."""
    rule = Rule(environment.rule)
    if environment.approved_commit:
        return approved(environment.branch, environment.approved_commit)
    if refs is None:
        return unresolved(environment.branch, rule)
    commit = (refs.tags if environment.is_tag else refs.branches).get(environment.branch)
    note = "a tag" if environment.is_tag else ""
    return BranchChoice(
        ref=environment.branch,
        is_tag=environment.is_tag,
        commit=commit,
        rule=rule,
        trace=(Attempt(rule, environment.branch, commit is not None, note),),
        problems=(),
    )


def _teardown(environment: Environment) -> Resolved:
    """The importer first, then its imports from last to first; no repository is asked."""
    going = [environment] if environment.importer else list(reversed(_members(environment)))
    return Resolved(tuple(_removing(member) for member in going), ())


def _members(root: Environment) -> list[Environment]:
    """Imports in their order, the importer last."""
    imported = root.imported.filter(removed_at__isnull=True).order_by("position", "pk")
    return [*imported.select_related("application", "running__version", "importer"), root]


def _imported(environment: Environment) -> Mapping[str, Environment]:
    imported = environment.imported.filter(removed_at__isnull=True).order_by("position", "pk")
    return {member.application.name: member for member in imported.select_related("application")}


def _removing(environment: Environment) -> Item:
    runs = environment.running is not None
    return replace(_as_it_runs(environment), act=Act.APPLY if runs else Act.LEAVE_OUT)


def _as_it_runs(environment: Environment) -> Item:
    """The member with the version, branch and commit that run now (its latest, before)."""
    running = environment.running
    version = running.version if running else None
    pin = _pin_in(running, environment)
    source, problems = members.of_environment(
        environment, version=version, entry=_entry_from(pin, environment)
    )
    if source is None:
        raise members.Unreadable(problems)
    choice = BranchChoice(
        ref=running.branch if running else environment.branch,
        is_tag=environment.is_tag,
        commit=(running.commit or None) if running else None,
        rule=Rule(running.rule if running and running.rule else environment.rule),
        trace=_trace_of(pin) if pin else (),
        problems=(),
    )
    return Item(source, choice, Act.KEEP)


def _pin_in(deployment: Deployment | None, environment: Environment) -> Pin | None:
    """What the run that this deployment is or was part of had pinned of the member."""
    root = (deployment.part_of or deployment) if deployment else None
    return _of(environment, (root.pins or ()) if root else ())


def _of(environment: Environment, pins: Sequence[Pin]) -> Pin | None:
    return next((pin for pin in pins if pin["environment_id"] == environment.pk), None)


def _entry_from(pin: Pin | None, environment: Environment) -> ImportEntry | None:
    """The importer's entry as it was pinned; None for what nobody imported."""
    if environment.importer is None:
        return None
    kept = entry_of(pin) if pin else None
    return kept or ImportEntry(name=environment.application.name)


def _newest_pin(environment: Environment) -> Pin | None:
    """What the importer's newest setup had pinned of the member: what a later save changed waits
    for the next. Of what nobody imported, or no such setup knew, what runs."""
    if environment.importer is not None:
        written = environment.importer.deployments.filter(
            kind=DeploymentKind.SETUP, part_of__isnull=True, written_at__isnull=False
        )
        for pins in written.order_by("-pk").values_list("pins", flat=True)[:1]:
            if found := _of(environment, pins or ()):
                return found
    return _pin_in(environment.running, environment)


def entry_of(pin: Pin) -> ImportEntry | None:
    """The entry that brought the member, as it was when the run began."""
    form = pin["entry"]
    if form is None:
        return None
    return ImportEntry(
        name=form["name"],
        line=form["line"],
        branch=form["branch"],
        exclude_services=tuple(form["exclude_services"]),
        ignore_deployment_refs=tuple(form["ignore_deployment_refs"]),
        pull_request_labels=tuple(form["pull_request_labels"]),
    )


def choice_of(pin: Pin) -> BranchChoice:
    """The branch that was pinned when the deployment began."""
    return BranchChoice(
        ref=pin["branch"],
        is_tag=pin["is_tag"],
        commit=pin["commit"],
        rule=Rule(pin["rule"]),
        trace=_trace_of(pin),
        problems=(),
    )


def _trace_of(pin: Pin) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(Rule(step["rule"]), step["looked_for"], step["found"], step["note"])
        for step in pin["trace"]
    )


def pin_of(item: Item) -> Pin:
    """The member as JSON: what the rest of the run works with, whatever moves meanwhile."""
    source, choice = item.source, item.choice
    environment = source.environment
    application = source.application
    return {
        "application_id": application.pk,
        "application": application.name,
        "environment_id": environment.pk if environment else None,
        "env_id": source.env_id,
        "name": source.environment_name,
        "version_id": source.version.pk if source.version else None,
        "application_number": (
            environment.application_number if environment else application.number
        ),
        "branch": choice.ref,
        "is_tag": choice.is_tag,
        "commit": choice.commit,
        "rule": str(choice.rule),
        "trace": [{**asdict(step), "rule": str(step.rule)} for step in choice.trace],
        "act": str(item.act),
        "ignored_by": item.ignored_by,
        "ignored_ref": item.ignored_ref,
        "leaves": item.leaves,
        "entry": asdict(source.entry) if source.entry else None,
    }


def _with_commit(deployment: Deployment, resolved: Resolved) -> Resolved:
    """The commit of a finished build in place of the branch's newest, where one is deployed."""
    if not deployment.deploys_commit:
        return resolved
    items = tuple(
        replace(item, choice=replace(item.choice, commit=deployment.deploys_commit))
        if item.source.environment == deployment.environment
        else item
        for item in resolved.items
    )
    return replace(resolved, items=items)


def resolve_for(deployment: Deployment) -> Resolved:
    """The members of this deployment, every repository asked now.

    What is wrong with a choice is among the problems: the pins do not carry it on.
    """
    resolved = _with_commit(
        deployment, resolve(deployment.environment, deployment.kind, ask=ask_anew)
    )
    of_choices = [problem for item in resolved.items for problem in item.choice.problems]
    return replace(resolved, problems=(*resolved.problems, *of_choices))
