"""One build at a time of what is built from the same, whichever workers want it."""

import time

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from environments.models import Build, BuildStep, ImageClaim
from environments.services.lease import LEASE

_RENEW_SECONDS = 4.0


class Claims:
    """The images that a build has claimed for itself."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._rows = ImageClaim.objects.filter(step__build=build)
        self._renewed = 0.0

    def claim(self, step: BuildStep) -> bool:
        """Whether the image of the step is this build's to make; False while another makes it."""
        same = ImageClaim.objects.filter(context=self._build.context, key=step.key)
        try:
            with transaction.atomic():
                same.filter(Q(until__lt=Now()) | Q(step__build=self._build)).delete()
                ImageClaim.objects.create(
                    context=self._build.context, key=step.key, step=step, until=Now() + LEASE
                )
        except IntegrityError:
            return False
        return True

    def holder(self, step: BuildStep) -> Build | None:
        """Who makes the image of the step at this moment."""
        return Build.objects.filter(
            steps__claims__context=self._build.context, steps__claims__key=step.key
        ).first()

    def renew(self) -> None:
        """Keep them; may be called as often as one likes."""
        if time.monotonic() - self._renewed >= _RENEW_SECONDS:
            self._rows.update(until=Now() + LEASE)
            self._renewed = time.monotonic()

    def release(self) -> None:
        """Let others have them."""
        self._rows.delete()
