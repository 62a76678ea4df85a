"""Members and surroundings for tests of the plan, written as their authors write them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from environments.core.plan import Act, Member, Plan, Surroundings, make_plan
from environments.core.plan.model import PlannedMember, PlannedWorkload
from environments.core.ports import EngineTraits, LocalPorts
from environments.core.problems import Problem
from environments.core.resolve import Attempt, BranchChoice, Rule
from environments.core.template import parse_application_template
from environments.core.template.model import ImportEntry
from environments.core.variables.file import parse_variables

PROCESS = EngineTraits(
    name="process",
    runs_images=False,
    local_ports=LocalPorts.EVERY,
    enforces_limits=False,
    has_volumes=False,
)
CLUSTER = EngineTraits(
    name="kubernetes",
    runs_images=True,
    local_ports=LocalPorts.NONE,
    enforces_limits=True,
    has_volumes=True,
    maps_ports=True,
    follows=frozenset(("autoscale",)),
    runs_charts=True,
)
HEAD = "0123456789abcdef0123456789abcdef01234567"
FRONTEND = """
app_imports:
- name: backend
services:
- name: web
  image: example/web
  depends_on: [api]
  ports:
  - {type: node_port, target_port: 3000, port: 80}
"""
BACKEND = """
services:
- name: api
  image: example/api
  depends_on: [db]
  ports:
  - {type: node_port, target_port: 4000, port: 80}
- name: db
  image: postgres
  ports:
  - {type: container_port, port: 5432}
- name: worker
  image: example/api
  depends_on: [db]
"""
ONE = "services:\n- name: web\n  image: example/web\n"
MAPPED = "mapping:\n  REACT_APP_BACKEND_API: API_INGRESS_URL\n"


def member(
    application: str,
    template: str,
    variables: str = "",
    *,
    branch: str = "main",
    commit: str | None = HEAD,
    rule: Rule = Rule.DEFAULT,
    env_id: str = "",
    entry: ImportEntry | None = None,
    **more: Any,
) -> Member:
    """A member; ``env_id`` is made from the name where none is given."""
    parsed = parse_application_template(template, file=f"{application}.yaml")
    assert parsed.template is not None, parsed.problems
    read = parse_variables(variables, file=f"{application}-variables.yaml")
    assert read.file is not None, read.problems
    return Member(
        application=application,
        template=parsed.template,
        variables=read.file,
        choice=BranchChoice(branch, False, commit, rule, (Attempt(rule, branch, True),)),
        env_id=env_id or f"ted{sum(map(ord, application)) % 65536:04x}",
        environment_name=more.pop("environment_name", "demo"),
        environment_type="ephemeral",
        version=more.pop("version", "v1.1"),
        entry=entry,
        excluded=entry.exclude_services if entry else (),
        **more,
    )


def imported(application: str, template: str, variables: str = "", **more: Any) -> Member:
    """A member that the environment imports."""
    fields = {key: more.pop(key) for key in ("exclude_services",) if key in more}
    entry = ImportEntry(name=application, line=2, **fields)
    return member(application, template, variables, entry=entry, **more)


def around(engine: EngineTraits = CLUSTER, **more: Any) -> Surroundings:
    """A namespace under the domain example.org, reached by https on the standard port."""
    standard: Mapping[str, Any] = {
        "account_id": "7",
        "namespace": "ted0001-frontend-demo",
        "context": "local",
        "domains": ("example.org",),
        "domain": "example.org",
        "engine": engine,
        "ingress_scheme": "https",
        "ingress_port": 443,
        "known_applications": frozenset({"frontend", "backend", "third"}),
    }
    return Surroundings(**{**standard, **more})


def plan(*members: Member, kind: str = "setup", **more: Any) -> Plan:
    """The plan of these members; ``more`` goes to the surroundings."""
    return make_plan(kind=kind, members=members, surroundings=around(**more))


def of(made: Plan, application: str) -> PlannedMember:
    """The member of this application."""
    return next(one for one in made.members if one.member.application == application)


def service(made: Plan, application: str, name: str) -> PlannedWorkload:
    """One service of a plan."""
    found = of(made, application).workload("service", name)
    assert found is not None, f"{name} is not in the plan of {application}"
    return found


def variables(workload: PlannedWorkload) -> dict[str, str]:
    """What its container gets."""
    return {value.name: value.text for value in workload.variables}


def found(made: Plan, *ids: str) -> list[Problem]:
    """The problems with these ids; with an id that ends in a point, those that begin so."""
    return [
        problem
        for problem in made.problems
        if any(
            problem.id == one or (one.endswith(".") and problem.id.startswith(one)) for one in ids
        )
    ]


def ids(made: Plan) -> list[str]:
    """The ids of all problems."""
    return [problem.id for problem in made.problems]


def on_branch(of_member: Member, branch: str, **more: Any) -> Member:
    """The same member on another branch."""
    return replace(of_member, choice=replace(of_member.choice, ref=branch, **more))


def kept(of_member: Member) -> Member:
    """The same member, staying as it runs."""
    return replace(of_member, act=Act.KEEP)


def left_out(of_member: Member, pattern: str) -> Member:
    """The same member, ignored before it ever ran."""
    return replace(of_member, act=Act.LEAVE_OUT, ignored_by=pattern)
