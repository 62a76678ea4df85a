"""What imports bring, leave out and meet: excluded services, ignored imports, collisions."""

from dataclasses import replace

from environments.core.problems import Level
from tests.core.plans import (
    BACKEND,
    FRONTEND,
    MAPPED,
    ONE,
    found,
    ids,
    imported,
    kept,
    left_out,
    member,
    of,
    plan,
    service,
    variables,
)


class TestExcludedServices:
    """They are not there: no process, no task, no host, no variable."""

    def test_nothing_of_them_is_in_the_plan(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("api",)),
            member("frontend", FRONTEND.replace("  depends_on: [api]\n", "")),
        )
        backend = of(made, "backend")
        assert [one.name for one in backend.services] == ["db", "worker"]
        assert [host.service for host in made.hosts] == ["web"]
        assert "API_INGRESS_URL" not in variables(service(made, "frontend", "web"))
        assert "API_SERVICE_HOST" not in variables(service(made, "backend", "db"))
        skipped = [task for step in backend.steps for task in step.tasks if task.skipped]
        assert [task.name for task in skipped] == ["services.api"]

    def test_a_mapping_to_one_is_left_out_with_a_warning(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("api",)),
            member("frontend", FRONTEND.replace("  depends_on: [api]\n", ""), MAPPED),
        )
        assert ids(made) == ["mapping.left-out"]

    def test_an_unknown_one_is_an_error_that_names_the_nearest_and_the_importers_line(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("wroker",)), member("frontend", FRONTEND)
        )
        (problem,) = made.problems
        assert (problem.id, problem.level) == ("import.unknown-service", Level.ERROR)
        assert problem.message.startswith("frontend excludes wroker of backend")
        assert "Did you mean worker?" in problem.message
        assert problem.place is not None
        assert (problem.place.file, problem.place.line) == ("frontend.yaml", 2)

    def test_one_that_another_needs_is_a_warning_for_each_that_needs_it(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("db",)), member("frontend", FRONTEND)
        )
        assert {(one.id, one.level) for one in made.problems} == {
            ("import.exclude-needed", Level.WARNING)
        }
        assert len(made.problems) == 2

    def test_one_that_the_importer_needs_is_a_warning_too(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("api",)), member("frontend", FRONTEND)
        )
        (problem,) = made.problems
        assert (problem.id, problem.level) == ("import.exclude-needed", Level.WARNING)
        assert problem.message.startswith("web of frontend depends on api, which is excluded.")

    def test_a_mapping_that_one_would_not_have_given_either_is_an_error(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("db",)),
            member("frontend", FRONTEND, "mapping: {A: DB_INGRESS_URL, B: DB_SERVICE_HOST}\n"),
        )
        told = {one.message[:14]: one.id for one in found(made, "mapping.")}
        assert told == {
            "The mapping A ": "mapping.missing",
            "The mapping B ": "mapping.left-out",
        }

    def test_one_that_only_an_excluded_one_needs_is_no_warning(self) -> None:
        made = plan(
            imported("backend", BACKEND, exclude_services=("worker", "db", "api")),
            member("frontend", ONE),
        )
        assert ids(made) == ["import.nothing-left"]


class TestIgnoredImports:
    """Never deployed: shown, and nothing of it counts. Deployed before: it stays and counts."""

    def test_one_that_never_ran_is_a_member_without_anything(self) -> None:
        made = plan(
            left_out(imported("backend", BACKEND), "!main"), member("frontend", FRONTEND, MAPPED)
        )
        backend = of(made, "backend")
        assert (backend.services, backend.jobs, backend.steps) == ((), (), ())
        assert backend.member.ignored_by == "!main"
        assert [host.application for host in made.hosts] == ["frontend"]
        assert {(one.id, one.level) for one in made.problems} == {
            ("import.ignored-needed", Level.WARNING),
            ("mapping.left-out", Level.WARNING),
        }

    def test_mappings_to_it_take_their_default(self) -> None:
        made = plan(
            left_out(imported("backend", BACKEND), "!main"),
            member("frontend", ONE, "mapping: {A: '${API_INGRESS_URL:-http://none}'}\n"),
        )
        assert variables(service(made, "frontend", "web"))["A"] == "http://none"
        assert not made.problems

    def test_it_takes_no_part_in_collisions(self) -> None:
        backend = imported("backend", ONE)
        assert found(plan(backend, member("frontend", ONE)), "collision.")
        assert not plan(left_out(backend, "*"), member("frontend", ONE)).problems

    def test_one_that_ran_keeps_its_hosts_and_variables_and_does_nothing(self) -> None:
        made = plan(
            replace(kept(imported("backend", BACKEND, env_id="ted000b")), ignored_by="main"),
            member("frontend", FRONTEND, MAPPED),
        )
        backend = of(made, "backend")
        assert backend.steps == ()
        assert [one.name for one in backend.services] == ["api", "db", "worker"]
        web = variables(service(made, "frontend", "web"))
        assert web["REACT_APP_BACKEND_API"] == "https://api-backend-ted000b.example.org"
        assert not made.problems

    def test_one_that_stays_still_meets_new_names(self) -> None:
        made = plan(kept(imported("backend", ONE)), member("frontend", ONE))
        assert ids(made) == ["collision.service"]

    def test_what_is_wrong_inside_one_that_stays_is_not_said_again(self) -> None:
        broken = "mapping: {A: '${B'}\n"
        made = plan(kept(imported("backend", BACKEND, broken)), member("frontend", FRONTEND))
        assert not made.problems


