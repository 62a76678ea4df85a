"""What helm renders, marked as ours: everything else of it stays as it was."""

import json
import subprocess
import sys
from typing import Any

import pytest

from environments.engines.kubernetes import labelling

LABELS = {"releaseclone/installation": "12345e67"}


def through(rendered: str) -> list[dict[str, Any]]:
    """As helm runs it."""
    done = subprocess.run(
        [sys.executable, "-I", labelling.__file__, json.dumps(LABELS)],
        input=rendered,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(one) for one in done.stdout.split("---\n") if one]


@pytest.mark.parametrize(
    ("rendered", "pods"),
    [
        ("kind: Secret\nmetadata: {name: a}\n", None),
        ("kind: Deployment\nspec: {template: {spec: {}}}\n", ("spec", "template")),
        (
            "kind: CronJob\nspec: {jobTemplate: {spec: {template: {metadata: {}}}}}\n",
            ("spec", "jobTemplate", "spec", "template"),
        ),
    ],
)
def test_an_object_and_its_pods_are_marked(rendered: str, pods: tuple[str, ...] | None) -> None:
    (one,) = through(rendered)
    assert one["metadata"]["labels"] == LABELS
    for step in pods or ():
        one = one[step]
    assert one["metadata"]["labels"] == LABELS


def test_all_else_stays() -> None:
    rendered = """---
# Source: a
kind: ConfigMap
metadata: {name: a, labels: {own: "1", releaseclone/installation: other}}
data: {date: 2026-11-26, number: "12345e67", text: "é: |"}
---
---
kind: Role
"""
    first, second = through(rendered)
    assert first["metadata"] == {"name": "a", "labels": {"own": "1", **LABELS}}
    assert first["data"] == {"date": "2026-11-26", "number": "12345e67", "text": "é: |"}
    assert second["kind"] == "Role"
