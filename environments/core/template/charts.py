"""``charts``: where each comes from, and the values that it is given."""

from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import urlsplit

from environments.core.addresses import leads_to_this_machine
from environments.core.problems import Problem, error, warning
from environments.core.template.fields import Entry
from environments.core.template.model import Chart
from environments.core.template.references import leads_out

_SCHEMES = ("https", "http", "oci")


def chart_of(entry: Entry) -> Chart:
    """One entry of ``charts``."""
    values = entry.plain("values")
    listed = values if isinstance(values, list) else [values]
    return Chart(
        name=entry.name,
        line=entry.line,
        has_repo=not _comes_from_elsewhere(entry),
        directory=entry.text("directory"),
        repo_url=entry.text("repo_url"),
        reference=_reference(entry),
        version=entry.text("version"),
        values_files=tuple(normpath(one) for one in listed if isinstance(one, str) and one),
        inline_values=values if isinstance(values, dict) else {},
    )


def _comes_from_elsewhere(entry: Entry) -> bool:
    return bool(entry.text("repo_url")) or _scheme(entry.text("install")) == "oci"


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower() if "://" in address else ""


def _reference(entry: Entry) -> str:
    """What helm is asked for: within ``repo_url`` a chart's name, without the alias of ``add``."""
    install, alias = entry.text("install"), entry.text("add")
    if _scheme(install):
        return install
    if entry.text("repo_url"):
        named = install.removeprefix(f"{alias}/") if alias else install
        return named.rpartition("/")[2] or entry.text("directory").rpartition("/")[2] or entry.name
    return normpath(entry.text("directory", ".") or install)


def chart_problems(root: Entry) -> Iterator[Problem]:
    """What a schema cannot say of them."""
    services = {service.name: service.line for service in root.entries("services")}
    for chart in root.entries("charts"):
        if chart.name in services:
            yield error(
                "template.twice",
                place=chart.place_of("name"),
                key="services with charts",
                name=chart.name,
                line=services[chart.name],
            )
        yield from _source(chart)
        if chart.flag("include_crds") is True:
            place = chart.place_of_key("include_crds")
            yield warning("template.chart-definitions", place=place, name=chart.name)
        if chart.text("name_template"):
            place = chart.place_of_key("name_template")
            yield warning("template.not-followed", place=place, key="name_template")


def _source(chart: Entry) -> Iterator[Problem]:
    for key in ("repo_url", "install"):
        text, place, name = chart.text(key), chart.place_of(key), chart.name
        scheme = _scheme(text)
        try:
            host = urlsplit(text).hostname or ""
        except ValueError:
            yield error("template.chart-no-address", place=place, name=name, key=key)
            continue
        if scheme and scheme not in _SCHEMES:
            yield error("template.chart-address", place=place, name=name, scheme=scheme)
        elif leads_to_this_machine(host):
            yield error("template.chart-host", place=place, name=name, host=host)
    if not any(map(chart.text, ("directory", "repo_url", "install"))):
        yield error("template.chart-source", place=chart.place, name=chart.name)
    paths = [("values", path) for path in chart_of(chart).values_files]
    if not _comes_from_elsewhere(chart):
        paths.append(("directory", normpath(chart.text("directory", "."))))
    for key, path in paths:
        if leads_out(path):
            place = chart.place_of_key(key) if chart.has(key) else chart.place
            yield error("template.outside", place=place, key=key, name=chart.name, path=path)
