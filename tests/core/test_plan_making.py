"""The plan of a namespace: its members, what they run and what every container is told."""

from dataclasses import replace

import pytest

from environments.core.plan import Act
from environments.core.problems import Level
from environments.core.resolve import Rule
from tests.core.plans import (
    BACKEND,
    FRONTEND,
    MAPPED,
    ONE,
    PROCESS,
    found,
    ids,
    imported,
    member,
    of,
    plan,
    service,
    variables,
)


def test_members_come_in_the_order_given_each_with_what_was_chosen() -> None:
    made = plan(
        imported("backend", BACKEND, branch="develop", rule=Rule.TRACKING),
        member("frontend", FRONTEND, branch="feature-1", rule=Rule.CHOSEN),
    )
    assert [(one.member.application, one.member.choice.ref) for one in made.members] == [
        ("backend", "develop"),
        ("frontend", "feature-1"),
    ]
    assert [str(one.member.choice.rule) for one in made.members] == ["tracking", "chosen"]
    assert not made.problems


def test_the_ingress_variables_of_all_members_reach_every_container() -> None:
    made = plan(
        imported("backend", BACKEND, env_id="ted000b"),
        member("frontend", FRONTEND, env_id="ted000f"),
    )
    expected = {
        "API_INGRESS_URL": "https://api-backend-ted000b.example.org",
        "API_INGRESS_HOST": "api-backend-ted000b.example.org",
        "WEB_INGRESS_URL": "https://web-frontend-ted000f.example.org",
        "WEB_INGRESS_HOST": "web-frontend-ted000f.example.org",
        "DB_SERVICE_HOST": "db",
        "DB_SERVICE_PORT": "5432",
    }
    containers = [one for planned in made.members for one in planned.services]
    assert {one.name for one in containers} == {"api", "db", "worker", "web"}
    for container in containers:
        assert expected.items() <= variables(container).items()
        assert "DB_INGRESS_URL" not in variables(container)


def test_what_an_application_sets_stays_in_it() -> None:
    made = plan(
        imported("backend", BACKEND, "defaults:\n- {key: SECRET_OF_BACKEND, value: x}\n"),
        member("frontend", FRONTEND),
    )
    assert "SECRET_OF_BACKEND" in variables(service(made, "backend", "api"))
    assert "SECRET_OF_BACKEND" not in variables(service(made, "frontend", "web"))


def test_a_mapping_takes_what_an_import_gives_and_says_where_it_comes_from() -> None:
    made = plan(
        imported("backend", BACKEND, env_id="ted000b"), member("frontend", FRONTEND, MAPPED)
    )
    (value,) = [
        one
        for one in service(made, "frontend", "web").variables
        if one.name == "REACT_APP_BACKEND_API"
    ]
    assert value.text == "https://api-backend-ted000b.example.org"
    assert value.source == "mapping API_INGRESS_URL"


def test_each_value_tells_its_source() -> None:
    made = plan(
        imported("backend", BACKEND),
        member(
            "frontend",
            FRONTEND.replace("  depends_on", "  envs:\n  - {key: B, value: 2}\n  depends_on"),
            "defaults:\n- {key: A, value: 1}\nservices:\n  web:\n  - {key: C, value: 3}\n",
        ),
    )
    sources = {one.name: one.source for one in service(made, "frontend", "web").variables}
    assert sources["A"] == "defaults"
    assert sources["B"] == "template"
    assert sources["C"] == "variables of web"
    assert sources["RELEASE_ENV_ID"] == "release"
    assert sources["API_INGRESS_URL"] == "ingress"
    assert sources["DB_SERVICE_HOST"] == "service"


def test_a_container_is_told_who_and_where_it_is() -> None:
    made = plan(
        member(
            "frontend",
            ONE,
            env_id="ted12ab",
            branch="feature/x",
            environment_name="ana-feature-x",
            deployment_id="41",
        )
    )
    release = {
        name: text
        for name, text in variables(service(made, "frontend", "web")).items()
        if name.startswith("RELEASE_")
    }
    assert release == {
        "RELEASE_ENV_ID": "ted12ab",
        "RELEASE_ENV": "ana-feature-x",
        "RELEASE_APP_NAME": "frontend",
        "RELEASE_BRANCH_NAME": "feature/x",
        "RELEASE_COMMIT_SHA": "0123456789abcdef0123456789abcdef01234567",
        "RELEASE_COMMIT_SHORT": "0123456",
        "RELEASE_ACCOUNT_ID": "7",
        "RELEASE_CONTEXT": "local",
        "RELEASE_DOMAIN": "example.org",
        "RELEASE_BUILD_ID": "41",
        "RELEASE_RANDOMNESS": "ted12ab",
    }


