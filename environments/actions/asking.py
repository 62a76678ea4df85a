"""Who asks, and the ways in which an asking can end badly."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, User

from environments.core.diff import DiffLine
from environments.core.problems import Problem, error, has_errors
from environments.models import Account, Environment, Event, Membership, Role
from environments.models.application import Application
from environments.models.deployment import Deployment

OPERATOR = "operator"
"""Name of whoever acts by command without ``--as``."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, in which account. ``role`` None: an operator of the installation."""

    user: User | None
    name: str
    account: Account
    role: Role | None

    @property
    def user_id(self) -> int | None:
        """The person's key, if it is a person."""
        return self.user.pk if self.user else None

    @property
    def is_owner(self) -> bool:
        """Whether this actor may do everything in the account."""
        return self.role in (None, Role.OWNER)


class Refused(Exception):
    """What was asked cannot be done; ``problems`` say why, in the order to be shown."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


class Conflict(Refused):
    """Another version was saved since the form was opened."""

    def __init__(self, *, by: str, version: str, difference: tuple[DiffLine, ...]) -> None:
        super().__init__(error("save.conflict", by=by, version=version))
        self.by = by
        self.difference = difference


class NotAllowed(Exception):
    """This role may not do this; the text says who may."""


def actor_for(user: AbstractBaseUser, account: Account) -> Actor:
    """The person as a member of the account; ``NotAllowed`` where it is none."""
    membership = Membership.objects.filter(user=user, account=account).first()  # type: ignore[misc]
    if not isinstance(user, User) or membership is None:
        raise NotAllowed(f"You are not a member of {account.name}.")
    return Actor(user, user.get_username(), account, Role(membership.role))


def operator(account: Account, *, name: str = OPERATOR) -> Actor:
    """Whoever runs a command on the machine of the installation."""
    return Actor(None, name, account, None)


def require_owner(actor: Actor, act: str) -> None:
    """``NotAllowed`` unless the actor is an owner. ``act`` is a verb phrase: "delete it"."""
    if not actor.is_owner:
        raise NotAllowed(f"Only an owner of {actor.account.name} may {act}.")


def require_member(actor: Actor, act: str) -> None:
    """``NotAllowed`` for who only reads logs and opens terminals. ``act`` is a verb phrase."""
    if actor.role == Role.INSTANCE_ACCESSOR:
        raise NotAllowed(f"Only members and owners of {actor.account.name} may {act}.")


def require_editor(actor: Actor, environment: Environment) -> None:
    """``NotAllowed`` unless the environment is the actor's own, or the actor an owner."""
    if may_edit(actor, environment):
        return
    owner = environment.owner_name or "nobody"
    raise NotAllowed(
        f"{environment.name} belongs to {owner}: only its owner and the owners of "
        f"{actor.account.name} may change it."
    )


def require_root(actor: Actor, environment: Environment, act: str) -> None:
    """As ``require_editor``; ``Refused`` for an imported one, whose ``act`` is its importer's."""
    require_editor(actor, environment)
    if environment.importer is not None:
        name, importer = environment.name, environment.importer.name
        raise Refused(error("environment.imported", name=name, importer=importer, act=act))


def note(
    actor: Actor,
    what: str,
    *,
    application: Application | None = None,
    environment: Environment | None = None,
    deployment: Deployment | None = None,
) -> None:
    """Keep who did what; ``what`` is a sentence without its subject: "saved v2.4"."""
    if environment is not None and application is None:
        application = environment.application
    Event.objects.create(
        account=actor.account,
        application=application,
        environment=environment,
        deployment=deployment,
        actor=actor.user,
        actor_name=actor.name,
        what=what[:300],
    )


def refuse_errors(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, when none of them blocks; else ``Refused`` with all of them."""
    if has_errors(problems):
        raise Refused(*problems)
    return problems


def may_edit(actor: Actor, environment: Environment) -> bool:
    """Whether ``require_editor`` lets this actor pass."""
    own = environment.owner_id is not None and environment.owner_id == actor.user_id
    return actor.is_owner or own


def may_read_logs(actor: Actor, environment: Environment) -> bool:
    """Whether the output of this environment's services is for this actor."""
    return may_edit(actor, environment) or actor.role == Role.INSTANCE_ACCESSOR


def may_open_terminals(actor: Actor, environment: Environment) -> bool:
    """Whether this actor may run commands in this environment's instances."""
    return may_edit(actor, environment) or actor.role == Role.INSTANCE_ACCESSOR


def require_terminal_opener(actor: Actor, environment: Environment) -> None:
    """``NotAllowed`` unless this actor may run commands in this environment's instances."""
    if not may_open_terminals(actor, environment):
        raise NotAllowed(
            f"{environment.name} belongs to {environment.owner_name or 'nobody'}: members open "
            "terminals in their own environments."
        )


def require_log_reader(actor: Actor, environment: Environment) -> None:
    """``NotAllowed`` unless the output of this environment's services is for this actor."""
    if not may_read_logs(actor, environment):
        raise NotAllowed(
            f"{environment.name} belongs to {environment.owner_name or 'nobody'}: members read "
            "the logs of their own environments."
        )
