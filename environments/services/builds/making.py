"""Has the images of a build made, several at once, none of them twice."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import timezone

from environments import wiring
from environments.core.builds import image_key
from environments.core.masking import Masker
from environments.core.ports import (
    BuildContext,
    Builder,
    BuildError,
    RegistryCredentials,
    Stopped,
    StoredImage,
)
from environments.models import Build, BuildState, BuildStep, Context, Image
from environments.services.builds.log import say
from environments.services.builds.orders import Wanted, repository_of
from environments.services.builds.sites import have_server
from environments.services.lease import Lease

EVIDENCE_LINES = 20
_LOOK_SECONDS = 0.25
_COMMIT_SHOWN = 7


class Failed(Exception):
    """An image could not be built: ``cause`` is what the page shows of it."""

    def __init__(self, reason: str, cause: dict[str, Any]) -> None:
        super().__init__(reason)
        self.cause = cause


@dataclass(slots=True)
class _Work:
    """One image on its way. Threads fill it; the database is the caller's alone."""

    wanted: Wanted
    row: BuildStep
    said: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    last: list[str] = field(default_factory=list)
    looked: BuildContext | None = None
    bases: dict[str, str] = field(default_factory=dict)
    image: Image | None = None


@dataclass(slots=True)
class Making:
    """One run of a build. ``unwanted`` asks whether it was cancelled."""

    build: Build
    lease: Lease
    masker: Masker
    unwanted: Callable[[], bool]
    credentials: Sequence[RegistryCredentials] = ()
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def _builder(self) -> Builder:
        builder = wiring.builder_of(self.build.context)
        assert builder is not None
        return builder

    def images(self, wanted: Sequence[Wanted]) -> dict[str, Image]:
        """The image of each task; raises ``Failed``, or ``Stopped`` where it was cancelled."""
        works = [_Work(one, self._row(number, one)) for number, one in enumerate(wanted, 1)]
        self._together(works, self._look_into)
        missing: dict[str, list[_Work]] = {}
        for work in works:
            if not self._reuse(work, self.build.forced):
                missing.setdefault(work.row.key, []).append(work)
        # Of those that are made from the same, one is built.
        self._together([same[0] for same in missing.values()], self._build_one)
        for same in missing.values():
            for work in same[1:]:
                self._reuse(work, False)
        return {task: work.image for work in works for task in work.wanted.tasks if work.image}

    def _row(self, number: int, wanted: Wanted) -> BuildStep:
        with self.lease.writing():
            row, _ = BuildStep.objects.update_or_create(
                build=self.build,
                number=number,
                defaults={
                    "kind": str(wanted.source.kind),
                    "name": wanted.source.name,
                    "state": BuildState.READY,
                },
            )
        return row

    def _together(self, works: Sequence[_Work], act: Callable[[_Work], StoredImage | None]) -> None:
        """Do this for all of them, so many at once as the setting allows."""
        if not works:
            return
        with ThreadPoolExecutor(settings.RELEASECLONE.builds_at_once) as pool:
            doing = {pool.submit(self._guarded, act, work): work for work in works}
            try:
                self._follow(doing)
            finally:
                self._over.set()
                for future in doing:
                    future.cancel()
        self._over = threading.Event()

    def _guarded(
        self, act: Callable[[_Work], StoredImage | None], work: _Work
    ) -> StoredImage | None:
        if self._over.is_set():
            raise Stopped
        return act(work)

    def _follow(self, doing: dict["Future[StoredImage | None]", _Work]) -> None:
        """Keep what is said and what is done, until all is."""
        left = set(doing)
        while left:
            for future in [one for one in left if one.done()]:
                left.discard(future)
                self._tell(doing[future])
                self._settle(doing[future], future)
            for work in doing.values():
                self._tell(work)
            if self.unwanted():
                raise Stopped
            self.lease.require()
            if left:
                time.sleep(_LOOK_SECONDS)

    def _tell(self, work: _Work) -> None:
        lines: list[str] = []
        while not work.said.empty():
            lines.append(work.said.get())
        if lines:
            work.last = [*work.last, *lines][-EVIDENCE_LINES:]
            with self.lease.writing():
                say(self.build, lines, masker=self.masker, step=work.row)

    def _settle(self, work: _Work, future: "Future[StoredImage | None]") -> None:
        try:
            made = future.result()
        except BuildError as wrong:
            reason = self.masker.line(str(wrong))
            self._end(work, BuildState.ERRORED, reason)
            raise Failed(reason, self._cause(work, wrong, reason)) from wrong
        if made is not None:
            self._keep(work, made)

    def _cause(self, work: _Work, wrong: BuildError, reason: str) -> dict[str, Any]:
        return {
            "image": work.row.name,
            "dockerfile": work.wanted.source.build.dockerfile,
            "line": wrong.line,
            "instruction": self.masker.line(wrong.instruction),
            "message": reason,
            "lines": [self.masker.line(line) for line in work.last],
        }

    def _look_into(self, work: _Work) -> None:
        """What it would be made from; the images that it begins from are fetched."""
        work.looked = self._builder.look_into(work.wanted.order)
        if work.wanted.source.site is not None:
            have_server(
                self._builder,
                work.looked,
                tell=lambda lines: _said(work, lines),
                unwanted=self._over.is_set,
            )
        for base in work.looked.bases:
            found = self._builder.find(base) or self._builder.pull(
                base,
                credentials=self.credentials,
                tell=lambda lines: _said(work, lines),
                unwanted=self._over.is_set,
            )
            work.bases[base] = found.identifier

    def _reuse(self, work: _Work, forced: bool) -> bool:
        """Whether the same inputs were built before, and the engine has the image still."""
        work.row.key = self._key(work)
        work.row.started_at = timezone.now()
        if forced:
            return False
        image = Image.objects.filter(context=self.build.context, key=work.row.key).first()
        if image is None:
            return False
        if not self.build.context.pushes_to:
            if self._builder.find(image.digest) is None:
                return False
            self._builder.tag(image.digest, work.wanted.order.tags)
        work.image = image
        work.row.reused = True
        Image.objects.filter(pk=image.pk).update(used_at=timezone.now())
        with self.lease.writing():
            say(
                self.build,
                [f"{work.row.name}: built from the same before, used again"],
                masker=self.masker,
                step=work.row,
            )
        self._end(work, BuildState.DONE, "")
        return True

    def _key(self, work: _Work) -> str:
        assert work.looked is not None
        order = work.wanted.order
        secret = {name: wiring.fingerprint(v) for name, v in order.secret_arguments.items()}
        return image_key(
            content=work.looked.digest,
            dockerfile=work.looked.dockerfile,
            target=order.target,
            arguments={**order.arguments, **secret},
            bases=work.bases,
            platform=work.looked.platform,
        )

    def _build_one(self, work: _Work) -> StoredImage:
        work.said.put(f"{work.row.name}: build begins")
        made = self._builder.build(
            work.wanted.order,
            tell=lambda lines: _said(work, lines),
            unwanted=self._over.is_set,
        )
        if not self.build.context.pushes_to:
            return made
        name = f"{repository_of(self.build, work.row.name)}:{self.build.commit[:_COMMIT_SHOWN]}"
        digest = self._builder.push(
            made.identifier,
            name,
            credentials=self.credentials,
            tell=lambda lines: _said(work, lines),
            unwanted=self._over.is_set,
        )
        return StoredImage(digest, made.size, made.history, made.labels)

    def _keep(self, work: _Work, made: StoredImage) -> None:
        with self.lease.writing():
            work.image, _ = Image.objects.update_or_create(
                context=self.build.context,
                key=work.row.key,
                defaults={
                    "application": self.build.application,
                    "digest": made.identifier,
                    "size": made.size,
                    "used_at": timezone.now(),
                },
            )
        self._end(work, BuildState.DONE, "")

    def _end(self, work: _Work, state: BuildState, reason: str) -> None:
        row = work.row
        row.state, row.reason, row.image = state, reason, work.image
        row.ended_at = timezone.now()
        with self.lease.writing():
            row.save()


def _said(work: _Work, lines: Sequence[str]) -> None:
    for line in lines:
        work.said.put(line)


def credentials_of(context: Context) -> list[RegistryCredentials]:
    """How to sign in to the registries that the context knows."""
    return list(_credentials(context))


def _credentials(context: Context) -> Iterator[RegistryCredentials]:
    for login in context.registry_logins.all():
        password = wiring.unseal(login.password, belongs_to=login.seal_name)
        yield RegistryCredentials(login.registry, login.username, password)
