"""Pull requests have environments: one for each change, until the last of its requests closes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError

from environments import wiring
from environments.actions.asking import Actor, Refused, operator
from environments.actions.deployments import is_ending
from environments.actions.drafts import EnvironmentDraft
from environments.actions.environments import create_environment, delete_environment
from environments.automation.following import follow_branch
from environments.automation.outcome import NotYet, Outcome
from environments.automation.setting_up import set_up_again
from environments.core.changesets import ChangeSet, change_sets
from environments.core.ports import PullRequestState
from environments.core.template.model import ImportEntry
from environments.core.template.parsing import parse_environment_template
from environments.models import (
    Account,
    Application,
    Environment,
    EnvironmentStatus,
    PullRequest,
    PullRequestPolicy,
)
from environments.queries.applications import imports_of

ACTOR = "pr"
"""The first part of the names of their environments."""
OUTSIDE = "its code is of somebody outside"
"""How the reason begins where a member has to look first."""
_TITLE, _ADDRESS, _LABEL = 300, 500, 50


def look(application: Application, number: int) -> Iterator[Outcome]:
    """Ask the host about a pull request, and bring environments to what it says.

    ``GitHostError`` where it does not say, ``NotYet`` where something has to end before.
    """
    host = wiring.forge(application.connection) if application.connection else None
    if host is None:
        return
    row = keep(application, host.pull_request(application.repository_url, number))
    branches = [row.branch]
    if row.environment and row.environment.change_branch not in ("", row.branch):
        branches.append(row.environment.change_branch)
    told = [one for branch in branches for one in settle(application.account, branch)]
    yield from told
    row.refresh_from_db()
    if row.waits_for_approval:
        yield Outcome(f"{row} has code from outside: {row.commit[:7]} waits for an approval.")
    elif row.why_none:
        yield Outcome(f"{row} has no environment: {row.why_none}")
    else:
        followed = [one for one in follow_branch(application, row.branch) if one.acted]
        yield from followed
        if row.environment and not told and not followed:
            own = row.environment
            yield Outcome(f"{own.name} of {own.application.name} stands for {row} as it is.")


def keep(application: Application, state: PullRequestState) -> PullRequest:
    """The row of what the host told."""
    told = {
        "title": state.title[:_TITLE],
        "address": state.address[:_ADDRESS],
        "author": state.author[:100],
        "branch": branch_of(state)[:255],
        "base": state.base[:255],
        "commit": state.commit[:40],
        "is_open": state.is_open,
        "is_merged": state.is_merged,
        "is_draft": state.is_draft,
        "is_fork": state.is_fork,
        "labels": [label[:_LABEL] for label in state.labels[:100]],
    }
    known = PullRequest.objects.filter(application=application, number=state.number, is_open=False)
    if state.is_open and known.exists():
        told["ended_commit"] = ""
    row, _ = PullRequest.objects.update_or_create(
        application=application, number=state.number, defaults=told
    )
    return row


def branch_of(state: PullRequestState) -> str:
    """Its branch; of one from outside, what GitHub calls it here: no branch of ours has to do with
    the name that a stranger chose."""
    return f"pull/{state.number}/head" if state.is_fork else state.branch


def why_none(row: PullRequest) -> str:
    """Why a pull request gets no environment; "" where it does."""
    application = row.application
    if not row.is_open:
        return "it is merged." if row.is_merged else "it is closed."
    if application.pull_requests_get == PullRequestPolicy.NONE:
        return f"pull requests of {application.name} get none, by its settings."
    labelled = application.pull_requests_get == PullRequestPolicy.LABELLED
    if labelled and application.pull_request_label not in row.labels:
        return f"it has not the label {application.pull_request_label}."
    if row.is_draft and (row.environment is None or row.environment.removed_at is not None):
        return "it is a draft."
    if row.ended_commit == row.commit:
        return "its environment was removed; a new commit, or reopening it, brings another one."
    if row.branch == application.default_branch:
        return f"its branch {row.branch} is the default branch."
    if row.is_fork and not row.approved_commit:
        return f"{OUTSIDE}: {row.commit[:7]} waits for an approval."
    return ""


@dataclass(slots=True)
class _Change:
    """One change as it is now: its pull requests, and the environments that stand for it."""

    account: Account
    branch: str
    owner: str
    rows: Sequence[PullRequest]
    environments: list[Environment] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        """Who asks for it."""
        return operator(self.account, name=ACTOR)

    @property
    def approved_commit(self) -> str:
        """Of one from outside: what may run of it."""
        return next((row.approved_commit for row in self.rows if row.is_fork), "")

    @property
    def own(self) -> Environment | None:
        """The environment of the owner."""
        return next((one for one in self.environments if one.application.name == self.owner), None)


def settle(account: Account, branch: str) -> Iterator[Outcome]:
    """Let each change of this branch have its one environment, and nothing else have one."""
    known = PullRequest.objects.filter(application__account=account, branch=branch)
    rows = {one.pk: one for one in known.select_related("application", "environment")}
    reasons = {pk: why_none(row) for pk, row in rows.items()}
    for pk, reason in reasons.items():
        PullRequest.objects.filter(pk=pk).exclude(why_none=reason).update(why_none=reason)
        if reason:
            PullRequest.objects.filter(pk=pk).exclude(refused="").update(refused="")
    wanted = [row for pk, row in rows.items() if not reasons[pk]]
    living = _living(account, branch)
    for change in _changes(account, branch, wanted, living):
        changed = PullRequest.objects.filter(pk__in=[row.pk for row in change.rows])
        try:
            yield from _stand(change)
        except Refused as refused:
            changed.update(refused=str(refused)[:500])
            raise
        changed.exclude(refused="").update(refused="")
    for environment in reversed(living):  # what replaces before what is replaced
        still = PullRequest.objects.filter(environment=environment, why_none="", is_open=True)
        after = environment.replaced_by.filter(removed_at=None)
        if still.exists() or not all(map(is_ending, after)):
            continue
        asked = PullRequest.objects.filter(environment=environment)
        yield _end(account, environment, _closed(asked, branch))


def _living(account: Account, branch: str) -> list[Environment]:
    rows = Environment.objects.filter(
        application__account=account,
        change_branch=branch,
        removed_at__isnull=True,
        importer__isnull=True,
    )
    return list(rows.select_related("application__account", "namespace").order_by("pk"))


def _changes(
    account: Account, branch: str, wanted: Sequence[PullRequest], living: Sequence[Environment]
) -> Iterator[_Change]:
    for row in (one for one in wanted if one.is_fork):  # it shares with nobody
        own = [one for one in living if one.application_id == row.application_id]
        yield _Change(account, branch, row.application.name, [row], own)
    wanted = [row for row in wanted if not row.is_fork]
    imports: dict[str, set[str]] = {}
    for one in imports_of(account):
        imports.setdefault(one.importer, set()).add(one.imported)
    # An environment that stands keeps its change, as long as one of its requests is open.
    open_ones = {row.environment_id for row in wanted}
    standing = {one.application.name for one in living if one.pk in open_ones}
    names = {row.application.name for row in wanted}
    kept = {
        one.pk: {one.application.name}
        | {row.application.name for row in wanted if row.environment_id == one.pk}
        for one in living
        if one.pk in open_ones
    }
    for found in change_sets(names | standing, imports, kept=tuple(kept.values())):
        rows = [row for row in wanted if row.application.name in found.applications]
        environments = _of(found, living)
        # Only who comes changes the owner: when one closes, all stays as it is.
        shared = [
            one.application.name
            for one in environments
            if all(row.environment_id == one.pk for row in rows)
        ]
        owner = shared[0] if shared else found.owner
        if rows:
            yield _Change(account, branch, owner, rows, environments)


def _of(found: ChangeSet, living: Sequence[Environment]) -> list[Environment]:
    return [one for one in living if one.application.name in found.applications]


def _stand(change: _Change) -> Iterator[Outcome]:
    """Have the owner's environment, with all requests of the change in it."""
    own = change.own
    if own is None:
        own = _made(change)
        yield Outcome(f"{own.name} of {change.owner} is set up for {_named(change.rows)}.", True)
    elif is_ending(own):
        raise NotYet(f"{own.name} is being removed: then there is a new one.")
    came = [row for row in change.rows if row.environment_id != own.pk]
    before = list(own.labels or ())
    labels = _labels(change)
    Environment.objects.filter(pk=own.pk).update(labels=labels)
    PullRequest.objects.filter(pk__in=[row.pk for row in came]).update(environment=own)
    joins = [row for row in came if row.application.name != change.owner]
    if own.last_setup_id is not None and (joins or _asks_otherwise(own, before, labels)):
        why = f"{_named(joins)} came to it" if joins else "its labels ask for other imports"
        yield set_up_again(change.actor, own, why)
    for other in change.environments:
        if other.pk != own.pk:
            yield from _replace(change, other, own)


