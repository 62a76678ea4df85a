"""Forms change what they mean in a template's text, and nothing else."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.template import (
    merged_template,
    merged_text,
    parse_application_template,
    parse_environment_template,
    with_imports,
    with_renamed_service,
    with_setting,
)
from environments.core.template.model import ImportEntry
from environments.core.yamlfile import UnreadableError

PLAIN = "app: shop\nservices:\n- name: web  # the site\n"

WITH_IMPORTS = """\
app_imports:
- name: backend   # the other one
  branch: "new-branch"
  exclude_services:
    - name: redis  # not needed
    - {name: pg}
  ignore_deployment_refs: ["!main"]

# angular comes last
- name: angular
services: []   # none
"""


def test_the_first_import_is_added_at_the_end_of_the_file() -> None:
    after = with_imports(PLAIN, [ImportEntry("angular", branch="main"), ImportEntry("b")])
    assert after == f"{PLAIN}app_imports:\n- name: angular\n  branch: main\n- name: b\n"


def test_a_new_import_brings_all_that_it_says() -> None:
    entry = ImportEntry("b", 0, "x", ("r",), ("!main", "releases/**"), ("full",))
    assert with_imports("a: 1", [entry]).splitlines()[1:] == [
        "app_imports:",
        "- name: b",
        "  branch: x",
        "  exclude_services:",
        "  - name: r",
        "  ignore_deployment_refs:",
        '  - "!main"',
        '  - "releases/**"',
        "  pull_request_labels:",
        "  - full",
    ]


def kept(**changes: Any) -> ImportEntry:
    return replace(
        ImportEntry("backend", branch="new-branch", exclude_services=("redis", "pg")), **changes
    )


ANGULAR = ImportEntry("angular")


@pytest.mark.parametrize(
    ("entries", "old", "new"),
    [
        ([kept(), ANGULAR], "", ""),
        ([ANGULAR, kept()], "", ""),
        ([kept(branch="main"), ANGULAR], 'branch: "new-branch"', 'branch: "main"'),
        ([kept(branch=""), ANGULAR], '  branch: "new-branch"\n', ""),
        ([kept(exclude_services=("redis",)), ANGULAR], "    - {name: pg}\n", ""),
        (
            [kept(exclude_services=("pg",)), ANGULAR],
            "    - name: redis  # not needed\n",
            "",
        ),
        (
            [kept(exclude_services=("redis", "pg", "x")), ANGULAR],
            "    - {name: pg}\n",
            "    - {name: pg}\n    - name: x\n",
        ),
        (
            [kept(exclude_services=()), ANGULAR],
            "  exclude_services:\n    - name: redis  # not needed\n    - {name: pg}\n",
            "",
        ),
        (
            [kept(), replace(ANGULAR, branch="on", exclude_services=("x",))],
            "- name: angular\n",
            '- name: angular\n  branch: "on"\n  exclude_services:\n  - name: x\n',
        ),
        ([kept()], "- name: angular\n", ""),
        (
            [ANGULAR],
            WITH_IMPORTS[WITH_IMPORTS.index("- name: backend") : WITH_IMPORTS.index("\n\n") + 1],
            "",
        ),
        (
            [kept(), ANGULAR, ImportEntry("new")],
            "- name: angular\n",
            "- name: angular\n- name: new\n",
        ),
        ([], WITH_IMPORTS[: WITH_IMPORTS.index("services: []")], ""),
    ],
)
def test_only_what_changed_in_an_import_is_rewritten(
    entries: list[ImportEntry], old: str, new: str
) -> None:
    assert with_imports(WITH_IMPORTS, entries) == WITH_IMPORTS.replace(old, new, 1)


def test_all_imports_may_be_exchanged_at_once() -> None:
    after = with_imports(WITH_IMPORTS, [ImportEntry("x")])
    assert [entry.name for entry in imports_of(after)] == ["x"]


def test_no_imports_in_a_text_without_any_change_nothing() -> None:
    assert with_imports(PLAIN, []) == PLAIN


@pytest.mark.parametrize("value", ["", " []", " # none", " null"])
def test_an_empty_list_of_imports_is_filled(value: str) -> None:
    after = with_imports(f"app_imports:{value}\nservices: []\n", [ImportEntry("b")])
    assert imports_of(after) == (ImportEntry("b", line=2),)
    assert after.endswith("\n- name: b\nservices: []\n")


def imports_of(text: str) -> tuple[ImportEntry, ...]:
    parsed = parse_environment_template(text)
    assert parsed.template is not None, parsed.problems
    return parsed.template.app_imports


NAMES = st.sampled_from(["backend", "angular", "new", "x-1", "on"])
ENTRIES = st.builds(
    ImportEntry,
    name=NAMES,
    branch=st.sampled_from(["", "main", "feature/x", "no", "1.0", "it's", "ü"]),
    exclude_services=st.lists(st.sampled_from(["redis", "pg", "x"]), unique=True).map(tuple),
)
STYLES = st.sampled_from(
    [
        WITH_IMPORTS,
        WITH_IMPORTS.replace("\n", "\r\n"),
        PLAIN,
        PLAIN.rstrip(),
        "app_imports: [{name: backend, branch: x, exclude_services: [{name: pg}]}, {name: new}]\n",
        "app_imports: [{name: angular}] # c",
        "x: &i [{name: angular}]\n".replace("x", "app_imports"),
        "",
    ]
)


@given(STYLES, st.lists(ENTRIES, unique_by=lambda entry: entry.name))
def test_what_is_saved_is_what_was_chosen(text: str, entries: list[ImportEntry]) -> None:
    before = {entry.name for entry in imports_of(text)} if text else set()
    after = with_imports(text, entries)
    if not after:
        assert not entries
        return
    found = {entry.name: entry for entry in (imports_of(after) if after.strip() else ())}
    assert {name: (each.branch, set(each.exclude_services)) for name, each in found.items()} == {
        entry.name: (entry.branch, set(entry.exclude_services)) for entry in entries
    }
    new = [entry.name for entry in entries if entry.name not in before]
    assert [name for name in found if name not in before] == new


@given(STYLES, st.lists(ENTRIES, unique_by=lambda entry: entry.name, min_size=1))
def test_saving_the_same_again_changes_nothing(text: str, entries: list[ImportEntry]) -> None:
    once = with_imports(text, entries)
    assert with_imports(once, entries) == once


def test_a_setting_is_replaced_in_its_place() -> None:
    text = "a: 1\nparallelize_app_imports: false  # slow\nservices: []\n".replace("a: 1\n", "")
    assert with_setting(text, "parallelize_app_imports", True) == text.replace("false", "true")


def test_an_absent_setting_is_added_unless_its_absence_means_the_same() -> None:
    assert with_setting(PLAIN, "parallelize_app_imports", False) == PLAIN
    assert with_setting(PLAIN, "auto_deploy", True) == PLAIN
    assert with_setting(PLAIN, "auto_deploy", False) == f"{PLAIN}auto_deploy: false\n"
    assert with_setting(PLAIN, "parallelize_app_imports", True) == (
        f"{PLAIN}parallelize_app_imports: true\n"
    )


TO_RENAME = """\
hostnames:
- api: api-${env_id}.${domain}   # api
rules:
- {service: 'api', hostnames: [api.x]}
environment_templates:
- name: ephemeral
  services:
  - {name: api, replicas: 2}
