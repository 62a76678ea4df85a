"""Text of others on its way to a page: secrets hidden, control characters taken out."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

LINE_LIMIT = 4_000
_MASK = "••••"
_SHORT = 6
"""Secrets shorter than this are masked only where they stand alone."""
_PART = 12
"""Base64 of a part of a longer text is looked for from this many characters on."""
_WRAPS = (64, 76)
"""Where programs break base64: PEM, and everything else."""
_CONTROL = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class Masker:
    """Hides secret values in text: as they are, and in the forms that programs print them in."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            for piece in {secret, secret.strip(), *_long_lines(secret)}:
                forms.update(_forms(piece))
        self._forms = tuple(form for form in sorted(forms) if form.strip())

    def masked(self, text: str) -> str:
        """The text with every secret replaced; where two overlap, both are gone."""
        spans = sorted(span for form in self._forms if form in text for span in _spans(form, text))
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for first, last in spans:
            if first >= end:
                parts += (text[end:first], _MASK)
            end = max(end, last)
        return "".join((*parts, text[end:]))

    def line(self, text: str) -> str:
        """One line as it may be shown: cleaned, every secret hidden, no longer than the limit.

        Looked through twice: what colours stood in the middle of shows only without them.
        """
        return _cut(self.masked(_without_control(self.masked(text))))


def _spans(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the form stands in the text; a short one only where no word goes on around it."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        if len(form) >= _SHORT or not _in_word(text, start, end):
            yield start, end
        start = text.find(form, end)


def _in_word(text: str, start: int, end: int) -> bool:
    return any(_is_word(one) for one in (text[max(start - 1, 0) : start], text[end : end + 1]))


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _long_lines(secret: str) -> Iterable[str]:
    lines = secret.splitlines()
    return (line.strip() for line in lines if len(lines) > 1 and len(line.strip()) >= _SHORT)


def _forms(piece: str) -> Iterator[str]:
    yield piece
    if len(piece) < _SHORT:
        return
    raw = piece.encode("utf-8", "surrogatepass")
    yield from _base64(raw)
    yield from _base64(raw + b"\n")
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
    yield json.dumps(piece)[1:-1]
    yield json.dumps(piece, ensure_ascii=False)[1:-1]
    yield repr(piece)[1:-1]
    yield escape(piece)
    yield escape(piece, quote=False)


def _base64(raw: bytes) -> Iterator[str]:
    """Alone, broken into lines, and as the part of a longer text (``user:secret``)."""
    alone = base64.b64encode(raw).decode().rstrip("=")
    found = [alone]
    for wrap in _WRAPS:
        lines = [alone[at : at + wrap] for at in range(0, len(alone), wrap)]
        found += [line for line in lines if len(lines) > 1 and len(line) >= _PART]
    for ahead in range(3):
        # Of the characters at the ends, some bits belong to the neighbours.
        text = base64.b64encode(bytes(ahead) + raw).decode()
        part = text[(0, 2, 3)[ahead] : (ahead + len(raw)) * 8 // 6]
        if len(part) >= _PART:
            found.append(part)
    for form in found:
        yield form
        yield form.replace("+", "-").replace("/", "_")


def clean(text: str) -> str:
    """One line without what could move a cursor, hide a link or turn the direction of text."""
    return _cut(_without_control(text))


def _without_control(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", _CONTROL.sub("", text.replace("\r", "")))


def _cut(line: str) -> str:
    if len(line) <= LINE_LIMIT:
        return line
    return f"{line[:LINE_LIMIT]} … {len(line) - LINE_LIMIT} characters left out"
