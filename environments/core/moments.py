"""Times as engines write them."""

from datetime import datetime

_NEVER = "0001-"


def moment(text: object) -> float | None:
    """A time of RFC 3339 as seconds since 1970; None for "never"."""
    if not isinstance(text, str) or not text or text.startswith(_NEVER):
        return None
    return datetime.fromisoformat(text).timestamp()
