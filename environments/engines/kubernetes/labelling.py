"""Run by helm between rendering and applying: puts labels on all objects, and on their pods.

python labelling.py '{"label": "value"}' < rendered > labelled
"""

import json
import sys
from typing import Any

import yaml

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.CSafeLoader):
    """A date is a text, as it is for whoever reads what comes out."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the library declares it
        first: [(tag, pattern) for tag, pattern in rows if tag != _TIMESTAMP]
        for first, rows in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def labelled(rendered: str, labels: dict[str, str]) -> str:
    """The same objects with these labels; a label of the same name gives way.

    Written as JSON, which is YAML too: there a text like 12345e67 cannot be taken for a number.
    """
    made = []
    for one in yaml.load_all(rendered, Loader=_Loader):
        if one:
            _mark(one, labels)
            spec = one.get("spec") or {}
            if one.get("kind") == "CronJob":
                spec = (spec.get("jobTemplate") or {}).get("spec") or {}
            template = spec.get("template")
            if isinstance(template, dict):
                _mark(template, labels)
            made.append(one)
    return "".join(f"---\n{json.dumps(one)}\n" for one in made)


def _mark(one: dict[str, Any], labels: dict[str, str]) -> None:
    metadata = one.setdefault("metadata", {}) or {}
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    one["metadata"] = metadata


if __name__ == "__main__":
    sys.stdout.write(labelled(sys.stdin.read(), json.loads(sys.argv[1])))
