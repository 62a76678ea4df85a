"""The variables of one container: sources in their order, mappings, what the product makes."""

from collections.abc import Iterator, Mapping, Sequence

from environments.core.problems import Place, Problem, error, warning
from environments.core.template.model import EnvironmentVariable
from environments.core.variables import mapping
from environments.core.variables.generated import is_reserved
from environments.core.variables.model import Generated, MappingEntry, Value, VariablesFile

SECRET_REFERENCE = "$secrets."  # noqa: S105 - the prefix of a reference, not a secret


def container_variables(
    *,
    application: str,
    imported: bool,
    variables: VariablesFile,
    service: str,
    envs: Sequence[EnvironmentVariable],
    template_file: str,
    shared: Sequence[Generated],
    release: Sequence[Generated],
    absent: frozenset[str],
    elsewhere: frozenset[str] = frozenset(),
) -> tuple[tuple[Value, ...], tuple[Problem, ...]]:
    """What one container gets, sorted by name, and what is wrong with it.

    Later wins: defaults, the template's ``envs``, those of the file's ``services``, mappings,
    generated ones; but a service variable (``API_SERVICE_HOST``) that the application sets
    itself stays. ``absent``: names that an excluded or ignored service would have given;
    ``elsewhere``: names that other containers of the application have.
    """
    ingress = {made.name: made for made in shared if made.kind == "ingress"}
    own, problems = _own(application, variables, service, envs, template_file, ingress)
    values = dict(own)
    for made in (*shared, *release):
        if made.kind == "service" and made.name in own:
            continue
        values[made.name] = Value(made.name, made.text, False, made.kind)
    mapped, wrong = _mapped(
        variables,
        values,
        ingress,
        application=application,
        imported=imported,
        absent=absent,
        elsewhere=elsewhere,
    )
    for name, value in mapped.items():
        if name in values and values[name].source in ("ingress", "release"):
            continue
        values[name] = value
    return tuple(values[name] for name in sorted(values)), (*problems, *wrong)


def own_names(
    variables: VariablesFile, service: str, envs: Sequence[EnvironmentVariable]
) -> frozenset[str]:
    """The names that the application itself sets in one container, mappings aside."""
    return frozenset(key for key, *_ in _entries(variables, service, envs, ""))


def _own(
    application: str,
    variables: VariablesFile,
    service: str,
    envs: Sequence[EnvironmentVariable],
    template_file: str,
    ingress: Mapping[str, Generated],
) -> tuple[dict[str, Value], list[Problem]]:
    """What the application says itself."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for key, text, secret, source, place in _entries(variables, service, envs, template_file):
        if is_reserved(key) or key in ingress:
            problems.append(
                error(
                    "variable.reserved",
                    place=place,
                    application=application,
                    name=key,
                    reason=_reason(key, ingress),
                )
            )
        if text.startswith(SECRET_REFERENCE):
            problems.append(
                warning("variable.no-store", place=place, application=application, name=key)
            )
        values[key] = Value(key, text, secret, source)
    return values, problems


def _reason(name: str, ingress: Mapping[str, Generated]) -> str:
    """Why the name is reserved, with the line that it is made for."""
    made = ingress.get(name)
    if made is None or not made.origin:
        return "The product sets it."
    return f"It is made for {made.origin}."


def _entries(
    variables: VariablesFile,
    service: str,
    envs: Sequence[EnvironmentVariable],
    template_file: str,
) -> Iterator[tuple[str, str, bool, str, Place]]:
    for entry in variables.defaults:
        place = Place(variables.file, entry.line)
        yield entry.key, entry.value, entry.secret, "defaults", place
    for env in envs:
        yield env.key, env.value, False, "template", Place(template_file, env.line)
    for entry in variables.services.get(service, ()):
        place = Place(variables.file, entry.line)
        yield entry.key, entry.value, entry.secret, f"variables of {service}", place


def _mapped(
    variables: VariablesFile,
    values: Mapping[str, Value],
    ingress: Mapping[str, Generated],
    *,
    application: str,
    imported: bool,
    absent: frozenset[str],
    elsewhere: frozenset[str],
) -> tuple[dict[str, Value], list[Problem]]:
    """The mappings, evaluated in the order in which they need each other."""
    problems: list[Problem] = []
    parsed: dict[str, tuple[MappingEntry, tuple[mapping.Part, ...]]] = {}
    for entry in variables.mapping:
        place = Place(variables.file, entry.line)
        if is_reserved(entry.name) or entry.name in ingress:
            problems.append(
                error(
                    "variable.reserved",
                    place=place,
                    application=application,
                    name=entry.name,
                    reason=_reason(entry.name, ingress),
                )
            )
            continue
        try:
            parsed[entry.name] = (entry, mapping.parse(entry.expression))
        except mapping.MappingError as wrong:
            problems.append(
                error(
                    "mapping.unread",
                    place=place,
                    application=application,
                    name=entry.name,
                    reason=str(wrong),
                )
            )
    order, cyclic = _order({name: parts for name, (_, parts) in parsed.items()})
    for name in cyclic:
        place = Place(variables.file, parsed[name][0].line)
        problems.append(error("mapping.cycle", place=place, application=application, name=name))
    # A mapping that is not made has said so itself: those that need it need not repeat it.
    excuses = absent | elsewhere | {entry.name for entry in variables.mapping}
    known = dict(values)
    made: dict[str, Value] = {}
    for name in order:
        entry, parts = parsed[name]
        text = mapping.evaluate(parts, lambda key: known[key].text if key in known else None)
        if text is None:
            missing = _missing(parts, known)
            excused = imported or all(key in excuses for key in missing)
            problem, problem_id = (
                (warning, "mapping.left-out") if excused else (error, "mapping.missing")
            )
            problems.append(
                problem(
                    problem_id,
                    place=Place(variables.file, entry.line),
                    application=application,
                    name=name,
                    missing=", ".join(missing),
                )
            )
            continue
        secret = any(
            known[part.name].secret for part in mapping.references(parts) if part.name in known
        )
        made[name] = known[name] = Value(name, text, secret, f"mapping {entry.expression}")
    return made, problems


def _missing(parts: tuple[mapping.Part, ...], known: Mapping[str, Value]) -> list[str]:
    return [
        part.name
        for part in mapping.references(parts)
        if part.default is None and part.name not in known
    ]


def _order(
    parsed: Mapping[str, tuple[mapping.Part, ...]],
) -> tuple[list[str], list[str]]:
    """Names so that each comes after those it refers to, and those that stand on a circle.

    What merely refers to a circle is in the order: it is left out like all that is missing.
    """
    waits = {
        name: {part.name for part in mapping.references(parts) if part.name in parsed}
        for name, parts in parsed.items()
    }
    order: list[str] = []
    cyclic: list[str] = []
    while waits:
        ready = [name for name, needs in waits.items() if not needs]
        order += ready
        if not ready:
            ready = _on_circle(waits)
            cyclic += ready
        for name in ready:
            del waits[name]
        for needs in waits.values():
            needs.difference_update(ready)
    return order, sorted(cyclic)


def _on_circle(waits: Mapping[str, set[str]]) -> list[str]:
    """Of names that all wait, those that others wait for; the rest is taken off layer by layer."""
    left = set(waits)
    while (needed := {name for other in left for name in waits[other]} & left) != left:
        left = needed
    return sorted(left)
