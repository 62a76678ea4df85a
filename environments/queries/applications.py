"""Reading applications."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from environments.core.template import parse_application_template
from environments.models import (
    Account,
    Application,
    ApplicationVersion,
    Deployment,
    Environment,
    EnvironmentStatus,
    PullRequest,
    PullRequestPolicy,
)
from environments.queries.accounts import Unseen

PAGE = 50
VERSIONS = 30


@dataclass(frozen=True, slots=True)
class Import:
    """One entry of ``app_imports``. ``is_known``: the account has the imported application."""

    importer: str
    imported: str
    branch: str
    excluded: Sequence[str]
    is_known: bool


@dataclass(frozen=True, slots=True)
class Going:
    """What ends with an application; ``living``: names of environments that stand in the way."""

    versions: int
    environments: int
    deployments: int
    living: Sequence[str]


def applications_of(account: Account, text: str = "") -> QuerySet[Application]:
    """The account's applications whose name or repository has ``text``, by name.

    ``living``: how many environments each has now; ``failed``: how many of those failed.
    """
    living = Q(environments__removed_at__isnull=True)
    failed = living & Q(environments__status=EnvironmentStatus.FAILED)
    rows = account.applications.annotate(
        living=Count("environments", filter=living), failed=Count("environments", filter=failed)
    )
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(repository_url__icontains=text))
    return rows.order_by("name")


def application_of(account: Account, name: str) -> Application:
    """One application of the account; raises ``Unseen``."""
    found = account.applications.filter(name=name).first()
    if found is None:
        raise Unseen
    return found


def version_of(application: Application, number: int) -> ApplicationVersion:
    """One version; raises ``Unseen``."""
    found = application.versions.filter(number=number).first()
    if found is None:
        raise Unseen
    return found


def version_before(version: ApplicationVersion) -> ApplicationVersion | None:
    """The version that this one changed; None for the first."""
    return version.application.versions.filter(number__lt=version.number).first()


def versions_of(application: Application) -> QuerySet[ApplicationVersion]:
    """The last versions, newest first, without their texts."""
    return application.versions.defer("variables", "template")[:VERSIONS]


def latest_templates(account: Account, mentioning: str = "") -> dict[str, str]:
    """The latest Application Template of each application, by name.

    ``mentioning``: only of those whose text has it.
    """
    rows = ApplicationVersion.objects.filter(
        application__account=account,
        number=F("application__number"),
        template__contains=mentioning,
    )
    return dict(rows.order_by("application__name").values_list("application__name", "template"))


def imports_of(account: Account, mentioning: str = "") -> list[Import]:
    """Who imports whom, by the latest Application Templates; only those that mention a text."""
    known = set(account.applications.values_list("name", flat=True))
    found = []
    for name, text in latest_templates(account, mentioning).items():
        template = parse_application_template(text).template
        for entry in template.app_imports if template else ():
            excluded = entry.exclude_services
            found.append(Import(name, entry.name, entry.branch, excluded, entry.name in known))
    return found


def waiting_for_approval(application: Application) -> QuerySet[PullRequest]:
    """Its pull requests with code from outside that nobody has let run, oldest first."""
    if application.pull_requests_get == PullRequestPolicy.NONE:
        return PullRequest.objects.none()
    rows = application.pull_requests.filter(is_open=True, is_fork=True)
    return rows.exclude(approved_commit=F("commit")).order_by("number")


def pull_request_of(application: Application, number: int) -> PullRequest:
    """One of its pull requests; raises ``Unseen``."""
    found = application.pull_requests.filter(number=number)
    row = found.select_related("application__account", "environment__namespace").first()
    if row is None:
        raise Unseen
    return row


def importers_of(application: Application) -> list[str]:
    """The applications whose latest template imports this one."""
    entries = imports_of(application.account, application.name)
    return [entry.importer for entry in entries if entry.imported == application.name]


def what_goes_with(application: Application) -> Going:
    """What deleting the application would end."""
    environments = Environment.objects.filter(application=application)
    living = environments.filter(removed_at__isnull=True).order_by("name")
    return Going(
        versions=application.versions.count(),
        environments=environments.count(),
        deployments=Deployment.objects.filter(environment__application=application).count(),
        living=list(living.values_list("name", flat=True)),
    )
