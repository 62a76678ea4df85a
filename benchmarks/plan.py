"""A plan of 20 imports and 100 services against parsing the same templates."""

import statistics

from benchmarks.measuring import interleaved, p95, tell
from environments.core.plan import Member, Plan, Surroundings, make_plan
from environments.core.ports import EngineTraits, Refs
from environments.core.resolve import choose_import_branch, choose_own_branch
from environments.core.template import parse_environment_template
from environments.core.template.model import AppTemplate
from environments.core.variables.model import MappingEntry, VariablesFile

IMPORTS = 20
SERVICES = 5
ROUNDS = 40
_REFS = Refs("main", {"main": "a" * 40, "feature": "b" * 40})
_AROUND = Surroundings(
    account_id="1",
    namespace="ted0000-importer-main",
    context="local",
    domains=("localhost",),
    domain="localhost",
    engine=EngineTraits("memory", True, False, True, True),
    ingress_scheme="http",
    ingress_port=8080,
    known_applications=frozenset(f"app{number}" for number in range(IMPORTS)),
)


def text_of(number: int) -> str:
    """A template of five services."""
    lines = ["services:"]
    for service in range(SERVICES):
        name = f"app{number}-service{service}"
        lines += [
            f"- name: {name}",
            "  image: example/image:1",
            "  command: [run, --port, $(PORT)]",
            "  ports:",
            "  - {type: node_port, target_port: 8080, port: 80}",
            "  envs:",
            "  - {key: LOG_LEVEL, value: info}",
        ]
        if service:
            lines.append(f"  depends_on: [app{number}-service{service - 1}]")
    if number == IMPORTS - 1:
        lines.append("app_imports:")
        lines += [f"- name: app{other}" for other in range(IMPORTS - 1)]
    return "\n".join(lines) + "\n"


TEXTS = [text_of(number) for number in range(IMPORTS)]


def parse() -> list[AppTemplate]:
    """All templates, from their texts."""
    found = []
    for text in TEXTS:
        template = parse_environment_template(text).template
        assert template is not None
        found.append(template)
    return found


def plan_of(templates: list[AppTemplate]) -> Plan:
    """Branches chosen, variables composed, collisions sought: the whole plan."""
    importer = templates[-1]
    own = choose_own_branch(application="app19", given="feature", template=importer, refs=_REFS)
    members = []
    for number, template in enumerate(templates):
        entry = importer.app_imports[number] if number < IMPORTS - 1 else None
        choice = own
        if entry is not None:
            choice = choose_import_branch(
                application=entry.name,
                entry=entry,
                importing_branch=own.ref,
                given="",
                template=template,
                refs=_REFS,
            )
        mapping = (MappingEntry("API", f"APP{number}_SERVICE0_INGRESS_URL"),)
        members.append(
            Member(
                application=f"app{number}",
                template=template,
                variables=VariablesFile(mapping=mapping),
                choice=choice,
                env_id=f"ted{number:05x}",
                environment_name="bench",
                environment_type="ephemeral",
                entry=entry,
            )
        )
    return make_plan(kind="setup", members=members, surroundings=_AROUND)


def main() -> None:
    """Print the ratio."""
    templates = parse()
    plan = plan_of(templates)
    assert not [problem for problem in plan.problems if problem.level == "error"], plan.problems
    assert sum(len(member.services) for member in plan.members) == IMPORTS * SERVICES
    planned, parsed = interleaved(lambda: plan_of(templates), parse, rounds=ROUNDS)
    ratio = statistics.median(planned) / statistics.median(parsed)
    tell(
        "plan of 20 imports, 100 services / parsing their templates",
        ratio,
        "<= 5, p95 < 100 ms",
        f"plan p50 {statistics.median(planned) * 1e3:.1f} ms, p95 {p95(planned) * 1e3:.1f} ms; "
        f"parse p50 {statistics.median(parsed) * 1e3:.1f} ms",
    )


if __name__ == "__main__":
    main()
