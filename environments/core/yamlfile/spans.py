"""Where things end in a text, which the parser does not say: content, lines, colons and dashes."""

import re

from environments.core.yamlfile.model import Items, Mapping, Node, Pair, Scalar

_BREAK = re.compile(r"\r\n|\n|\r")
_BLANK = re.compile(r"(?:[ \t]+|\r\n|\n|\r|(?:(?<=[\s])|^)#[^\r\n]*)*")
_BLANK_LINES = re.compile(r"(?:(?:\r\n|\n|\r)[ \t]*)+\Z")


def with_line_ends_of(text: str, model: str) -> str:
    """The text with CRLF where the model has nothing else: what a form sends has lost it."""
    if "\r" not in text and "\r\n" in model and model.count("\n") == model.count("\r\n"):
        return text.replace("\n", "\r\n")
    return text


def line_start(text: str, offset: int) -> int:
    """Where the line of the offset begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line of the offset ends, before its line break."""
    found = _BREAK.search(text, offset)
    return found.start() if found else len(text)


def break_before(text: str, offset: int) -> int:
    """Where the line break right before the offset begins; the offset itself without one."""
    if text.endswith("\r\n", 0, offset):
        return offset - 2
    return offset - 1 if text.endswith(("\r", "\n"), 0, offset) else offset


def next_line(text: str, offset: int) -> int:
    """Where the line after the one of the offset begins; the end of the text without one."""
    found = _BREAK.search(text, offset)
    return found.end() if found else len(text)


def skip_blank(text: str, offset: int) -> int:
    """The next offset that is neither blank nor comment."""
    found = _BLANK.match(text, offset)
    return found.end() if found else offset


def content_end(text: str, node: Node) -> int:
    """Where the last character of the node's content ends: comments behind it are not part."""
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        return _block_scalar_end(text, node)
    if isinstance(node, Mapping) and not node.flow:
        return pair_end(text, node.pairs[-1])
    if isinstance(node, Items) and not node.flow:
        last = node.items[-1]
        return content_end(text, last)
    return node.end


def pair_end(text: str, pair: Pair) -> int:
    """Where a key with its value ends."""
    return max(pair.key.end, content_end(text, pair.value))


def _block_scalar_end(text: str, node: Scalar) -> int:
    body = text[node.start : node.end]
    if "+" in body[: line_end(body, 0)].split("#")[0]:
        return node.end - (len(found[0]) if (found := re.search(r"(\r\n|\n|\r)\Z", body)) else 0)
    found = _BLANK_LINES.search(body)
    return node.start + (found.start() if found else len(body))


def colon_end(text: str, pair: Pair) -> int | None:
    """Just behind the colon of a pair; None where the key has none."""
    at = skip_blank(text, pair.key.end)
    return at + 1 if text[at : at + 1] == ":" else None


def dash(text: str, items: Items, number: int) -> int:
    """Where the dash of an item of a list in block style stands."""
    if number == 0:
        return items.first
    return skip_blank(text, content_end(text, items.items[number - 1]))
