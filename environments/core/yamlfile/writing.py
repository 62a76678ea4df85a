"""How a new value is written into a file: as lines that a person would have written."""

import json
from dataclasses import dataclass

from environments.core.yamlfile.model import Document, Items, Mapping, Node, Plain, Scalar, plain
from environments.core.yamlfile.model import lines_of as _lines_of
from environments.core.yamlfile.scalars import quoted_like, written, written_in_flow
from environments.core.yamlfile.spans import break_before, content_end, line_start

STEP = 2
"""Blanks of one level."""


@dataclass(frozen=True, slots=True)
class Form:
    """A value as text: ``first`` stands behind the key or dash, ``rest`` on lines below.

    A collection in block style has no ``first``. The lines have no indentation of their own;
    ``inset`` is how far they stand from the key.
    """

    first: str
    rest: tuple[str, ...] = ()
    inset: int = STEP


@dataclass(frozen=True, slots=True)
class Copied:
    """A value together with the text that its author gave it elsewhere in the file."""

    value: Plain
    form: Form


New = Plain | Copied
"""What may be written: a value, or one that brings its own text."""


def value_of(new: New) -> Plain:
    """The value without its text."""
    return new.value if isinstance(new, Copied) else new


def form_of(new: New, *, list_inset: int, style: str = "") -> Form:
    """The text in block style. ``style``: the quotes of the scalar whose place it takes."""
    if isinstance(new, Copied):
        return new.form
    if isinstance(new, dict) and new:
        return Form("", tuple(_mapping_lines(new, list_inset)))
    if isinstance(new, list) and new:
        return Form("", tuple(_list_lines(new, list_inset)), list_inset)
    if isinstance(new, dict | list):
        return Form(json.dumps(new))
    return Form(quoted_like(new, style))


def written_out(value: Plain) -> str:
    """A whole file that says this."""
    form = form_of(value, list_inset=0)
    return "\n".join(form.rest or (form.first,)) + "\n"


def flow_of(new: Plain) -> str:
    """The text between ``[`` and ``]`` or ``{`` and ``}``."""
    if isinstance(new, dict):
        return "{" + ", ".join(f"{written_in_flow(k)}: {flow_of(v)}" for k, v in new.items()) + "}"
    if isinstance(new, list):
        return f"[{', '.join(map(flow_of, new))}]"
    return written_in_flow(new)


def under_key(key: str, form: Form, column: int) -> list[str]:
    """Lines of ``key: value`` at the column."""
    indent = " " * (column + form.inset)
    head = f"{' ' * column}{written(key)}: {form.first}".rstrip()
    return [head, *(_indented(line, indent) for line in form.rest)]


def under_dash(form: Form, column: int) -> list[str]:
    """Lines of ``- value`` with the dash at the column."""
    indent = " " * (column + STEP)
    rest = list(form.rest)
    first = form.first or rest.pop(0)
    return [f"{' ' * column}- {first}", *(_indented(line, indent) for line in rest)]


def indented(form: Form, column: int) -> list[str]:
    """The lines below the key, at the column."""
    return [_indented(line, " " * column) for line in form.rest]


def _indented(line: str, indent: str) -> str:
    return f"{indent}{line}" if line else ""


def _mapping_lines(value: dict[str, Plain], list_inset: int) -> list[str]:
    return [
        line
        for key, each in value.items()
        for line in under_key(key, form_of(each, list_inset=list_inset), 0)
    ]


def _list_lines(value: list[Plain], list_inset: int) -> list[str]:
    return [line for each in value for line in under_dash(form_of(each, list_inset=list_inset), 0)]


def copied(document: Document, node: Node) -> New:
    """The value of the node with its text, where the text can be moved; else the value alone."""
    value = plain(node)
    end = content_end(document.text, node)
    text = document.text[node.start : end]
    if isinstance(node, Mapping | Items) and not node.flow:
        if node.first != node.start:
            return value
        column = node.start - line_start(document.text, node.start)
        lines = _dedented(document.text[_with_comments(document.text, node.start) : end], column)
        inset = 0 if isinstance(node, Items) and _stands_at_key(document, node) else STEP
        return Copied(value, Form("", lines, inset))
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        return _literal(value, text)
    return value if "\n" in text or "\r" in text else Copied(value, Form(text))


def _with_comments(text: str, offset: int) -> int:
    """The beginning of the comment lines right above a block; the offset where it shares a line."""
    begin = line_start(text, offset)
    if text[begin:offset].strip():
        return offset
    while begin:
        above = line_start(text, break_before(text, begin))
        if not text[above:begin].lstrip().startswith("#"):
            break
        begin = above
    return begin


def _stands_at_key(document: Document, node: Items) -> bool:
    """Whether the list begins in the column of the key above it (``key:`` / ``- item``)."""
    column = node.start - line_start(document.text, node.start)
    begin = line_start(document.text, _with_comments(document.text, node.start))
    above = document.text[:begin].rstrip()
    head = above[line_start(above, len(above)) :]
    return len(head) - len(head.lstrip(" ")) == column


def _literal(value: Plain, text: str) -> New:
    head, *rest = (line.rstrip("\r\n") for line in _lines_of(text))
    if any(mark.isdigit() for mark in head.split("#")[0]):
        return value
    margin = min((_indent(line) for line in rest if line.strip()), default=0)
    return Copied(value, Form(head, tuple(line[margin:] for line in rest)))


def _dedented(text: str, column: int) -> tuple[str, ...]:
    lines = (line.rstrip("\r\n") for line in _lines_of(text))
    return tuple(line[min(column, _indent(line)) :] for line in lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
