"""Names: how any text becomes a DNS label or a variable name, always by the same function."""

import hashlib
import re

LABEL_LIMIT = 63
HOST_LIMIT = 253
_HASH_LENGTH = 6
_NOT_IN_LABEL = re.compile(r"[^a-z0-9-]+")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_IN_VARIABLE = re.compile(r"[^A-Z0-9]")


def is_label(text: str) -> bool:
    """Whether ``text`` is a DNS label as it stands (RFC 1123, lower case, 1 to 63 long)."""
    return len(text) <= LABEL_LIMIT and _LABEL.fullmatch(text) is not None


def wrong_host(text: str) -> str:
    """What keeps ``text`` from being a host name with a domain, for a person; "" where nothing
    does. Lower case (RFC 1123)."""
    if len(text) > HOST_LIMIT:
        return f"it is longer than {HOST_LIMIT} characters"
    parts = text.split(".")
    if len(parts) == 1:
        return "it has no dot"
    wrong = next((part for part in parts if not is_label(part)), None)
    return "" if wrong is None else f"{wrong!r} is no part of a host name"


def label(*parts: str, limit: int = LABEL_LIMIT) -> str:
    """A DNS label for the parts joined by hyphens: stable, and distinct for distinct input.

    Text that is a label already stays as it is. Whenever something had to be cut or
    replaced, six hexadecimal digits of the SHA-256 of the original are appended, so
    that two inputs cannot meet after the change. ``limit``: fewer characters than a label may
    have, where something is put behind it.
    """
    text = "-".join(parts)
    if is_label(text) and len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = _NOT_IN_LABEL.sub("-", text.lower()).strip("-")
    stem = stem[: limit - _HASH_LENGTH - 1].rstrip("-")
    return f"{stem}-{digest}" if stem else f"x-{digest}"


def variable_prefix(service: str) -> str:
    """A service's name in generated variables: ``my-api`` gives ``MY_API``."""
    return _NOT_IN_VARIABLE.sub("_", service.upper())