class TestNamesThatSomeContainersHave:
    """A mapping holds in each container by itself; an error needs that none can have it."""

    TWO = "services:\n- {name: web, image: x}\n- {name: worker, image: x}\n"
    FOR_WEB = "mapping: {A: ONLY_WEB}\nservices:\n  web:\n  - {key: ONLY_WEB, value: v}\n"

    def test_the_mapping_is_left_out_of_the_others_with_a_warning(self) -> None:
        made = plan(member("frontend", self.TWO, self.FOR_WEB))
        assert variables(service(made, "frontend", "web"))["A"] == "v"
        assert "A" not in variables(service(made, "frontend", "worker"))
        assert [(one.id, one.level) for one in made.problems] == [
            ("mapping.left-out", Level.WARNING)
        ]

    @pytest.mark.parametrize(
        "template",
        [
            "services:\n- {name: web, image: x}\n"
            "- {name: other, image: x, envs: [{key: ONLY_WEB, value: v}]}\n",
            "services:\n- {name: web, image: x}\n"
            "jobs:\n- {name: seed, image: x, envs: [{key: ONLY_WEB, value: v}]}\n"
            "workflows:\n- {name: setup, order_from: [jobs.seed, services.all]}\n",
        ],
    )
    def test_the_template_and_jobs_count_as_well(self, template: str) -> None:
        made = plan(member("frontend", template, "mapping: {A: ONLY_WEB}\n"))
        assert ids(made) == ["mapping.left-out"]

    def test_a_name_that_none_has_is_an_error_with_its_line(self) -> None:
        made = plan(member("frontend", self.TWO, "mapping:\n  A: ${NOWHERE}/x\n"))
        (problem,) = found(made, "mapping.")
        assert (problem.id, problem.level) == ("mapping.missing", Level.ERROR)
        assert problem.place is not None
        assert (problem.place.file, problem.place.line) == ("frontend-variables.yaml", 2)

    def test_in_an_import_it_is_a_warning(self) -> None:
        made = plan(
            imported("backend", BACKEND, "mapping: {A: NOWHERE}\n"), member("frontend", ONE)
        )
        assert [one.level for one in found(made, "mapping.")] == [Level.WARNING]


