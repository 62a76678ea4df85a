"""Run by helm between rendering and applying: puts labels on all objects, and on their pods.

python labelling.py '{"label": "value"}' < rendered > labelled
"""

import json
import sys
from typing import Any

import yaml


def labelled(rendered: str, labels: dict[str, str]) -> str:
    """The same objects with these labels; a label of the same name gives way."""
    made = []
    for one in yaml.load_all(rendered, Loader=yaml.CSafeLoader):
        if one:
            _mark(one, labels)
            spec = one.get("spec") or {}
            if one.get("kind") == "CronJob":
                spec = (spec.get("jobTemplate") or {}).get("spec") or {}
            template = spec.get("template")
            if isinstance(template, dict):
                _mark(template, labels)
            made.append(one)
    return str(yaml.dump_all(made, Dumper=yaml.CSafeDumper, sort_keys=False))


def _mark(one: dict[str, Any], labels: dict[str, str]) -> None:
    metadata = one.setdefault("metadata", {}) or {}
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    one["metadata"] = metadata


if __name__ == "__main__":
    sys.stdout.write(labelled(sys.stdin.read(), json.loads(sys.argv[1])))