def _made(change: _Change) -> Environment:
    application = Application.objects.get(account=change.account, name=change.owner)
    draft = EnvironmentDraft(
        application,
        branch=change.branch,
        labels=tuple(_labels(change)),
        approved_commit=change.approved_commit,
    )
    try:
        return create_environment(change.actor, draft)
    except IntegrityError:
        raise NotYet("somebody else sets up the environment of this change just now.") from None


def _labels(change: _Change) -> list[str]:
    """Of the owner's request; of a request that closed, those of all that are open."""
    own = [row for row in change.rows if row.application.name == change.owner]
    return sorted({label for row in own or change.rows for label in row.labels})


def _asks_otherwise(own: Environment, before: Iterable[str], labels: Iterable[str]) -> bool:
    version = own.versions.get(number=own.number)
    template = parse_environment_template(version.template).template
    entries: Sequence[ImportEntry] = template.app_imports if template else ()
    some = [set(entry.pull_request_labels) for entry in entries if entry.pull_request_labels]
    return any(bool(one & set(before)) != bool(one & set(labels)) for one in some)


def _replace(change: _Change, old: Environment, new: Environment) -> Iterator[Outcome]:
    """The old environment ends once the new one is ready; until then both stand."""
    Environment.objects.filter(pk=new.pk, replaces=None).update(replaces=old)
    new.refresh_from_db()
    if new.status == EnvironmentStatus.DEPLOYED:
        yield _end(change.account, old, f"{new.name} of {change.owner} stands for it")
    else:
        yield Outcome(f"{old.name} of {old.application.name} stays until {new.name} is ready.")


def end_replaced() -> Iterator[Outcome]:
    """Remove what another environment stands for now."""
    rows = Environment.objects.filter(
        replaces__removed_at=None,
        replaces__isnull=False,
        removed_at=None,
        status=EnvironmentStatus.DEPLOYED,
    )
    for new in rows.select_related("replaces__application__account", "replaces__namespace"):
        old = new.replaces
        if old is not None and not is_ending(old):
            yield _end(old.application.account, old, f"{new.name} stands for it")


def _end(account: Account, environment: Environment, why: str) -> Outcome:
    if is_ending(environment):
        return Outcome(f"{environment.name} is being removed already.")
    try:
        delete_environment(operator(account, name=ACTOR), environment, comes_again=True)
    except Refused as refused:
        return Outcome(f"{environment.name} was not removed: {refused}")
    return Outcome(f"{environment.name} is removed: {why}.", True)


def _closed(rows: Iterable[PullRequest], branch: str) -> str:
    reasons: Mapping[str, str] = {str(row): row.why_none.rstrip(".") for row in rows}
    told = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()))
    return told or f"no pull request of {branch} is open"


def _named(rows: Iterable[PullRequest]) -> str:
    return ", ".join(sorted(map(str, rows)))
