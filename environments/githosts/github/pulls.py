"""Pull requests, out of what GitHub says of them."""

from collections.abc import Mapping
from typing import Any

from environments.core.ports import GitHostUnreachable, PullRequestState
from environments.githosts.github.place import Place


def state_of(place: Place, repository: str, row: Mapping[str, Any]) -> PullRequestState:
    """``GitHostUnreachable`` where something of it is missing: then nothing of it is known."""
    try:
        if row["state"] not in ("open", "closed"):
            raise ValueError(row["state"])
        head = row["head"]
        # The repository of a fork may be gone.
        own = ((head.get("repo") or {}).get("full_name") or "").lower()
        return PullRequestState(
            number=int(row["number"]),
            title=_clean(row["title"]),
            address=f"{place.web}/{repository}/pull/{int(row['number'])}",
            author=_clean((row.get("user") or {}).get("login") or "somebody"),
            branch=_clean(head["ref"]),
            base=_clean(row["base"]["ref"]),
            commit=_clean(head["sha"]),
            is_open=row["state"] == "open",
            is_merged=bool(row.get("merged") or row.get("merged_at")),
            is_draft=bool(row.get("draft")),
            is_fork=own != str(row["base"]["repo"]["full_name"]).lower(),
            labels=tuple(_clean(label["name"]) for label in row.get("labels") or ()),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GitHostUnreachable(
            f"{place.name} gave a pull request of {repository} that cannot be read. Try again "
            "later."
        ) from None


def _clean(text: object) -> str:
    """Without what no database keeps."""
    return str(text).replace("\0", "")
