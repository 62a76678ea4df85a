"""Carries out a build that a person asked for: claim, check out, make the images, end."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from environments import wiring
from environments.core.masking import Masker, clean
from environments.core.ports import BuildError, GitHostError, Stopped
from environments.core.problems import has_errors
from environments.models import Build, BuildState, Deployment
from environments.models.build import LIVE_BUILDS
from environments.services import members
from environments.services.builds.making import Failed, Making
from environments.services.builds.orders import folder_of, wanted_alone
from environments.services.lease import LEASE, Lease, LeaseLost, unheld
from environments.services.registries import credentials_of

_ROWS = Build.objects.select_related("application__account", "context", "environment")


def advance(pk: int, *, fence: int) -> None:
    """Take the build to its end, unless somebody else has it."""
    lease = _claim(pk, fence)
    if lease is None:
        return
    build = _ROWS.get(pk=pk)
    try:
        with lease.beating():
            _run(build, lease)
    except LeaseLost:
        return


def _claim(pk: int, fence: int) -> Lease | None:
    rows = Build.objects.filter(
        unheld(), pk=pk, fence=fence, state__in=LIVE_BUILDS, deployment__isnull=True
    )
    taken = rows.update(
        fence=F("fence") + 1,
        lease_until=Now() + LEASE,
        state=BuildState.RUNNING,
        started_at=Coalesce(F("started_at"), Now()),
    )
    return Lease(pk, fence + 1, rows=_living) if taken else None


def _living() -> Any:
    return Build.objects.filter(state__in=LIVE_BUILDS)


def _run(build: Build, lease: Lease) -> None:
    folder = folder_of(build)
    masker = Masker(())
    try:
        check_out(build, folder, lease)
        wanted, secrets = wanted_alone(build, folder, _source_of(build))
        masker = Masker(secrets)
        Making(
            build, lease, masker, lambda: _is_cancelled(build), credentials_of(build.context)
        ).images(wanted)
    except Failed as failed:
        end(build, lease, BuildState.ERRORED, str(failed), failed.cause)
    except (GitHostError, BuildError, members.Unreadable) as wrong:
        end(build, lease, BuildState.ERRORED, masker.line(str(wrong)))
    except Stopped:
        build.refresh_from_db(fields=["cancel_asked_by"])
        end(build, lease, BuildState.CANCELLED, f"cancelled by {build.cancel_asked_by}")
    else:
        end(build, lease, BuildState.DONE, "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_cancelled(build: Build) -> bool:
    return Build.objects.filter(pk=build.pk, cancel_asked_at__isnull=False).exists()


def _source_of(build: Build) -> members.Source:
    """The template and variables that decide: the environment's, else the application's."""
    if build.environment is not None:
        source, problems = members.of_environment(build.environment)
    else:
        source, problems = members.of_application(
            build.application, environment_type="permanent", position=0
        )
    if source is None or has_errors(problems):
        raise members.Unreadable(problems)
    return source


def check_out(build: Build, folder: Path, lease: Lease) -> None:
    """The code at the commit, and what the commit says of itself; raises ``GitHostError``."""
    application = build.application
    host = wiring.repositories_of(application)
    host.checkout(application.repository_url, commit=build.commit, folder=folder)
    commit = host.commit(application.repository_url, build.commit)
    build.commit_subject = clean(commit.subject)[:300]
    build.commit_author = clean(commit.author)[:200]
    build.committed_at = datetime.fromtimestamp(commit.committed_at, tz=UTC)
    with lease.writing():
        build.save(update_fields=["commit_subject", "commit_author", "committed_at"])
        Deployment.objects.filter(build=build).update(commit_subject=build.commit_subject)


def end(
    build: Build,
    lease: Lease,
    state: BuildState,
    reason: str,
    cause: Mapping[str, Any] | None = None,
) -> None:
    """Keep how it ended."""
    build.state, build.reason, build.failure = state, reason, cause
    build.ended_at = timezone.now()
    with lease.writing():
        build.save(update_fields=["state", "reason", "failure", "ended_at"])
