"""Asking for accounts, their members and their contexts."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from environments.actions.asking import Actor, Refused, note, require_owner
from environments.actions.contexts import first_context, proposed_context, save_context
from environments.core.names import is_label
from environments.core.problems import Problem, error
from environments.models import Account, Context, Membership, Namespace, Role

DEFAULT_ACCOUNT = "default"
RESERVED = frozenset(
    {"admin", "static", "first-visit", "sign-in", "sign-out", "password", "you", "api", "webhooks"}
)
"""First parts of addresses that are taken."""


def open_account(name: str) -> Account:
    """A new account with a context; ``Refused`` for a name that cannot be one.

    The context is ``local``, or ``cluster`` where nothing is run on this machine.
    """
    check_account_name(name)
    try:
        with transaction.atomic():
            account = Account.objects.create(name=name)
            first_context(account).save()
    except IntegrityError as taken:  # by somebody who was faster
        raise Refused(error("account.taken", name=name)) from taken
    return account


def check_account_name(name: str) -> None:
    """``Refused`` unless it is a DNS label that no address and no other account uses."""
    if not is_label(name) or name in RESERVED:
        raise Refused(error("account.name", name=name))
    if Account.objects.filter(name=name).exists():
        raise Refused(error("account.taken", name=name))


def open_installation(
    *, username: str, password: str, account_name: str = "", containers: bool = False
) -> User:
    """The first owner, a superuser, once. ``Refused`` when there is a user already.

    Where commands already made the account, the owner joins it, and ``account_name`` renames it;
    where they made several, ``account_name`` says which. ``containers``: with a context for the
    container engine that was found on this machine, as the default.
    """
    person = User(username=username, is_staff=True, is_superuser=True)
    _check_password(password, person)
    with transaction.atomic():
        _let_nobody_else_come()
        if User.objects.exists():
            raise Refused(error("account.opened"))
        account = _first_account(account_name)
        person.set_password(password)
        person.full_clean()
        person.save()
        Membership.objects.create(account=account, user=person, role=Role.OWNER)
        actor = Actor(person, username, account, Role.OWNER)
        note(actor, "opened the account")
        if containers:
            save_context(actor, Context(), proposed_context())
    return person


def _let_nobody_else_come() -> None:
    """Until the end of the transaction: of two first visits at once, one finds the other's owner.

    SQLite's transactions that write are alone from their begin.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {User._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _first_account(name: str) -> Account:
    """The account that the first owner joins."""
    accounts = list(Account.objects.order_by("name")[:20])
    if not accounts:
        return open_account(name or DEFAULT_ACCOUNT)
    if len(accounts) > 1:
        known = ", ".join(account.name for account in accounts)
        if not name:
            raise Refused(error("account.which", known=known))
        found = Account.objects.filter(name=name).first()
        if found is None:
            raise Refused(error("account.unknown", name=name, known=known))
        return found
    (account,) = accounts
    if name and name != account.name:
        _rename(account, name)
    return account


def rename_account(actor: Actor, name: str) -> None:
    """Give the actor's account another name: its addresses change with it."""
    require_owner(actor, "rename the account")
    if name == actor.account.name:
        return
    before = actor.account.name
    with transaction.atomic():
        _rename(actor.account, name)
        note(actor, f"renamed the account {before} to {name}")


def choose_ephemeral_days(actor: Actor, days: int) -> None:
    """How long after its last deployment an ephemeral environment ends; 0: never. It counts from
    the next deployment of each."""
    require_owner(actor, "choose how long environments live")
    with transaction.atomic():
        Account.objects.filter(pk=actor.account.pk).update(ephemeral_days=days)
        note(actor, f"let ephemeral environments live {days} days" if days else "let none expire")


def _rename(account: Account, name: str) -> None:
    check_account_name(name)
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(name=name)
    except IntegrityError as taken:  # by somebody who was faster
        raise Refused(error("account.taken", name=name)) from taken
    account.name = name


def may_delete_account(account: Account) -> tuple[Problem, ...]:
    """What keeps an account from being deleted."""
    count = account.applications.count()
    return (error("account.has-applications", name=account.name, count=count),) if count else ()


def delete_account(account: Account) -> None:
    """Forget an account that has no applications any more; its people stay known."""
    with transaction.atomic():
        _one_after_another(account)
        if problems := may_delete_account(account):
            raise Refused(*problems)
        Namespace.objects.filter(context__account=account, members__isnull=True).delete()
        account.delete()


def _check_password(password: str, person: User) -> None:
    try:
        person.clean_fields(exclude=["password"])
        validate_password(password, person)
    except ValidationError as wrong:
        raise Refused(
            *(error("account.person", reason=message) for message in wrong.messages)
        ) from wrong


def add_member(actor: Actor, *, username: str, password: str, role: Role) -> Membership:
    """A person of this name, made when there is none yet, in the account."""
    require_owner(actor, "add members")
    with transaction.atomic():
        _one_after_another(actor.account)
        found = User.objects.filter(username=username).first()
        person = found or _new_person(username, password)
        if Membership.objects.filter(account=actor.account, user=person).exists():
            raise Refused(error("member.taken", name=username))
        membership = Membership.objects.create(account=actor.account, user=person, role=role)
        note(actor, f"added {username} as {membership.get_role_display()}")
    return membership


def _new_person(username: str, password: str) -> User:
    draft = User(username=username)
    _check_password(password, draft)
    draft.set_password(password)
    fields = {"password": draft.password}
    return User.objects.get_or_create(username=draft.username, defaults=fields)[0]


def set_password(actor: Actor, membership: Membership, password: str) -> None:
    """A new password for a member who lost it; their sessions end.

    ``Refused`` for a person who has rights beyond this account: an owner of it would get them.
    """
    require_owner(actor, "set passwords")
    person = membership.user
    if person.pk == actor.user_id:
        raise Refused(error("member.own-password"))
    elsewhere = person.memberships.exclude(account=actor.account).exists()
    if person.is_superuser or elsewhere:
        raise Refused(error("member.password", name=person.get_username()))
    _check_password(password, person)
    person.set_password(password)
    with transaction.atomic():
        person.save(update_fields=["password"])
        note(actor, f"set a new password for {person.get_username()}")


def change_role(actor: Actor, membership: Membership, role: Role) -> None:
    """Give a member another role; the last owner stays one."""
    require_owner(actor, "change roles")
    with transaction.atomic():
        _keep_an_owner(membership, role)
        membership.role = role
        membership.save(update_fields=["role"])
        note(actor, f"made {membership.user.get_username()} {role.label}")


def remove_member(actor: Actor, membership: Membership) -> None:
    """End a membership; the person stays known, and what it did stays its own."""
    require_owner(actor, "remove members")
    with transaction.atomic():
        _keep_an_owner(membership, None)
        name = membership.user.get_username()
        membership.delete()
        note(actor, f"removed {name}")


def _keep_an_owner(membership: Membership, role: Role | None) -> None:
    _one_after_another(membership.account)
    if not Membership.objects.filter(pk=membership.pk).exists():
        name, account = membership.user.get_username(), membership.account.name
        raise Refused(error("member.gone", name=name, account=account))
    others = Membership.objects.filter(account=membership.account, role=Role.OWNER)
    if role is not Role.OWNER and not others.exclude(pk=membership.pk).exists():
        raise Refused(error("member.last-owner", account=membership.account.name))


def _one_after_another(account: Account) -> None:
    """Two owners who remove each other at once: the second finds itself the last one."""
    Account.objects.select_for_update().get(pk=account.pk)
