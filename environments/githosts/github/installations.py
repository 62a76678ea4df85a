"""The token of an App's installation: asked for when it is needed, and anew before it ends."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import github

from environments.core.ports import GitHostUnreachable
from environments.githosts.github.asking import Asking
from environments.githosts.github.place import Place

_BEFORE_SECONDS = 60.0


def auth_of(credentials: Mapping[str, str], place: Place, *, seconds: float, here: bool) -> Any:
    """What the library signs questions with. ``seconds`` limits what is asked for it; ``here``:
    whether that may be on this machine."""
    if "app_id" not in credentials:
        return github.Auth.Token(credentials["token"])
    if "installation_id" not in credentials:
        raise GitHostUnreachable(
            "The App of this connection is not installed yet. Install it for the organisation, on "
            "the page of the connection."
        )
    app = github.Auth.AppAuth(credentials["app_id"], credentials["private_key"])
    asking = Asking(place, app, seconds=seconds, here_allowed=here)
    return InstallationToken(asking, int(credentials["installation_id"]))


class InstallationToken(github.Auth.Token):
    """The library's own asks without a limit of time, and wherever it is led."""

    def __init__(self, asking: Asking, installation: int) -> None:
        super().__init__("none yet")
        self._asking, self._installation = asking, installation
        self._lock = threading.Lock()
        self._ends = 0.0

    @property
    def token(self) -> str:
        """One that is good for a while; ``GitHostError``."""
        with self._lock:
            if time.time() > self._ends - _BEFORE_SECONDS:
                self._renew()
            return self._token

    def _renew(self) -> None:
        name = self._asking.place.name
        row = self._asking.send("POST", f"/app/installations/{self._installation}/access_tokens")
        if row is None:
            raise GitHostUnreachable(
                f"{name} gives this App no token: it has no installation {self._installation}. "
                "Install it again, on the page of the connection."
            )
        try:
            self._ends = datetime.fromisoformat(row["expires_at"]).timestamp()
            self._token = str(row["token"])
        except (KeyError, TypeError, ValueError):
            raise GitHostUnreachable(
                f"{name} gave this App a token that cannot be read. Try again later."
            ) from None
