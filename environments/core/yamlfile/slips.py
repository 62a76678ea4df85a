"""What the parser stumbled over, said for the person who wrote it."""

import re

import yaml

from environments.core.problems import Problem, error
from environments.core.yamlfile.model import Document, lines_of
from environments.core.yamlfile.spans import line_start

_WITHOUT_COLON = re.compile(
    r"(?P<before>[ ]*(?:- +)?)(?P<key>[A-Za-z_][\w-]*)[ \t]*(?P<after>#.*)?"
)

# A key alone on the line before the parser's mark, and a key that runs into its value.
_KEY_ALONE = re.compile(r"[ ]*(?:- +)*(?P<key>[A-Za-z_][\w-]*)[ ]*\Z")
_RUN_TOGETHER = re.compile(r"(?P<key>[A-Za-z_][\w-]*):(?![\s/])(?P<value>[^\r\n]+)")

# What the parser says → how it is said here. Anything else is passed on as it is.
_SENTENCES = {
    "could not find expected ':'": (
        "a line that is neither a key with its colon nor an item with its dash"
    ),
    "mapping values are not allowed in this context": (
        "a colon where no key can stand; text with a colon and a space in it needs quotes"
    ),
    "found unexpected end of stream": "a quote that is never closed",
    "did not find expected ',' or ']'": "a list in [ ] that is never closed",
    "did not find expected ',' or '}'": "a mapping in { } that is never closed",
    "did not find expected '-' indicator": "a line that does not line up with the list above it",
    "did not find expected key": "a line that does not line up with the keys above it",
    "did not find expected node content": "a value that is missing or never closed",
    "did not find expected comment or line break": (
        "text behind | or >; it begins on the next line, further to the right"
    ),
    "block sequence entries are not allowed in this context": (
        "a dash where no item can stand; a list begins on the line below its key"
    ),
    "found unknown escape character": (
        "a backslash that means nothing between double quotes; write it twice, or use single quotes"
    ),
    "found character that cannot start any token": (
        "a character that no plain text can begin with; put the text in quotes"
    ),
    "did not find expected <document start>": (
        "something that cannot follow what stands above it; is a colon missing there?"
    ),
    "found incompatible YAML document": "a YAML version that is not 1.1 or 1.2",
}
# What the parser was at → how it is said here, at the place where it began.
_SENTENCES_OF_THE_BEGINNING = {
    "while scanning an alias": "* begins an alias; text that begins with * needs quotes",
    "while scanning an anchor": "& begins an anchor; text that begins with & needs quotes",
    "while scanning a tag": "! begins a tag; text that begins with ! needs quotes",
    "while scanning a directive": "% begins a directive; text that begins with % needs quotes",
    "while scanning a simple key": _SENTENCES["could not find expected ':'"],
    "while scanning a quoted scalar": _SENTENCES["found unexpected end of stream"],
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
    known = _run_together(wrong, document) or _out_of_line(wrong, document, offset)
    if known is not None:
        return known
    at, reason = _reason(wrong, document.text, offset)
    return error("yaml.syntax", place=document.place(at), reason=reason + _since(wrong, document))


def _run_together(wrong: yaml.MarkedYAMLError, document: Document) -> Problem | None:
    """A key whose value stands right behind the colon."""
    if wrong.context_mark is None or wrong.context != "while scanning a simple key":
        return None
    at = wrong.context_mark.index
    found = _RUN_TOGETHER.match(document.text, at)
    if found is None:
        return None
    key, value = found["key"], found["value"].strip()
    return error("yaml.blank", place=document.place(at), key=key, value=value)


def _out_of_line(wrong: yaml.MarkedYAMLError, document: Document, offset: int) -> Problem | None:
    """A key that stands further to the right than those that it belongs to."""
    if wrong.problem != "mapping values are not allowed in this context":
        return None
    begin = line_start(document.text, offset)
    found = _KEY_ALONE.fullmatch(document.text, begin, offset)
    if found is None:
        return None
    return error("yaml.indent", place=document.place(found.start("key")), key=found["key"])


def _reason(wrong: yaml.MarkedYAMLError, text: str, offset: int) -> tuple[int, str]:
    """Where the error is, and what it is."""
    beginning = _SENTENCES_OF_THE_BEGINNING.get(str(wrong.context))
    if beginning is not None and wrong.context_mark is not None:
        return wrong.context_mark.index, beginning
    said = str(wrong.problem or "it has no structure")
    if text[offset - 1 : offset + 1] == "${":
        return offset - 1, "${ between { } or [ ]; put the text in quotes"
    if said == "did not find expected key":
        if text[offset : offset + 1] in ("]", "}"):
            return offset, f"a {text[offset]} that closes nothing"
        if text[:offset].rstrip(" ").endswith(("'", '"')):
            return offset, "text behind a closing quote; a single quote in single quotes is doubled"
    return offset, _SENTENCES.get(said, said)


def _since(wrong: yaml.MarkedYAMLError, document: Document) -> str:
    """In which line what the parser was at began, where that is another one."""
    if wrong.context_mark is None or wrong.context in _SENTENCES_OF_THE_BEGINNING:
        return ""
    began = document.place(wrong.context_mark.index).line
    ended = document.place((wrong.problem_mark or wrong.context_mark).index).line
    return f" (begun in line {began})" if began != ended else ""


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
    """The text with the missing colon or blank in its place; None for any other problem."""
    missing = {"yaml.colon": (_WITHOUT_COLON, 0, ":"), "yaml.blank": (_RUN_TOGETHER, 1, " ")}
    if problem.id not in missing or problem.place is None:
        return None
    pattern, behind, mark = missing[problem.id]
    lines = lines_of(text)
    row = problem.place.line - 1
    found = pattern.search(lines[row])
    if found is None:
        return None
    at = found.end("key") + behind
    lines[row] = f"{lines[row][:at]}{mark}{lines[row][at:]}"
    return "".join(lines)
