"""Has the images of a build made, several at once, none of them twice."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
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
from environments.models import Build, BuildState, BuildStep, Image
from environments.services.builds.claims import Claims
from environments.services.builds.orders import Wanted, repository_of
from environments.services.builds.sites import have_server
from environments.services.lease import Lease
from environments.services.say import say

EVIDENCE_LINES = 20
_LOOK_SECONDS = 0.25
_WAIT_SECONDS = 1.0
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
    waits_for: int | None = None
    gone: str = ""
    """The digest that neither the engine nor a registry has any more: not asked for again."""


@dataclass(slots=True)
class Making:
    """One run of a build. ``unwanted`` asks whether it was cancelled."""

    build: Build
    lease: Lease
    masker: Masker
    unwanted: Callable[[], bool]
    credentials: Sequence[RegistryCredentials] = ()
    _over: threading.Event = field(default_factory=threading.Event)
    _claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self._claims = Claims(self.build)

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
        try:
            while missing:
                self._make(missing)
        finally:
            self._claims.release()
        return {task: work.image for work in works for task in work.wanted.tasks if work.image}

    def _make(self, missing: dict[str, list[_Work]]) -> None:
        """Of those that are made from the same, one is built, unless another build makes it now.

        What is done is taken out of ``missing``. Nothing is waited for while a claim is held, so
        builds never wait for each other.
        """
        forced = self.build.forced
        ours = [key for key, (work, *_) in missing.items() if self._is_ours(work)]
        self._together(
            # Asked again: whoever had the claim before has just built it.
            [missing[key][0] for key in ours if not self._reuse(missing[key][0], forced)],
            self._build_one,
        )
        for key in ours:
            for work in missing.pop(key)[1:]:
                self._reuse(work, False)
        self._claims.release()
        if missing:
            if self.unwanted():
                raise Stopped
            self.lease.require()
            _wait(_WAIT_SECONDS)

    def _is_ours(self, work: _Work) -> bool:
        if self._claims.claim(work.row) or self.build.forced:
            return True
        holder = self._claims.holder(work.row)
        if holder is not None and holder.pk != work.waits_for:
            work.waits_for = holder.pk
            work.said.put(f"{work.row.name}: {holder} makes the same image, which is waited for")
            self._tell(work)
        return False

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
            self._claims.renew()
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
        if image is None or image.digest == work.gone:
            return False
        if self._builder.find(image.digest) is None and not self._fetched_again(work, image):
            work.gone = image.digest
            return False
        if not self.build.context.pushes_to:
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

    def _fetched_again(self, work: _Work, image: Image) -> bool:
        """Whether the registry has it, where the engine has it no more."""
        if not self.build.context.pushes_to:
            return False
        try:
            self._builder.pull(
                image.digest,
                credentials=self.credentials,
                tell=lambda lines: _said(work, lines),
                unwanted=self.unwanted,
            )
        except BuildError as gone:
            work.said.put(f"{work.row.name}: built anew: {gone}")
            return False
        else:
            work.said.put(f"{work.row.name}: fetched from the registry")
            return True
        finally:
            self._tell(work)

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


def _wait(seconds: float) -> None:
    time.sleep(seconds)


def _said(work: _Work, lines: Sequence[str]) -> None:
    for line in lines:
        work.said.put(line)