services:
- name: api
  image: acme/api
  envs: [{key: API, value: api}]
- name: web
  depends_on: ["api", apis]
jobs:
- {name: api, from_services: api}
workflows:
- name: setup
  order_from: [jobs.api, services.api]
- name: patch
  parallelize:
  - tasks:
    - services.api # api
"""


def test_renaming_a_service_changes_every_reference_to_it_and_nothing_else() -> None:
    after = with_renamed_service(TO_RENAME, "api", "shop-api")
    assert after == (
        TO_RENAME.replace("- api:", "- shop-api:")
        .replace("service: 'api'", "service: 'shop-api'")
        .replace("{name: api, replicas", "{name: shop-api, replicas")
        .replace("- name: api", "- name: shop-api")
        .replace('["api",', '["shop-api",')
        .replace("from_services: api", "from_services: shop-api")
        .replace("services.api", "services.shop-api")
    )
    assert parse_application_template(after).template is not None


def test_renaming_a_service_that_is_not_there_changes_nothing() -> None:
    assert with_renamed_service(TO_RENAME, "nope", "x") == TO_RENAME


MERGE = """\
app: shop   # ours
environment_templates:
- name: ephemeral
  resources:
    cpu:   # few
      limits: 2
  app_imports: []
  datasets: [{name: big}]
  services:
  - name: web
    replicas: 3
    envs:
    # for tests
    - key: A
      value: 'x'
  - {name: db, remove: true}
  - name: extra
    add: true
    image: busybox # small
    command:
    - sh
    - -c
    - |
      sleep 10
- name: permanent
  domain: example.org
# imports
app_imports:
- name: backend
services:
- name: web   # the site
  image: "nginx"
  envs: [{key: B, value: y}]
- name: db
  image: 'postgres'
