"""However a template is written, a form changes what it means and leaves every other byte.

Each property asks two things of an edited text, both told without the code under test: another
reader of YAML finds in it the value that the change intends, and the parts of the text that the
change does not concern are all there, in order, byte for byte.
"""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments.core.template import merged_text, with_imports, with_renamed_service
from environments.core.template.model import ImportEntry
from tests.core.styles import Style, missing, texts, untouched


def said(text: str) -> Any:
    """What the text says to a reader that knows nothing of positions."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


NAMES = ["web", "api", "db"]
SCALARS = st.sampled_from(["nginx", "redis:7", "a-b", "${x}", "ü", 3, 80, True])
COMMANDS = st.lists(st.sampled_from(["sh", "-c", "run", "x y", "cd /\n\n  run # it\n"]), max_size=3)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["nginx", "redis:7", "acme/web"]),
        "replicas": st.integers(0, 9),
        "command": COMMANDS,
        "cpu": st.fixed_dictionaries({"limits": st.sampled_from([1, "500m"])}),
        "envs": st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(["A", "B"]), "value": SCALARS}),
            max_size=2,
        ),
        "ports": st.just([{"type": "node_port", "port": 80}]),
    },
)


@st.composite
def services(draw: st.DrawFn, names: list[str]) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    return [{"name": name, **draw(FIELDS)} for name in chosen]


OTHERS = {
    "domain": st.sampled_from(["example.org", "x.y"]),
    "resources": st.just({"cpu": {"limits": "1000m"}, "replicas": 2}),
    "hostnames": st.just([{"web": "web.x"}, {"api": "api.y"}]),
    "app_imports": st.just([{"name": "backend", "branch": "main"}, {"name": "other"}]),
    "parameters": st.just([{"name": "size", "default": 3}]),
}


@st.composite
def typed(draw: st.DrawFn) -> dict[str, Any]:
    """A template with an entry of environment_templates that changes some of it."""
    value: dict[str, Any] = {"services": draw(services(NAMES))}
    value |= draw(st.fixed_dictionaries({}, optional=OTHERS))
    entry: dict[str, Any] = {"name": "ephemeral"}
    entry |= draw(st.fixed_dictionaries({}, optional=OTHERS))
    there = [service["name"] for service in value["services"]]
    changes = []
    for change in draw(services([*there, "extra", "more"])):
        if change["name"] not in there:
            change["add"] = True
        elif draw(st.integers(0, 2)) == 0:
            change["remove"] = True
        changes.append(change)
    if draw(st.booleans()):
        entry["services"] = changes
    value["environment_templates"] = [entry, {"name": "permanent"}]
    return value


def merged_value(value: dict[str, Any]) -> dict[str, Any]:
    """What the Environment Template says, worked out on plain values."""
    value = deepcopy(value)
    entry = value.pop("environment_templates")[0]
    changes = {change["name"]: change for change in entry.pop("services", [])}
    value |= {key: each for key, each in entry.items() if key != "name"}
    result = []
    for service in value["services"]:
        change = changes.pop(service["name"], {})
        if not change.get("remove"):
            result.append({**service, **change})
    result += [change for change in changes.values() if not change.get("remove")]
    marks = ("add", "remove")
    value["services"] = [
        {key: each for key, each in service.items() if key not in marks} for service in result
    ]
    return value


@given(texts(typed()))
def test_an_environment_template_is_merged_byte_for_byte(written: Any) -> None:
    value, text, parts = written
    assert said(text) == value
    entry = value["environment_templates"][0]
    changed = {service["name"] for service in entry.get("services", ())}
    touched = {("environment_templates",), *((key,) for key in entry)}
    touched |= {("services", name) for name in changed}
    if not merged_value(value)["services"]:
        touched |= {("services", service["name"]) for service in value["services"]}
    after = merged_text(text, environment_type="ephemeral")
    assert said(after) == merged_value(value)
    runs = untouched(parts, touched, grows={("services",)} if changed else set())
    assert missing(after, [run for run in runs if not _is_services_key(run, value)]) is None
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r\n" in after) <= ("\r\n" in text)


def _is_services_key(run: str, value: dict[str, Any]) -> bool:
    """The line of the key is written anew where nothing is left below it."""
    return not merged_value(value)["services"] and "services:" in run


@given(texts(typed()))
def test_a_type_that_changes_nothing_takes_out_one_key_and_no_more(written: Any) -> None:
    _, text, parts = written
    after = merged_text(text, environment_type="permanent")
    left = "".join(part for owner, part in parts if owner != ("environment_templates",))
    assert after.removeprefix("\ufeff").rstrip("\r\n") == left.rstrip("\r\n")


IMPORTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["backend", "angular", "worker", "x"])},
        optional={
            "branch": st.sampled_from(["main", "feature/x", "v1", "ü"]),
            "exclude_services": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from(["redis", "pg", "mail"])}),
                min_size=1,
                max_size=3,
                unique_by=lambda service: str(service["name"]),
            ),
            "ignore_deployment_refs": st.just(["!main", "releases/**"]),
        },
    ),
    unique_by=lambda entry: str(entry["name"]),
    max_size=4,
)


@st.composite
def importing(draw: st.DrawFn) -> dict[str, Any]:
    value: dict[str, Any] = {"services": draw(services(NAMES))}
    value |= draw(st.fixed_dictionaries({}, optional={"domain": OTHERS["domain"]}))
    if entries := draw(IMPORTS):
        value["app_imports"] = entries
    return value


def chosen(entry: dict[str, Any]) -> ImportEntry:
    return ImportEntry(
        entry["name"],
        branch=entry.get("branch", ""),
        exclude_services=tuple(each["name"] for each in entry.get("exclude_services", ())),
        ignore_deployment_refs=tuple(entry.get("ignore_deployment_refs", ())),
    )


def imported_value(value: dict[str, Any], wanted: list[dict[str, Any]]) -> dict[str, Any]:
    """What the template says with these imports, worked out on plain values."""
    by_name = {entry["name"]: entry for entry in wanted}
    present = value.get("app_imports", [])
    result = []
    for entry in present:
        new = by_name.pop(entry["name"], None)
        if new is None:
            continue
        kept = {key: each for key, each in entry.items() if key == "ignore_deployment_refs"}
        result.append(
            {**new, **kept}
            if kept
            else {k: v for k, v in new.items() if k != "ignore_deployment_refs"}
        )
    result += by_name.values()
    rest = {key: each for key, each in value.items() if key != "app_imports"}
    return {**rest, "app_imports": result} if result else rest


def in_any_order(value: dict[str, Any]) -> dict[str, Any]:
    """With the excluded services of each import sorted: their order means nothing."""
    value = deepcopy(value)
    for entry in value.get("app_imports", ()):
        if "exclude_services" in entry:
            entry["exclude_services"].sort(key=lambda service: service["name"])
    return value


@given(texts(importing()), IMPORTS)
def test_imports_are_written_byte_for_byte(written: Any, wanted: list[dict[str, Any]]) -> None:
    value, text, parts = written
    after = with_imports(text, [chosen(entry) for entry in wanted])
    assert in_any_order(said(after)) == in_any_order(imported_value(value, wanted))
    assert missing(after, untouched(parts, {("app_imports",)}, set())) is None
    if value.get("app_imports", []) == wanted:
        assert after == text


@given(texts(importing()))
def test_saving_the_imports_that_are_there_changes_no_byte(written: Any) -> None:
    value, text, _ = written
    assert with_imports(text, [chosen(one) for one in value.get("app_imports", ())]) == text


OLD, NEW = "api", "shop-api"


@st.composite
def mentioning(draw: st.DrawFn) -> tuple[str, str]:
    """A template that names a service in every way, before and after it is renamed.

    Words that are no name of the service stand beside: jobs, values, comments, host patterns.
    """
    # Drawn with a name of the greatest length that no other text contains, and filled in twice.
    style = Style(draw, newline=draw(st.sampled_from(["\n", "\r\n"])))
    mark = "SERVICE-THAT-IS-RENAMED"
    other = {"name": "web", "depends_on": [mark, "db", mark], "envs": [{"key": OLD, "value": OLD}]}
    steps = [{"step": OLD, "tasks": [f"services.{mark}", f"jobs.{OLD}", "services.all"]}]
    same = {"name": mark, "image": f"acme/{OLD}", "command": [OLD, f"services.{OLD}"]}
    value: dict[str, Any] = {
        "app": OLD,
        "hostnames": [{mark: f"{OLD}-x.y"}, {"web": f"{OLD}.z"}],
        "rules": [{"service": mark, "hostnames": [f"{OLD}.x"], "path": f"/{OLD}"}],
        "services": draw(st.permutations([other, same, {"name": f"{OLD}s"}])),
        "jobs": [{"name": OLD, "from_services": mark}, {"name": "seed", "from_services": "web"}],
        "cron_jobs": [{"name": OLD, "from_services": mark, "schedule": OLD}],
        "workflows": [
            {"name": "setup", "order_from": [f"services.{mark}", f"jobs.{OLD}"]},
            {"name": "patch", "parallelize": steps},
        ],
        "app_imports": [{"name": OLD, "exclude_services": [{"name": OLD}]}],
        "environment_templates": [
            {
                "name": "ephemeral",
                "services": [{"name": mark, "replicas": 2, "depends_on": ["web"]}],
                "hostnames": [{mark: f"{OLD}.e"}],
                "jobs": [{"name": OLD, "from_services": mark}],
                "workflows": [{"name": "setup", "order_from": [f"services.{mark}"]}],
            }
        ],
    }
    keys = draw(st.lists(st.sampled_from(sorted(value)), unique=True, min_size=1))
    for key in keys:
        style.top(key, value[key])
    text = "".join(part for _, part in style.parts)
    return text.replace(mark, OLD), text.replace(mark, NEW)


@given(mentioning())
def test_renaming_a_service_changes_its_mentions_and_no_other_byte(texts: tuple[str, str]) -> None:
    before, after = texts
    assert with_renamed_service(before, OLD, NEW) == after


@pytest.mark.parametrize("head", ["|", ">", "|+", "|2", "| # why"])
def test_a_block_of_text_at_the_end_of_the_file_keeps_saying_the_same(head: str) -> None:
    text = f"services:\n- name: web\n  command:\n  - {head}\n    run"
    after = with_imports(text, [ImportEntry("backend")])
    assert after.endswith("run\napp_imports:\n- name: backend")
    assert said(after) == {**said(text), "app_imports": [{"name": "backend"}]}


@pytest.mark.parametrize("value", ["", " ~", " []", " # none yet"])
def test_an_import_without_exclusions_keeps_the_key_that_says_so(value: str) -> None:
    text = f"app_imports:\n- name: a\n  exclude_services:{value}\n  branch: x   \n"
    assert with_imports(text, [ImportEntry("a", branch="x")]) == text
    assert with_imports(text, [ImportEntry("a", branch="z")]) == text.replace("x   ", "z   ")


def test_a_first_import_stands_before_the_mark_of_the_end_and_behind_the_last_comment() -> None:
    text = "---\nservices: []\n# last\n...\n"
    after = with_imports(text, [ImportEntry("a")])
    assert after == text.replace("...", "app_imports:\n- name: a\n...")
