"""A proposal to rename a service, opened from a collision; its author looks at it and saves it."""

from collections.abc import Mapping
from typing import Any

from environments.core.diff import text_difference
from environments.core.names import is_label
from environments.core.template import parse_application_template, with_renamed_service


def renamed(text: str, asked: Mapping[str, str]) -> str | None:
    """The template with the service ``rename`` called ``to``; None where that is not asked for."""
    old, new = asked.get("rename", ""), asked.get("to", "")
    template = parse_application_template(text).template
    if template is None or template.service(old) is None or not is_label(new):
        return None
    return with_renamed_service(text, old, new)


def proposal(stored: str, proposed: str | None) -> dict[str, Any]:
    """What the page shows of it: the difference, where there is one."""
    return {"proposal": text_difference(stored, proposed)} if proposed else {}
