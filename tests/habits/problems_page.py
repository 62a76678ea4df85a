"""Writes ``docs/problems.md`` from the catalogue: ``python -m tests.habits.problems_page``."""

import re
import sys

from environments.core.problems import CATALOGUE

_HEAD = """# Problems

Every failure that a person can meet has an id, a sentence that names the object and the reason, and
a next step. Commands give the id with `--json`. Words in braces stand for what it is about.

| id | what it says | what to do |
|---|---|---|
"""


def page() -> str:
    """The text of the page."""
    rows = (
        f"| `{problem}` | {_cell(entry.sentence)} | {_cell(entry.next_step)} |\n"
        for problem, entry in sorted(CATALOGUE.items())
    )
    return _HEAD + "".join(rows)


def _cell(text: str) -> str:
    plain = re.sub(r"\{(\w+)![rs]\}", r"{\1}", text)
    return plain.replace("{{", "{").replace("}}", "}").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
