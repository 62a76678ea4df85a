"""The variables of one container: sources in their order, mappings, what the product makes."""

from collections.abc import Iterator, Mapping, Sequence

from environments.core.problems import Place, Problem, error, warning
from environments.core.template.model import EnvironmentVariable
from environments.core.variables.generated import is_reserved, reason_of
from environments.core.variables.making import Around, mapped_values
from environments.core.variables.model import Generated, Value, VariablesFile

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
    # A mapping that is not made has said so itself: those that need it need not repeat it.
    excused = absent | elsewhere | {entry.name for entry in variables.mapping}
    around = Around(application, variables.file, imported, ingress, excused)
    mapped, wrong = mapped_values(variables.mapping, values, around)
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
                    reason=reason_of(key, ingress),
                )
            )
        if text.startswith(SECRET_REFERENCE):
            problems.append(
                warning("variable.no-store", place=place, application=application, name=key)
            )
        values[key] = Value(key, text, secret, source)
    return values, problems


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
