"""Templates as many hands write them: the same things said in styles that are drawn at random.

A text is made of parts, each with what it belongs to, so that a test knows byte for byte what an
edit may touch. Nothing here is shared with the code under test.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import strategies as st

Owner = tuple[str, ...]
"""A key at the top, or ``("services", name)``; empty for what belongs to nothing."""

COMMENTS = [
    "# note",
    "#",
    "# ä 😀 \t tab",
    "# - name: web",
    "# app_imports:",
    "",
    "  ",
]
TAILS = ["", "", "", " # why", "  ", "\t# tab # twice", " #ö"]


@dataclass
class Style:
    """Draws how each thing is written."""

    draw: st.DrawFn
    parts: list[tuple[Owner, str]] = field(default_factory=list)
    newline: str = "\n"

    def one_of(self, *ways: Any) -> Any:
        return self.draw(st.sampled_from(ways))

    def tail(self) -> str:
        return str(self.draw(st.sampled_from(TAILS)))

    def word(self, text: str) -> str:
        """A word in any quotes, and in none where it needs none."""
        plain = [text, text] if text[0].isalnum() else []
        return str(self.one_of(*plain, f"'{text}'", f'"{text}"'))

    def flow(self, value: Any) -> str:
        """Between brackets, with or without blanks."""
        blank = self.one_of("", " ")
        if isinstance(value, dict):
            pairs = f",{blank or ' '}".join(
                f"{key}: {self.flow(each)}" for key, each in value.items()
            )
            return f"{{{blank}{pairs}{blank}}}"
        if isinstance(value, list):
            return f"[{blank}{', '.join(map(self.flow, value))}{blank}]"
        return self.scalar(value)

    def block(self, head: str, text: str, column: int) -> list[str]:
        """Text of several lines as a block below its head."""
        indent = " " * (column + int(self.one_of(1, 2, 4)))
        rows = text.removesuffix("\n").split("\n")
        return [f"{head} |{self.tail()}", *(f"{indent}{row}" if row else "" for row in rows)]

    def scalar(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return json.dumps(value) if "\n" in value else self.word(value)
        return str(value)

    def lines(self, value: Any, column: int) -> list[str]:
        """In block style at a column, with comments in between."""
        indent = " " * column
        made: list[str] = []
        pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
        for key, each in pairs:
            if self.draw(st.integers(0, 5)) == 0:
                made.append(f"{indent}{self.one_of('# inside', '# x: y')}")
            if key is None:
                made += self.item(each, column)
                continue
            made += self.pair(f"{indent}{key}:", each, column)
        return made

    def pair(self, head: str, value: Any, column: int) -> list[str]:
        if isinstance(value, str) and "\n" in value:
            return self.block(head, value, column)
        if not isinstance(value, dict | list) or not value or self.draw(st.booleans()):
            return [f"{head} {self.flow(value)}{self.tail()}"]
        inset = self.one_of(0, 2, 4) if isinstance(value, list) else self.one_of(2, 4)
        return [f"{head}{self.tail()}", *self.lines(value, column + inset)]

    def item(self, value: Any, column: int) -> list[str]:
        indent = " " * column
        if isinstance(value, str) and "\n" in value:
            return self.block(f"{indent}-", value, column)
        if not isinstance(value, dict) or self.draw(st.integers(0, 3)) == 0:
            return [f"{indent}- {self.flow(value)}{self.tail()}"]
        gap = self.one_of(1, 1, 1, 3)
        first, *rest = self.lines(value, column + 1 + gap)
        if first.lstrip().startswith("#"):
            return [f"{indent}-", first, *rest]
        return [f"{indent}-{' ' * gap}{first.lstrip()}", *rest]

    def add(self, owner: Owner, lines: list[str]) -> None:
        self.parts.append((owner, "".join(f"{line}{self.newline}" for line in lines)))

    def remark(self) -> None:
        """A comment or a blank line that belongs to nothing."""
        if self.draw(st.integers(0, 2)) == 0:
            self.add((), [str(self.draw(st.sampled_from(COMMENTS)))])

    def top(self, key: str, value: Any) -> None:
        """A key at the top with its value as one part; a list of services item by item."""
        self.remark()
        if key == "services" and value:
            inset = self.one_of(0, 2)
            self.add((), [f"services:{self.tail()}"])
            for service in value:
                self.add(("services", service["name"]), self.item(service, inset))
            return
        self.add((key,), self.pair(f"{key}:", value, 0))


@st.composite
def texts(draw: st.DrawFn, values: st.SearchStrategy[dict[str, Any]]) -> Any:
    """(value, text, parts): a template that says the value, its keys in any order."""
    value = draw(values)
    style = Style(draw, newline=draw(st.sampled_from(["\n", "\n", "\r\n"])))
    if draw(st.booleans()):
        style.add((), [*(["%YAML 1.2"] if draw(st.booleans()) else []), "---"])
    for key in draw(st.permutations(list(value))):
        style.top(key, value[key])
    style.remark()
    if draw(st.integers(0, 5)) == 0:
        style.add((), ["..."])
    bom = draw(st.sampled_from(["", "", "\ufeff"]))
    text = "".join(part for _, part in style.parts)
    if draw(st.booleans()):
        text = text.removesuffix(style.newline)
    if not text.endswith(style.newline):
        value = yaml.load(text, Loader=yaml.CSafeLoader)  # a block at the end may lose its break
    return value, bom + text, style.parts


def untouched(parts: list[tuple[Owner, str]], touched: set[Owner], grows: set[Owner]) -> list[str]:
    """What an edit has to leave, in order: runs of parts that are not touched.

    ``grows``: behind the last part of these owners something may be put in.
    """
    last = {owner[:1]: number for number, (owner, _) in enumerate(parts) if owner}
    runs = [""]
    for number, (owner, part) in enumerate(parts):
        if owner in touched:
            runs.append("")
            continue
        if part.startswith("..."):
            runs.append("")  # the end of the file is before the mark that says so
        runs[-1] += part
        if owner[:1] in grows and last[owner[:1]] == number:
            runs.append("")
    return [run.rstrip("\r\n") for run in runs if run.strip()]


def missing(after: str, runs: list[str]) -> str | None:
    """The first run that the text does not have, or not in this order."""
    at = 0
    after = after.replace("|-", "|")  # what a block of text that ended the file has to say now
    for run in runs:
        found = after.find(run, at)
        if found < 0:
            return run
        at = found + len(run)
    return None
