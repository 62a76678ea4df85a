"""Reading applications."""

from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet

from environments.core.template import parse_application_template
from environments.models import Account, Application, ApplicationVersion
from environments.queries.accounts import Unseen


def applications_of(account: Account) -> QuerySet[Application]:
    """The account's applications; ``living``: how many environments each has now."""
    living = Q(environments__removed_at__isnull=True)
    return account.applications.annotate(living=Count("environments", filter=living)).order_by(
        "name"
    )


def application_of(account: Account, name: str) -> Application:
    """One application of the account; raises ``Unseen``."""
    found = account.applications.filter(name=name).select_related("account").first()
    if found is None:
        raise Unseen
    return found


def version_of(application: Application, number: int) -> ApplicationVersion:
    """One version; raises ``Unseen``."""
    found = application.versions.filter(number=number).first()
    if found is None:
        raise Unseen
    return found


def latest_templates(account: Account) -> dict[str, str]:
    """The latest Application Template of each application, by name."""
    rows = ApplicationVersion.objects.filter(application__account=account)
    found: dict[str, tuple[int, str]] = {}
    for name, number, text in rows.values_list("application__name", "number", "template"):
        if number >= found.get(name, (0, ""))[0]:
            found[name] = (number, text)
    return {name: text for name, (_, text) in sorted(found.items())}


def imports_between(account: Account) -> Sequence[tuple[str, str]]:
    """Who imports whom: (importer, imported), by the latest Application Templates."""
    pairs: list[tuple[str, str]] = []
    for name, text in latest_templates(account).items():
        template = parse_application_template(text).template
        pairs += [(name, entry.name) for entry in (template.app_imports if template else ())]
    return pairs


def importers_of(application: Application) -> list[str]:
    """The applications whose latest template imports this one."""
    pairs = imports_between(application.account)
    return [importer for importer, imported in pairs if imported == application.name]
