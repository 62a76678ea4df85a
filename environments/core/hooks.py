"""What a webhook hints at. Nothing of it is believed: it only says what to ask the host about."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

_BRANCH = "refs/heads/"
_FORM = "application/x-www-form-urlencoded"


class NotRead(Exception):
    """The content is none that a host sends; the text ends a sentence."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Repository and what of it has changed; ``idle``: why there is nothing to ask about."""

    action: str = ""
    repository: str = ""
    """Owner and name."""
    ref: str = ""
    """Of a push: the branch."""
    number: int | None = None
    """Of the pull request."""
    sender: str = ""
    idle: str = ""


def is_signed(content: bytes, signature: str, secret: str) -> bool:
    """Whether the signature ("sha256=…") is this secret's over exactly these bytes."""
    expected = f"sha256={hmac.new(secret.encode(), content, sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def payload_of(content: bytes, content_type: str) -> Mapping[str, Any]:
    """The payload, sent as JSON or as a form that has it in one field; ``NotRead``."""
    text: bytes | str = content
    if content_type.partition(";")[0].strip().lower() == _FORM:
        fields = parse_qs(content.decode("utf-8", "replace"), max_num_fields=10)
        text = (fields.get("payload") or [""])[0]
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise NotRead("it is no JSON") from wrong
    if not isinstance(payload, dict):
        raise NotRead("it is no object")
    return payload


def hint_of(event: str, payload: Mapping[str, Any]) -> Hint:
    """What this event of GitHub is about, whatever may be missing in it."""
    known = Hint(
        action=_text(payload, "action")[:64],
        repository=_text(payload, "repository", "full_name")[:255],
        sender=_text(payload, "sender", "login")[:100],
    )
    match event:
        case "ping":
            return _idle(known, "The host says hello: the webhook works.")
        case "push":
            return _push(known, payload)
        case "pull_request":
            return _pull_request(known, payload)
        case "create" | "delete" if _text(payload, "ref_type") == "branch":
            return _with_ref(known, _text(payload, "ref"))
        case "create" | "delete":
            return _idle(known, "Only branches are followed.")
        case _:
            return _idle(known, f"The event {event[:64]} is not followed.")


def _push(known: Hint, payload: Mapping[str, Any]) -> Hint:
    ref = _text(payload, "ref")
    if not ref.startswith(_BRANCH):
        return _idle(known, "Only branches are followed." if ref else "It names no ref.")
    return _with_ref(known, ref.removeprefix(_BRANCH))


def _with_ref(known: Hint, branch: str) -> Hint:
    if not known.repository or not branch:
        return _idle(known, "It names no repository and branch.")
    return Hint(known.action, known.repository, branch[:255], None, known.sender)


def _pull_request(known: Hint, payload: Mapping[str, Any]) -> Hint:
    number = payload.get("number")
    if type(number) is not int or not 0 < number < 2**31 or not known.repository:
        return _idle(known, "It names no repository and pull request.")
    branch = _text(payload, "pull_request", "head", "ref")[:255]
    return Hint(known.action, known.repository, branch, number, known.sender)


def _idle(known: Hint, why: str) -> Hint:
    return Hint(known.action, known.repository, "", None, known.sender, why)


def _text(payload: Mapping[str, Any], *path: str) -> str:
    """The text at the end of the path, or ""."""
    found: Any = payload
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found.replace("\0", "") if isinstance(found, str) else ""
