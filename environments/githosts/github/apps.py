"""A GitHub App that GitHub makes from a manifest, told for the code that it sent back."""

from collections.abc import Mapping
from typing import Any

from environments.core.ports import GitHostRefused, GitHostUnreachable, MadeApp
from environments.githosts.github.asking import Asking
from environments.githosts.github.place import Place

EVENTS = ("push", "pull_request", "create", "delete")
RIGHTS = {
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
    "deployments": "write",
}


def manifest(*, name: str, home: str, hook: str, made: str, installed: str) -> dict[str, Any]:
    """What GitHub makes an App of. ``made``, ``installed``: where it sends the person back."""
    return {
        "name": name,
        "url": home,
        "hook_attributes": {"url": hook, "active": True},
        "redirect_url": made,
        "setup_url": installed,
        "setup_on_update": False,
        "public": False,
        "default_permissions": RIGHTS,
        "default_events": list(EVENTS),
    }


def app_of(web: str, code: str, *, here_allowed: bool, seconds: float = 15.0) -> MadeApp:
    """The App of this code, which GitHub tells once and within an hour; ``GitHostError``."""
    place = Place(web)
    asking = Asking(place, None, seconds=seconds, here_allowed=here_allowed)
    row = asking.send("POST", f"/app-manifests/{code}/conversions")
    if row is None:
        raise GitHostRefused(
            f"{place.name} does not know this code any more: it is good once, for an hour. Make "
            "the App again."
        )
    return _made(place, row)


def _made(place: Place, row: Mapping[str, Any]) -> MadeApp:
    try:
        page = str(row["html_url"])
        if not page.startswith(f"{place.web}/"):
            raise ValueError(page)
        return MadeApp(
            app_id=str(int(row["id"])),
            private_key=str(row["pem"]),
            hook_secret=str(row["webhook_secret"]),
            page=page,
        )
    except (KeyError, TypeError, ValueError):
        raise GitHostUnreachable(
            f"{place.name} told of the App in a form that cannot be read. Make it again."
        ) from None
