"""What the parser stumbled over, said for the person who wrote it."""

import re

import yaml

from environments.core.problems import Problem, error
from environments.core.yamlfile.model import Document, lines_of

_WITHOUT_COLON = re.compile(
    r"(?P<before>[ ]*(?:- +)?)(?P<key>[A-Za-z_][\w-]*)[ \t]*(?P<after>#.*)?"
)

# What the parser says → how it is said here. Anything else is passed on as it is.
_SENTENCES = {
    "could not find expected ':'": "a key without its colon",
    "mapping values are not allowed in this context": (
        "a colon where no key can stand; text with a colon and a space in it needs quotes"
    ),
    "found unexpected end of stream": "a quote that is never closed",
    "did not find expected ',' or ']'": "a list in [ ] that is never closed",
    "did not find expected ',' or '}'": "a mapping in { } that is never closed",
    "did not find expected '-' indicator": "a line that does not line up with the list above it",
    "did not find expected key": "a line that does not line up with the keys above it",
    "did not find expected node content": "a value that is missing or never closed",
    "found character that cannot start any token": (
        "a character that no plain text can begin with; put the text in quotes"
    ),
    "found incompatible YAML document": "a YAML version that is not 1.1 or 1.2",
}


def syntax_problem(wrong: yaml.MarkedYAMLError, document: Document) -> Problem:
    """The error that the parser's exception stands for."""
    mark = wrong.problem_mark or wrong.context_mark
    offset = mark.index if mark is not None else 0
    if slip := _key_without_colon(wrong, document):
        at, key = slip
        return error("yaml.colon", place=document.place(at), key=key)
    if document.text[offset : offset + 1] == "\t":
        return error("yaml.tab", place=document.place(offset))
    said = str(wrong.problem or "it has no structure")
    opened = wrong.context_mark.index if wrong.context_mark is not None else offset
    began = document.place(opened).line
    since = f" (begun in line {began})" if began != document.place(offset).line else ""
    reason = _SENTENCES.get(said, said) + since
    return error("yaml.syntax", place=document.place(offset), reason=reason)


def _key_without_colon(wrong: yaml.MarkedYAMLError, document: Document) -> tuple[int, str] | None:
    """Offset and text of a key that stands alone on its line, at or just above the mark."""
    if wrong.problem not in (
        "could not find expected ':'",
        "mapping values are not allowed in this context",
        "did not find expected key",
        "did not find expected '-' indicator",
    ):
        return None
    lines = lines_of(document.text)
    for mark in (wrong.context_mark, wrong.problem_mark):
        if mark is None:
            continue
        row = document.place(mark.index).line - 1
        for candidate in _rows_at_or_above(lines, row):
            found = _WITHOUT_COLON.fullmatch(lines[candidate].rstrip("\r\n"))
            if found and _is_read_as_key(lines, candidate, found):
                at = sum(map(len, lines[:candidate])) + found.start("key")
                return at, found["key"]
    return None


def _rows_at_or_above(lines: list[str], row: int) -> list[int]:
    """The row of the mark and the nearest row above it that is not blank or a comment."""
    rows = [row] if row < len(lines) else []
    above = row - 1
    while above >= 0 and (not lines[above].strip() or lines[above].lstrip().startswith("#")):
        above -= 1
    return [*rows, above] if above >= 0 else rows


def _is_read_as_key(lines: list[str], row: int, found: re.Match[str]) -> bool:
    """Whether the next line of content goes on below, as after a key, or beside it."""
    following = next((line for line in lines[row + 1 :] if line.strip()), "")
    indent = len(following) - len(following.lstrip(" "))
    return indent >= len(found["before"]) or not following


def mended(text: str, problem: Problem) -> str | None:
    """The text with the missing colon in its place; None for any other problem."""
    if problem.id != "yaml.colon" or problem.place is None:
        return None
    lines = lines_of(text)
    row = problem.place.line - 1
    found = _WITHOUT_COLON.match(lines[row])
    if found is None:
        return None
    lines[row] = f"{lines[row][: found.end('key')]}:{lines[row][found.end('key') :]}"
    return "".join(lines)
