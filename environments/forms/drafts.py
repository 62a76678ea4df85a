"""The form of an environment: Create with its Advanced Options, and the App Imports tab."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from environments.actions.drafts import EnvironmentDraft, ImportChoice
from environments.core.template.model import AppTemplate, ImportEntry, Parameter
from environments.models import Application, EnvironmentType

_SHOWN = "imports_shown"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One application of the selector. ``branch``: what stands in its field."""

    name: str
    selected: bool
    by_template: bool
    branch: str
    services: Sequence[str]
    excluded: Sequence[str]
    branches: Sequence[str]
    parameters: Sequence[Parameter]
    values: Mapping[str, str]

    @property
    def is_other(self) -> bool:
        """Whether neither the template nor the person imports it."""
        return not (self.selected or self.by_template)


def choices_from(sent: QueryDict) -> tuple[ImportChoice, ...] | None:
    """The selected imports; None where the form had no selector."""
    if _SHOWN not in sent:
        return None
    dropped = _fixed(sent, "drop")
    names = [name for name in dict.fromkeys(sent.getlist("import")) if name not in dropped]
    return tuple(_choice(sent, name) for name in names)


def _choice(sent: QueryDict, name: str) -> ImportChoice:
    branch = sent.get(f"branch.{name}", "").strip()
    excluded = [*sent.getlist(f"exclude.{name}"), *_fixed(sent, "exclude", name)]
    return ImportChoice(
        name,
        branch=branch,
        chosen_by_person=bool(branch) and branch != sent.get(f"template_branch.{name}", ""),
        exclude_services=tuple(dict.fromkeys(excluded)),
    )


def _fixed(sent: QueryDict, act: str, application: str = "") -> list[str]:
    """What a fix button asks for: ``exclude:backend:api`` or ``drop:backend``."""
    parts = sent.get("fix", "").split(":")
    if act == "drop" and len(parts) == 2 and parts[0] == "drop":
        return [parts[1]]
    if act == "exclude" and len(parts) == 3 and parts[:2] == ["exclude", application]:
        return [parts[2]]
    return []


def parallelize_from(sent: QueryDict) -> bool | None:
    """Whether imports deploy side by side; None where the form did not ask."""
    return sent.get("parallelize") == "on" if _SHOWN in sent else None


def parameters_from(sent: QueryDict) -> dict[str, dict[str, str]]:
    """Values by application and parameter name; fields left blank are left out."""
    values: dict[str, dict[str, str]] = {}
    for key in sent:
        prefix, _, rest = key.partition(".")
        application, _, name = rest.partition(".")
        value = sent.get(key, "")
        if prefix == "parameter" and name and value:
            values.setdefault(application, {})[name] = value
    return values


def draft_from(
    application: Application, sent: QueryDict, *, follows_template: bool = False
) -> EnvironmentDraft:
    """The environment that the form describes.

    ``follows_template``: with the imports that the template has, whatever was selected.
    """
    selection = QueryDict() if follows_template else sent
    return EnvironmentDraft(
        application,
        branch=sent.get("branch", "").strip(),
        type=sent.get("type", EnvironmentType.EPHEMERAL.value),
        name=sent.get("name", "").strip(),
        is_production=sent.get("is_production") == "on",
        parameters=parameters_from(sent),
        imports=choices_from(selection),
        parallelize=parallelize_from(selection),
    )


def rows_for(
    entries: Sequence[ImportEntry],
    chosen: Sequence[ImportChoice] | None,
    others: Sequence[tuple[str, AppTemplate | None, Sequence[str]]],
    values: Mapping[str, Mapping[str, str]],
) -> list[ImportRow]:
    """The selector: imports first in their order, then the other applications, unselected.

    ``others``: each application of the account with its template and its branches.
    """
    written = {entry.name: entry for entry in entries}
    selected = {choice.name: choice for choice in _selected(entries, chosen)}
    known = {name: (template, branches) for name, template, branches in others}
    order = [*selected, *(name for name in written if name not in selected)]
    order += sorted(name for name in known if name not in order)
    rows = []
    for name in order:
        template, branches = known.get(name, (None, ()))
        choice = selected.get(name) or ImportChoice(
            name, written[name].branch if name in written else ""
        )
        rows.append(
            ImportRow(
                name=name,
                selected=name in selected,
                by_template=name in written,
                branch=choice.branch,
                services=[one.name for one in template.services] if template else [],
                excluded=choice.exclude_services,
                branches=branches,
                parameters=template.parameters if template else (),
                values=values.get(name, {}),
            )
        )
    return rows


def _selected(
    entries: Sequence[ImportEntry], chosen: Sequence[ImportChoice] | None
) -> Sequence[ImportChoice]:
    if chosen is not None:
        return chosen
    return [
        ImportChoice(entry.name, entry.branch, exclude_services=entry.exclude_services)
        for entry in entries
    ]
