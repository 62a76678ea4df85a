"""From a Compose file to an Application Template and its variables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from environments.core.compose.interpolating import interpolated
from environments.core.compose.keys import service_notes, top_notes
from environments.core.compose.model import (
    ComposeFile,
    ComposeService,
    Files,
    Form,
    Note,
    each,
    named,
    problems_of,
)
from environments.core.compose.mounts import shared_volumes
from environments.core.compose.ordering import circle_problems, workflows
from environments.core.compose.ports import called_ports
from environments.core.compose.schema import COMPOSE_SCHEMA
from environments.core.compose.variables import secret_names, shell_of, variables_of
from environments.core.compose.workloads import (
    job_form,
    needs_of,
    service_form,
)
from environments.core.names import is_label, label
from environments.core.problems import Place, Problem, error, has_errors, warning
from environments.core.template.checking import Checker
from environments.core.template.fields import Entry, root_of
from environments.core.template.rules import ALL
from environments.core.template.schema import ENVIRONMENT_SCHEMA
from environments.core.yamlfile import Mapping as YamlMapping
from environments.core.yamlfile import in_order, read, resolved, written_out

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""What Compose looks for, in its order."""

COMPOSE_FILE = "docker-compose.yml"
"""What one is called that has no name."""

_FILE_NAME = re.compile(r"(.*/)?(docker-)?compose([.-][^/]*)?\.ya?ml")
_FILES_LIMIT, _BYTES_LIMIT = 200, 20 * 1024 * 1024
"""How many files of the repository one proposal looks at, and how much of them."""

_CHECKER = Checker(COMPOSE_SCHEMA)
_OF_TEMPLATES = frozenset(ENVIRONMENT_SCHEMA["properties"]) - {"services", "secrets"}
_DECLARED = ("volumes", "configs", "secrets")


@dataclass(frozen=True, slots=True)
class Proposal:
    """``template`` and ``variables`` are texts, "" where ``problems`` has an error.

    A warning for each key that the template has nothing for; in the order of the file.
    """

    template: str
    variables: str
    problems: tuple[Problem, ...]


def is_compose(text: str | bytes, *, file: str = "") -> bool:
    """Whether the text is a Compose file and no template: by its services, else by its name."""
    document = read(text, file=file, merges=True).document
    if document is None:
        return _FILE_NAME.fullmatch(file) is not None
    root = root_of(document)
    if any(map(root.has, _OF_TEMPLATES)):
        return False
    services = document.at(("services",))
    if services is None:
        return _FILE_NAME.fullmatch(file) is not None
    return isinstance(resolved(services), YamlMapping)


def proposal(text: str | bytes, *, file: str, name: str = "", files: Files) -> Proposal:
    """The template for a Compose file at the root of a repository whose other files are given.

    ``name``: of the application, "" for the file's own. The same text gives the same proposal.
    """
    reading = read(text, file=file, merges=True)
    found = [*reading.problems]
    document, files = reading.document, _within_limits(files)
    if document is None or has_errors(found):
        return Proposal("", "", in_order(found))
    found += _CHECKER.problems(document)
    shell = shell_of(files)
    filled, problems = interpolated(document, shell)
    found += problems
    if has_errors(found):
        return Proposal("", "", in_order(found))
    root = root_of(filled)
    compose = _file(root, files)
    for service in compose.services:
        service.variables = variables_of(service, files, shell)
        service.needs = needs_of(service)
    forms = _forms(compose)
    notes = [*top_notes(root), *_left_out_services(compose)]
    for service in compose.services:
        notes += [*service.notes, *service_notes(service)]
    found += [*problems_of(notes), *_whole_file_problems(root, compose, file)]
    said = in_order(dict.fromkeys(found))
    if has_errors(said):
        return Proposal("", "", said)
    app = _called(name or root.text("name") or "app", set())
    return Proposal(written_out({"app": app, **forms}), _variables(compose), said)


def _within_limits(files: Files) -> Files:
    """The same files, each asked for once; beyond the limits there are none."""
    read: dict[str, bytes | None] = {}
    left = _BYTES_LIMIT

    def content(path: str) -> bytes | None:
        nonlocal left
        if path not in read and len(read) < _FILES_LIMIT and left > 0:
            read[path] = files(path)
            left -= len(read[path] or b"")
        return read.get(path)

    return content


def _file(root: Entry, files: Files) -> ComposeFile:
    services, taken = [], set[str]()
    for name, place, entry in named(root, "services"):
        if entry is not None:
            service = ComposeService(name, _called(name, taken), entry, place)
            taken.add(service.called)
            services.append(service)
    declared: Mapping[str, Mapping[str, Entry | None]] = {
        key: {name: entry for name, _, entry in named(root, key)} for key in _DECLARED
    }
    started = [one for one in services if not _profiles(one)]
    return ComposeFile(tuple(started), tuple(filter(_profiles, services)), declared, files)


def _profiles(service: ComposeService) -> str:
    return ", ".join(str(text) for _, text in each(service.entry, "profiles"))


def _called(name: str, taken: set[str]) -> str:
    """A DNS label for it, as near to the name as there is one left."""
    if is_label(name) and name != ALL:
        return name
    near = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
    return near if is_label(near) and near not in {*taken, ALL} else label(name, "service")


def _forms(file: ComposeFile) -> Form:
    shared, calls = shared_volumes(file), called_ports(file)
    jobs = [job_form(one, file, shared) for one in file.services if one.name in file.jobs]
    services = [
        service_form(one, file, shared, calls) for one in file.services if one.name not in file.jobs
    ]
    of_code = {form["name"] for form in (*jobs, *services) if form.get("has_repo")}
    made: Form = {
        "services": services,
        "jobs": jobs,
        "shared_volumes": [{"name": name} for name in shared],
        "workflows": workflows(file, of_code),
    }
    return {key: value for key, value in made.items() if value}


def _left_out_services(file: ComposeFile) -> Iterator[Note]:
    """Those of the same profiles where the first of them stands."""
    places: dict[str, Place] = {}
    for service in file.left_out:
        profiles = _profiles(service)
        place = places.setdefault(profiles, service.place)
        yield Note("compose.profile", place, service.name, {"profiles": profiles})


def _whole_file_problems(root: Entry, file: ComposeFile, path: str) -> Iterator[Problem]:
    if not any(True for _ in named(root, "services")):
        yield error("compose.no-services", place=root.place_of_key("services"))
    yield from circle_problems(file)
    for service in file.services:
        if service.called != service.name:
            yield warning(
                "compose.renamed", place=service.place, service=service.name, name=service.called
            )
    if secrets := secret_names(file.services):
        names = ", ".join(secrets[:10])
        yield warning("compose.secrets", place=root.place_of_key("services"), names=names)
    stem = path.rpartition("/")[2].rpartition(".")[0]
    for name in (f"{stem}.override.yml", f"{stem}.override.yaml"):
        if stem in ("compose", "docker-compose") and file.files(name) is not None:
            yield warning("compose.override", place=root.document.place(0), path=name)


def _variables(file: ComposeFile) -> str:
    """The variables file; jobs have theirs in the template."""
    services: Form = {
        one.called: [{"key": name, "value": value} for name, value in one.variables.items()]
        for one in file.services
        if one.variables and one.name not in file.jobs
    }
    return written_out({"services": services}) if services else ""