class TestDependsOn:
    """A name that no member has is an error; one that an import brings is fine."""

    def test_an_import_may_bring_it(self) -> None:
        assert not plan(imported("backend", BACKEND), member("frontend", FRONTEND)).problems

    def test_what_nobody_brings_is_an_error_with_its_line(self) -> None:
        (problem,) = plan(member("frontend", FRONTEND)).problems
        assert (problem.id, problem.level) == ("depends.unknown", Level.ERROR)
        assert problem.place is not None and problem.place.line == 5


class TestImportsOfTheImporter:
    """What the list itself may not say."""

    def test_an_unknown_application_is_an_error_with_a_suggestion(self) -> None:
        made = plan(member("frontend", "app_imports:\n- name: bakend\n" + ONE))
        (problem,) = made.problems
        assert (problem.id, problem.level) == ("import.unknown", Level.ERROR)
        assert "Did you mean backend?" in problem.message
        assert problem.place is not None and problem.place.line == 2

    def test_the_context_and_domain_of_an_import_are_not_used_and_that_is_said(self) -> None:
        made = plan(
            imported("backend", "context: other\ndomain: other.example\n" + BACKEND),
            member("frontend", FRONTEND),
        )
        assert ids(made) == ["context.of-import", "context.of-import"]
        assert {one.level for one in made.problems} == {Level.WARNING}
        assert all(host.host.endswith(".example.org") for host in made.hosts)

    def test_imports_of_an_import_are_not_asked_about(self) -> None:
        made = plan(
            imported("backend", "app_imports:\n- name: nowhere\n" + BACKEND),
            member("frontend", FRONTEND),
        )
        assert not made.problems


class TestCollisions:
    """Found in the plan, before anything runs."""

    JOB = (
        "jobs:\n- {name: migrate, image: x}\n"
        "workflows:\n- {name: %s, order_from: [jobs.migrate]}\n"
        "- {name: setup, order_from: [services.all]}\n"
    )

    def test_both_applications_and_lines_are_named(self) -> None:
        (problem,) = plan(imported("backend", BACKEND + ONE[10:]), member("frontend", ONE)).problems
        assert problem.id == "collision.service"
        assert "frontend (line 2)" in problem.message and "backend (line 15)" in problem.message
        assert {fix.act for fix in problem.fixes} == {"exclude", "drop", "rename"}

    def test_jobs_of_any_workflow_meet_when_the_environment_is_set_up(self) -> None:
        backend = BACKEND + (self.JOB % "patch")
        frontend = FRONTEND + (self.JOB % "teardown").replace(
            "order_from: [jobs.migrate]", "order_from: [jobs.migrate, release.remove_environment]"
        )
        made = plan(imported("backend", backend), member("frontend", frontend))
        assert ids(made) == ["collision.job"]

    def test_a_job_that_no_workflow_runs_meets_nothing(self) -> None:
        idle = "jobs:\n- {name: migrate, image: x}\n"
        made = plan(imported("backend", BACKEND + idle), member("frontend", FRONTEND + idle))
        assert not found(made, "collision.")

    def test_a_job_of_an_excluded_service_meets_nothing(self) -> None:
        jobs = (
            "jobs:\n- {name: migrate, from_services: %s}\n"
            "workflows:\n- {name: setup, order_from: [jobs.migrate, services.all]}\n"
        )
        made = plan(
            imported("backend", BACKEND + jobs % "worker", exclude_services=("worker",)),
            member("frontend", FRONTEND + jobs % "web"),
        )
        assert not made.problems

    def test_shared_volumes_meet(self) -> None:
        volume = "shared_volumes:\n- {name: files, size: 1Gi}\n"
        made = plan(imported("backend", BACKEND + volume), member("frontend", FRONTEND + volume))
        assert ids(made) == ["collision.volume"]

    def test_one_host_with_one_path_is_for_one_service(self) -> None:
        rule = "rules:\n- {service: %s, hostnames: [shop.example.org], path: %s}\n"
        for path, expected in (("/api", []), ("/", ["collision.host"])):
            made = plan(
                imported("backend", BACKEND + rule % ("api", path)),
                member("frontend", FRONTEND + rule % ("web", "/")),
            )
            assert ids(made) == expected

    def test_a_variable_of_two_spellings_meets(self) -> None:
        port = "\n  image: x\n  ports: [{type: container_port, port: 80}]\n"
        made = plan(
            imported("backend", f"services:\n- name: my_api{port}"),
            member("frontend", f"services:\n- name: my-api{port}"),
        )
        assert ids(made) == ["collision.variable"]
