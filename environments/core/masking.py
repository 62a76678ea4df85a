"""Text of others on its way to a page: secrets hidden, control characters taken out."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

LINE_LIMIT = 4_000
_MASK = "••••"
_SHORT = 6
"""Secrets shorter than this are masked only where they stand alone."""
_CONTROL = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Masker:
    """Hides secret values in text: as they are, and in the forms that programs print them in."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            for piece in {secret, secret.strip(), *_long_lines(secret)}:
                forms.update(_forms(piece))
        ordered = sorted((form for form in forms if form), key=len, reverse=True)
        pattern = "|".join(_pattern(form) for form in ordered)
        self._pattern = re.compile(pattern) if pattern else None

    def masked(self, text: str) -> str:
        """The text with every secret replaced."""
        return self._pattern.sub(_MASK, text) if self._pattern else text


def _long_lines(secret: str) -> Iterable[str]:
    lines = secret.splitlines()
    return (line.strip() for line in lines if len(lines) > 1 and len(line.strip()) >= _SHORT)


def _forms(piece: str) -> Iterable[str]:
    yield piece
    if len(piece) < _SHORT:
        return
    raw = piece.encode()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    yield quote(piece, safe="")
    yield quote(piece)
    yield json.dumps(piece)[1:-1]
    yield json.dumps(piece, ensure_ascii=False)[1:-1]


def _pattern(form: str) -> str:
    if len(form) < _SHORT:
        return rf"(?<!\w){re.escape(form)}(?!\w)"
    return re.escape(form)


def clean(text: str) -> str:
    """One line without what could move a cursor, hide a link or turn the direction of text."""
    line = _UNPRINTABLE.sub("\ufffd", _CONTROL.sub("", text.replace("\r", "")))
    if len(line) <= LINE_LIMIT:
        return line
    return f"{line[:LINE_LIMIT]} … {len(line) - LINE_LIMIT} characters left out"
