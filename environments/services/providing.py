"""Step three of a deployment, for engines that run images: each image is built or fetched."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from environments import wiring
from environments.core.masking import Masker
from environments.core.plan import Act, Plan, PlannedMember
from environments.core.ports import Builder, BuildError, GitHostError, Stopped
from environments.models import Build, BuildState, Deployment, DeploymentKind
from environments.services import rendering
from environments.services.builds import orders
from environments.services.builds.fetching import NotFetched, fetch
from environments.services.builds.making import Failed, Making
from environments.services.builds.running import check_out, end
from environments.services.lease import Lease
from environments.services.registries import credentials_of
from environments.services.say import say

Images = dict[str, dict[str, str]]
"""The box: by env_id, then by task name (``services.api``), what is run instead of the name that
the template gives."""


_BUILDS = Build.objects.select_related("application__account", "context", "environment")


class NotProvided(Exception):
    """An image could not be had: ``cause`` is what the page shows of it."""

    def __init__(self, reason: str, cause: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.cause = cause


def provide(deployment: Deployment, lease: Lease, plan: Plan) -> Images:
    """The images of every member that is applied; raises ``NotProvided``, or ``Stopped`` where
    the deployment was aborted meanwhile."""
    builder = wiring.builder_of(deployment.namespace.context)
    if builder is None:
        return {}
    provider = _Provider(deployment, lease, builder)
    applied = [member for member in plan.members if member.member.act is Act.APPLY]
    return {member.member.env_id: provider.member(member) for member in applied}


class _Provider:
    """Provides for one deployment."""

    def __init__(self, deployment: Deployment, lease: Lease, builder: Builder) -> None:
        self._deployment, self._lease, self._builder = deployment, lease, builder
        shares = [deployment, *deployment.member_deployments.select_related("environment")]
        self._shares = {share.environment.env_id: share for share in shares}

    def member(self, planned: PlannedMember) -> dict[str, str]:
        """What each task of the member runs."""
        share = self._shares[planned.member.env_id]
        masker = Masker(rendering.secrets_of_member(planned))
        return {
            **self._fetched(share, planned, masker),
            **self._built(share, planned, masker),
        }

    def _aborted(self) -> bool:
        self._lease.require()
        rows = Deployment.objects.filter(pk=self._deployment.pk, abort_asked_at__isnull=False)
        return rows.exists()

    def _fetched(self, share: Deployment, planned: PlannedMember, masker: Masker) -> dict[str, str]:
        """Those that are only named. A patch runs what the setup before it found."""
        if wiring.engine_of(share.namespace.context).traits().pulls_images:
            return {}
        named = {
            task: workload.image
            for task, workload, source in orders.workloads_of(planned)
            if source is None and workload.image
        }
        known = self._kept(share) if share.kind == DeploymentKind.PATCH else {}
        missing = [image for task, image in named.items() if task not in known]

        def tell(lines: Sequence[str]) -> None:
            with self._lease.writing():
                say(share, lines, masker=masker)

        try:
            found = fetch(
                self._builder,
                missing,
                credentials=credentials_of(share.namespace.context),
                tell=tell,
                unwanted=self._aborted,
            )
        except NotFetched as wrong:
            task = next(task for task, image in named.items() if image == wrong.image)
            raise self._not_provided(planned, task, masker.line(str(wrong)), {}) from wrong
        return {task: known.get(task) or found[image] for task, image in named.items()}

    def _kept(self, share: Deployment) -> dict[str, str]:
        running = share.environment.running
        root = running and (running.part_of or running)
        images: dict[str, str] = ((root and root.images) or {}).get(share.environment.env_id, {})
        return {
            task: image for task, image in images.items() if self._builder.find(image) is not None
        }

    def _built(self, share: Deployment, planned: PlannedMember, masker: Masker) -> dict[str, str]:
        """Those that are built from the repository."""
        if not any(source for _, _, source in orders.workloads_of(planned)):
            return {}
        build = self._row(share, planned)
        folder = orders.folder_of(build)
        context = self._deployment.namespace.context
        try:
            check_out(build, folder, self._lease)
            making = Making(build, self._lease, masker, self._aborted, credentials_of(context))
            images = making.images(orders.wanted_by(planned, build, folder))
        except Failed as failed:
            end(build, self._lease, BuildState.ERRORED, str(failed), failed.cause)
            task = f"images.{failed.cause['image']}"
            raise self._not_provided(planned, task, str(failed), failed.cause) from failed
        except (GitHostError, BuildError) as wrong:
            reason = masker.line(str(wrong))
            end(build, self._lease, BuildState.ERRORED, reason)
            raise self._not_provided(planned, "images", reason, {}) from wrong
        except Stopped:
            end(build, self._lease, BuildState.CANCELLED, "the deployment was aborted")
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        end(build, self._lease, BuildState.DONE, "")
        return {task: image.digest for task, image in images.items()}

    def _row(self, share: Deployment, planned: PlannedMember) -> Build:
        """The build of this share: whoever takes over goes on with the same one."""
        choice = planned.member.choice
        with self._lease.writing():
            build, _ = _BUILDS.get_or_create(
                deployment=share,
                defaults={
                    "application": share.environment.application,
                    "context": share.namespace.context,
                    "environment": share.environment,
                    "branch": choice.ref,
                    "commit": choice.commit or "",
                    "asked_by": share.asked_by,
                    "asked_by_name": share.asked_by_name,
                },
            )
            build.state, build.started_at = BuildState.RUNNING, build.started_at or timezone.now()
            build.save(update_fields=["state", "started_at"])
        return build

    def _not_provided(
        self, planned: PlannedMember, task: str, reason: str, cause: Mapping[str, Any]
    ) -> NotProvided:
        application = planned.member.application
        name = task.partition(".")[2]
        what = f"{name} of {application}" if name else application
        at = f", line {cause['line']} of {cause['dockerfile']}" if cause.get("line") else ""
        told = {
            "application": application,
            "env_id": planned.member.env_id,
            "task": task,
            "kind": "image",
            "instance": "",
            "message": f"{reason}{at}",
            "lines": cause.get("lines", []),
            "instruction": cause.get("instruction", ""),
        }
        return NotProvided(f"No image for {what}: {reason}{at}", told)
