"""Reading accounts."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from environments.models import Account, Context, Membership


class Unseen(Exception):
    """There is no such thing, or not for this person: the two look the same."""


def accounts_for(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Account]:
    """The accounts that the person is a member of."""
    return Account.objects.filter(memberships__user=user.pk).order_by("name")


def account_for(user: AbstractBaseUser | AnonymousUser, name: str) -> Account:
    """One of the person's accounts; raises ``Unseen``."""
    account = accounts_for(user).filter(name=name).first()
    if account is None:
        raise Unseen
    return account


def members_of(account: Account) -> QuerySet[Membership]:
    """Who is in the account. ``is_elsewhere``: whether the person is in others, too."""
    others = Membership.objects.filter(user=OuterRef("user")).exclude(account=account)
    rows = account.memberships.select_related("user").annotate(is_elsewhere=Exists(others))
    return rows.order_by("user__username")


def membership_of(account: Account, pk: int) -> Membership:
    """One membership of the account; raises ``Unseen``."""
    found = members_of(account).filter(pk=pk).first()
    if found is None:
        raise Unseen
    return found


def contexts_of(account: Account) -> QuerySet[Context]:
    """Where environments of the account can run; the default first. ``living``: how many do."""
    living = Q(namespaces__members__isnull=False, namespaces__members__removed_at__isnull=True)
    counted = account.contexts.annotate(living=Count("namespaces__members", filter=living))
    return counted.order_by("-is_default", "name")


def context_of(account: Account, name: str) -> Context:
    """One context of the account; raises ``Unseen``."""
    found = account.contexts.filter(name=name).first()
    if found is None:
        raise Unseen
    return found


def nobody_is_here() -> bool:
    """Whether this installation waits for its first owner."""
    return not User.objects.exists()


def first_account() -> Account | None:
    """The account that commands may have made before the first visit."""
    return Account.objects.order_by("pk").first()