class TestWhatRuns:
    """Which services and jobs are part of a run."""

    FLOWS = """
services:
- {name: web, image: x}
- {name: api, image: x}
- {name: spare, image: x}
jobs:
- {name: migrate, image: x}
- {name: warm, image: x}
- {name: idle, image: x}
workflows:
- {name: setup, order_from: [jobs.migrate, services.web, services.api]}
- {name: patch, order_from: [jobs.warm, services.web]}
"""

    @pytest.mark.parametrize(
        ("kind", "jobs", "tasks"),
        [
            ("setup", ["migrate"], ["jobs.migrate", "services.web", "services.api"]),
            ("patch", ["warm"], ["jobs.warm", "services.web"]),
            ("teardown", [], ["release.remove_environment"]),
        ],
    )
    def test_a_run_has_its_own_tasks_and_jobs_and_all_services_of_setup(
        self, kind: str, jobs: list[str], tasks: list[str]
    ) -> None:
        made = of(plan(member("frontend", self.FLOWS), kind=kind), "frontend")
        assert [one.name for one in made.services] == ["web", "api"]
        assert [one.name for one in made.jobs] == jobs
        assert [task.name for step in made.steps for task in step.tasks] == tasks

    def test_a_service_that_setup_does_not_name_is_a_warning(self) -> None:
        (problem,) = plan(member("frontend", self.FLOWS)).problems
        assert problem.id == "workflow.unnamed-service"
        assert "spare" in problem.message

    def test_a_teardown_has_no_problems(self) -> None:
        made = plan(member("frontend", FRONTEND, "mapping: {A: NOWHERE}\n"), kind="teardown")
        assert not made.problems

    def test_a_job_runs_the_code_and_has_the_variables_of_its_service(self) -> None:
        template = """
services:
- name: api
  build: {context: server}
  command: [serve]
  envs: [{key: MODE, value: serve}, {key: POOL, value: 5}]
jobs:
- {name: migrate, from_services: api, command: [migrate], envs: [{key: MODE, value: job}]}
workflows:
- {name: setup, order_from: [jobs.migrate, services.api]}
"""
        made = plan(member("frontend", template, "services:\n  api:\n  - {key: KEY, value: k}\n"))
        (job,) = of(made, "frontend").jobs
        assert (job.has_repo, job.folder, job.command) == (True, "server", ("migrate",))
        values = variables(job)
        assert (values["MODE"], values["POOL"], values["KEY"]) == ("job", "5", "k")
        assert job.completed_timeout == 1200

    @pytest.mark.parametrize(
        ("job", "runs"),
        [
            ("", (("serve",), ("--all",))),
            (", args: [x]", (("serve",), ("x",))),
            (", command: [migrate]", (("migrate",), ())),
            (", command: [migrate], args: [x]", (("migrate",), ("x",))),
        ],
    )
    def test_what_a_job_of_a_service_does_not_say_it_takes_from_it(
        self, job: str, runs: tuple[tuple[str, ...], ...]
    ) -> None:
        template = (
            "services:\n- {name: api, has_repo: true, command: [serve], args: [--all]}\n"
            "jobs:\n- {name: j, from_services: api%s}\n"
            "workflows:\n- {name: setup, order_from: [jobs.j, services.api]}\n"
        )
        (planned,) = of(plan(member("frontend", template % job)), "frontend").jobs
        assert (planned.command, planned.args) == runs

    def test_files_of_the_repository_that_are_there_are_mounted(self) -> None:
        template = (
            "services:\n- name: web\n  image: x\n  configmap:\n"
            "  - {name: a, repo_path: etc/a.conf, mount_path: /etc/a.conf}\n"
            "  - {name: b, repo_path: etc/b.conf, mount_path: /etc/b.conf}\n"
        )
        made = plan(member("frontend", template, files={"etc/a.conf": "listen"}))
        assert service(made, "frontend", "web").files == (("/etc/a.conf", "listen"),)


def test_errors_come_first_and_each_once() -> None:
    made = plan(
        imported("backend", "context: other\n" + BACKEND, exclude_services=("nope",)),
        member("frontend", FRONTEND, "mapping: {A: NOWHERE}\n"),
    )
    levels = [one.level for one in made.problems]
    assert levels == sorted(levels, key=lambda level: level != Level.ERROR)
    assert len(set(made.problems)) == len(made.problems)


class TestThePort:
    """``PORT``: the engine's own where it gives ports, else the first, unless it is set."""

    TEMPLATE = (
        "services:\n- name: web\n  build: {context: .}\n  command: [serve]\n"
        "  ports: [{type: node_port, target_port: 3000, port: 80},"
        " {type: container_port, port: 9}]\n"
    )

    def test_the_first_target_port_is_told_in_the_variable(self) -> None:
        made = plan(member("frontend", self.TEMPLATE))
        assert variables(service(made, "frontend", "web"))["PORT"] == "3000"

    def test_the_application_may_set_it_itself(self) -> None:
        made = plan(member("frontend", self.TEMPLATE, "defaults:\n- {key: PORT, value: 5}\n"))
        assert variables(service(made, "frontend", "web"))["PORT"] == "5"
        assert not made.problems

    def test_a_service_without_a_port_has_none(self) -> None:
        assert "PORT" not in variables(service(plan(member("frontend", ONE)), "frontend", "web"))

    def test_an_engine_that_gives_ports_sets_it_later(self) -> None:
        made = plan(member("frontend", self.TEMPLATE), engine=PROCESS)
        assert "PORT" not in variables(service(made, "frontend", "web"))

    def test_addresses_inside_are_those_that_were_given(self) -> None:
        made = plan(
            member("frontend", self.TEMPLATE), engine=PROCESS, local_ports={("web", 3000): 31007}
        )
        values = variables(service(made, "frontend", "web"))
        assert values["WEB_SERVICE_HOST"] == "127.0.0.1"
        assert values["WEB_SERVICE_PORT"] == "31007"


def test_a_member_keeps_what_the_plan_was_made_from() -> None:
    one = member("frontend", ONE, parameters={"unused": "x"}, comes=True)
    (planned,) = plan(one).members
    assert planned.member == replace(one, template=planned.member.template)
    assert planned.member.act is Act.APPLY
