"""What a scalar means (YAML 1.2, core schema), and how a value is written to mean itself."""

import json
import re
from math import isfinite

Value = str | int | float | bool | None

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL = re.compile(r"0o[0-7]{1,300}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_WORD = r"(?:[A-Za-z0-9_./$@+=~^%-]|:(?=[A-Za-z0-9_./$]))"
_BLOCK_WORD = r"(?:[A-Za-z0-9_./$@+=~^%{}-]|:(?=[A-Za-z0-9_./$]))"
_SAFE = re.compile(rf"[A-Za-z0-9_./$]{_BLOCK_WORD}*(?: {_BLOCK_WORD}+)*")
_SAFE_IN_FLOW = re.compile(rf"[A-Za-z0-9_./$]{_WORD}*(?: {_WORD}+)*")
# What other readers of YAML, older ones above all, would not take for text.
_READ_OTHERWISE = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|null|~|nan|inf|"
    r"[-+]?[0-9][0-9_,.:]*([eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+.*|0[xob][0-9a-f_]+|\.(nan|inf)|"
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|-+|\.+"
)
_NOT_PRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def meaning(text: str) -> Value:
    """The value of a plain scalar. Numbers of more than 300 digits stay text."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    # ".inf" and ".nan" stay text: nothing that the product reads could use them.
    if _FLOAT.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text


def written(value: Value) -> str:
    """The value as a scalar of block style on one line."""
    return _written(value, _SAFE)


def written_in_flow(value: Value) -> str:
    """The value as a scalar between ``[`` and ``]`` or ``{`` and ``}``."""
    return _written(value, _SAFE_IN_FLOW)


def _written(value: Value, safe: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if safe.fullmatch(value) and not _READ_OTHERWISE.fullmatch(value):
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_PRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def quoted_like(value: Value, style: str) -> str:
    """The value for the place of a scalar that was quoted with ``style``."""
    if style == "'" and isinstance(value, str) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style == '"' and isinstance(value, str):
        return _quoted(value)
    return written(value)