"""

MERGED = """\
app: shop   # ours
# imports
app_imports: []
services:
- name: web   # the site
  image: "nginx"
  envs:
  # for tests
  - key: A
    value: 'x'
  replicas: 3
- name: extra
  image: busybox # small
  command:
  - sh
  - -c
  - |
    sleep 10
resources:
  cpu:   # few
    limits: 2
"""


def test_an_environment_template_is_the_text_with_its_type_put_over_it() -> None:
    after = merged_text(MERGE, environment_type="ephemeral")
    assert after == MERGED
    assert without_lines(parse_environment_template(after).template) == without_lines(
        parse_environment_template(MERGED).template
    )


def test_a_type_that_changes_little_leaves_everything_else_byte_for_byte() -> None:
    begin, end = MERGE.index("environment_templates"), MERGE.index("# imports")
    assert merged_text(MERGE, environment_type="permanent") == (
        f"{MERGE[:begin]}{MERGE[end:]}domain: example.org\n"
    )
    untyped = MERGE[:begin] + MERGE[end:]
    assert merged_text(untyped, environment_type="ephemeral") == untyped


def test_it_refuses_to_merge_what_cannot_be_read() -> None:
    with pytest.raises(UnreadableError):
        merged_text("a: [", environment_type="ephemeral")


def without_lines(value: Any) -> Any:
    """The value as nested tuples, without files and lines."""
    if is_dataclass(value):
        names = [each.name for each in fields(value) if each.name not in ("line", "lines", "file")]
        return tuple((name, without_lines(getattr(value, name))) for name in names)
    if isinstance(value, tuple | list):
        return [without_lines(each) for each in value]
    if isinstance(value, Mapping):
        return {key: without_lines(each) for key, each in value.items()}
    return value


SERVICES = ["web", "db", "new"]
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["nginx", "'redis:7'", '"x"', "&a y"]),
        "replicas": st.sampled_from(["3", '"4"', "0"]),
        "command": st.sampled_from(
            ["[sh, -c]", "\n{i}- sh\n{i}# note\n{i}- -c", "\n{i}  - sh", "[]"]
        ),
        "memory": st.sampled_from(["{limits: 2Gi}", "\n{i}  limits: 2Gi  # much", ""]),
        "add": st.just("true"),
        "remove": st.just("true"),
    },
)


@st.composite
def typed_templates(draw: st.DrawFn) -> str:
    """A template with an entry of random changes, in random styles."""
    lines = ["environment_templates:", "- name: ephemeral", "  # changes", "  services:"]
    chosen = draw(st.lists(st.sampled_from(SERVICES), unique=True))
    for name in chosen:
        changes = draw(CHANGES)
        if name == "new":
            changes["add"] = "true"
        if "add" in changes:
            changes.pop("remove", None)  # both at once are an error
        lines.append(f"  - name: {name}")
        lines += [f"    {key}: {value}".replace("{i}", " " * 4) for key, value in changes.items()]
    for key, value in (("domain", "a.b"), ("resources", "{replicas: 2}"), ("hostnames", "[]")):
        if draw(st.booleans()):
            lines.append(f"  {key}: {value}")
    body = ["services:", "- name: web # site", "  image: nginx", "  command: [a]"]
    body += ["  # between", "- name: db", "  memory:", "    limits: 1Gi"]
    parts = draw(st.permutations([lines, body, ["domain: x.y   # ours"], ["# alone"]]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = "\n".join(line for part in parts for line in part)
    return text.replace("\n", newline) + draw(st.sampled_from([newline, ""]))


@given(typed_templates())
def test_the_merged_text_says_what_the_merged_template_says(text: str) -> None:
    by_value = merged_template(text, environment_type="ephemeral")
    assert by_value.template is not None, by_value.problems
    after = merged_text(text, environment_type="ephemeral")
    by_text = parse_environment_template(after)
    assert without_lines(by_text.template) == without_lines(by_value.template)
    assert "# alone" in after
    untouched = merged_text(text, environment_type="permanent").splitlines()
    assert untouched == [line for line in text.splitlines() if line in untouched]


def test_a_service_that_is_added_on_one_line_loses_its_mark() -> None:
    text = (
        "services:\n- name: a\n  image: x\nenvironment_templates:\n- name: permanent\n"
        "  services:\n  - {name: b, add: true, image: y}\n"
    )
    parsed = parse_environment_template(merged_text(text, environment_type="permanent"))
    assert parsed.template is not None and not parsed.problems
    assert [(one.name, one.image) for one in parsed.template.services] == [("a", "x"), ("b", "y")]
