"""The plan as JSON: all of it, and no secret."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from environments.core.plan import Plan, shown
from tests.core.plans import BACKEND, FRONTEND, MAPPED, imported, left_out, member, plan

SECRET = "correct-horse-battery"  # noqa: S105 - of a test


def form_of(made: Plan) -> dict[str, Any]:
    return shown(made, fingerprint=lambda text: f"#{len(text)}")


def both(**more: Any) -> Plan:
    return plan(
        imported("backend", BACKEND, **more), member("frontend", FRONTEND, MAPPED, env_id="ted000f")
    )


def test_it_survives_json_unchanged() -> None:
    form = form_of(both())
    assert json.loads(json.dumps(form)) == form


def test_it_is_the_same_every_time() -> None:
    assert json.dumps(form_of(both())) == json.dumps(form_of(both()))


def test_it_says_of_each_member_what_was_chosen_and_why() -> None:
    backend, frontend = form_of(both(exclude_services=("worker",)))["members"]
    assert (backend["application"], backend["branch"], backend["rule"]) == (
        "backend",
        "main",
        "default",
    )
    assert backend["trace"] == [
        {"rule": "default", "looked_for": "main", "found": True, "note": ""}
    ]
    assert backend["imported"] and not frontend["imported"]
    assert backend["excluded"] == ["worker"]
    assert [one["name"] for one in backend["services"]] == ["api", "db"]
    assert [task["name"] for step in backend["steps"] for task in step["tasks"]] == [
        "services.db",
        "services.api",
        "services.worker",
    ]


def test_an_ignored_import_has_its_pattern_and_others_have_none() -> None:
    made = plan(left_out(imported("backend", BACKEND), "!main"), member("frontend", "{}"))
    assert [one["ignored_by"] for one in form_of(made)["members"]] == ["!main", None]


def test_secrets_are_fingerprints_also_what_is_derived_from_them() -> None:
    variables = (
        f"mapping: {{URL: 'https://u:${{TOKEN}}@x', COPY: URL}}\n"
        f"defaults:\n- {{key: TOKEN, secret: true, value: {SECRET}}}\n"
    )
    form = form_of(plan(member("frontend", "services: [{name: web, image: x}]", variables)))
    assert SECRET not in json.dumps(form)
    (web,) = form["members"][0]["services"]
    values = {value["name"]: value for value in web["variables"]}
    assert values["TOKEN"] == {
        "name": "TOKEN",
        "text": f"#{len(SECRET)}",
        "secret": True,
        "source": "defaults",
    }
    assert values["URL"]["secret"] and values["COPY"]["secret"]
    assert not values["RELEASE_ENV_ID"]["secret"]


@given(st.text("abcdef/+ \n\"'\\$", min_size=8, max_size=40).filter(str.strip))
def test_no_secret_of_any_shape_is_in_it(secret: str) -> None:
    secret = f"§{secret}§"
    variables = (
        "mapping: {A: TOKEN, B: 'x${TOKEN}y', C: '${NONE:-d}'}\n"
        f"defaults:\n- {{key: TOKEN, secret: true, value: {json.dumps(secret)}}}\n"
        f"services:\n  web:\n  - {{key: T2, secret: true, value: {json.dumps(secret)}}}\n"
    )
    made = plan(member("frontend", "services: [{name: web, image: x}]", variables))
    assert "§" not in json.dumps(form_of(made), ensure_ascii=False)
    assert "§" not in " ".join(problem.message for problem in made.problems)


def test_handles_of_what_does_not_exist_yet_are_not_shown() -> None:
    members = [
        imported("backend", BACKEND, env_id="ted00001", comes=True),
        member("frontend", FRONTEND, MAPPED, env_id="ted00000", comes=True),
    ]
    form = form_of(plan(*members, namespace="ted00000-frontend-demo"))
    text = json.dumps(form)
    assert "ted0000" not in text
    assert form["namespace"] == "ted????-frontend-demo"
    assert form["hosts"][0]["host"] == "api-backend-ted????.example.org"
    assert form["digest"] == plan(*(replace(one, comes=False) for one in members)).digest


def test_only_new_members_lose_their_handle() -> None:
    form = form_of(both(env_id="ted00001", comes=True))
    backend, frontend = form["members"]
    assert (backend["env_id"], frontend["env_id"]) == ("ted????", "ted000f")


def test_problems_keep_place_and_fixes() -> None:
    one = "services:\n- {name: web, image: x}\n"
    form = form_of(plan(imported("backend", one), member("frontend", one)))
    (problem,) = form["problems"]
    assert problem["id"] == "collision.service"
    assert problem["level"] == "error"
    assert (problem["file"], problem["line"], problem["column"]) == ("frontend.yaml", 2, 1)
    assert {"act": "exclude", "application": "backend", "service": "web", "to": ""} in problem[
        "fixes"
    ]
