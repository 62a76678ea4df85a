"""What an engine cannot run is an error that names those that can; what only tunes, a warning."""

from dataclasses import replace

import pytest

from environments.core.problems import Level
from tests.core.plans import CLUSTER, PROCESS, found, ids, imported, kept, member, plan

RUNS = "services:\n- {name: web, build: {context: .}, command: [serve]}\n"
LIMITS = "engine.limits"
PORT = "  ports: [{type: node_port, target_port: 3000, port: 80}]\n"


def told(template: str, variables: str = "", **more: object) -> list[str]:
    """Ids of what the engine ``process`` says, the sentence on limits aside."""
    made = plan(member("shop", template, variables), engine=PROCESS, **more)
    return [one for one in ids(made) if one != LIMITS]


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("{name: db, image: postgres}", "engine.only-image"),
        ("{name: db, image: postgres, command: [postgres]}", "engine.only-image"),
        ("{name: web, build: {context: .}}", "engine.no-command"),
        ("{name: web, has_repo: true}", "engine.no-command"),
        ("{name: site, static: true}", "engine.static"),
        (
            "{name: web, has_repo: true, command: [x],"
            " volumes: [{name: v, mount_path: /v, size: 1Gi}]}",
            "engine.volume",
        ),
        (
            "{name: web, has_repo: true, command: [x],"
            " configmap: [{repo_path: a, mount_path: /etc/a}]}",
            "engine.file",
        ),
        (
            "{name: web, has_repo: true, command: [x],"
            " configmap: [{repo_path: a, mount_path: b/../../a}]}",
            "engine.file",
        ),
    ],
)
def test_what_no_process_can_be_is_an_error_that_names_the_engines(
    service: str, problem: str
) -> None:
    made = plan(member("shop", f"services:\n- {service}\n"), engine=PROCESS)
    (wrong,) = [one for one in made.problems if one.level is Level.ERROR]
    assert wrong.id == problem
    assert "docker or kubernetes" in wrong.message and "process" in wrong.message
    assert wrong.place is not None and wrong.place.line == 2


@pytest.mark.parametrize(
    "service",
    [
        "{name: web, has_repo: true, command: [serve]}",
        "{name: web, has_repo: true, args: [serve]}",
        "{name: web, has_repo: true, args: [x], configmap: [{repo_path: a, mount_path: b/a}]}",
        "{name: web, build: {context: .}, image: example/web, command: [serve]}",
    ],
)
def test_code_of_the_repository_with_a_command_runs(service: str) -> None:
    assert not told(f"services:\n- {service}\n")


@pytest.mark.parametrize(
    ("job", "problems"),
    [
        ("{name: seed, from_services: web, command: [seed]}", []),
        ("{name: seed, from_services: web}", []),
        ("{name: seed, image: example/seed}", ["engine.only-image"]),
        ("{name: seed, has_repo: true}", ["engine.no-command"]),
    ],
)
def test_jobs_are_asked_the_same(job: str, problems: list[str]) -> None:
    flow = "workflows:\n- {name: setup, order_from: [jobs.seed, services.web]}\n"
    assert told(f"{RUNS}jobs:\n- {job}\n{flow}") == problems


def test_a_job_that_does_not_run_is_not_asked() -> None:
    assert told(f"{RUNS}jobs:\n- {{name: seed, image: x}}\n") == ["workflow.unnamed-job"]


def test_an_excluded_service_is_not_asked() -> None:
    backend = imported("backend", f"{RUNS}- {{name: db, image: x}}\n", exclude_services=("db",))
    made = plan(backend, member("shop", "{}"), engine=PROCESS)
    assert ids(made) == [LIMITS]


def test_a_member_that_stays_as_it_runs_is_not_asked() -> None:
    backend = kept(imported("backend", "services:\n- {name: db, image: x}\n"))
    assert ids(plan(backend, member("shop", RUNS), engine=PROCESS)) == [LIMITS]


@pytest.mark.parametrize("engine", [PROCESS, CLUSTER])
def test_what_nothing_carries_out_yet_is_an_error_on_every_engine(engine: object) -> None:
    key = "infrastructure: [{name: i, type: terraform, directory: d}]"
    made = plan(member("shop", f"{RUNS}{key}\n"), engine=engine)
    (wrong,) = [one for one in made.problems if one.level is Level.ERROR]
    assert wrong.id == "engine.unsupported"
    assert key.partition(":")[0] in wrong.message
    assert ("docker or kubernetes" in wrong.message) is (engine is PROCESS)


def test_cron_jobs_need_an_engine_that_runs_images() -> None:
    text = f"{RUNS}cron_jobs: [{{name: n, image: x, schedule: '* * * * *'}}]\n"
    (wrong,) = [
        one
        for one in plan(member("shop", text), engine=PROCESS).problems
        if one.level is Level.ERROR and one.id == "engine.unsupported"
    ]
    assert "cron_jobs" in wrong.message
    assert "docker or kubernetes" in wrong.message
    assert wrong.place is not None
    assert not plan(member("shop", text), engine=CLUSTER).problems


def test_limits_are_mentioned_once_for_all_members() -> None:
    many = "".join(
        f"- {{name: s{n}, has_repo: true, command: [x], memory: {{limits: 1Gi}}}}\n"
        for n in range(5)
    )
    made = plan(imported("backend", f"services:\n{many}"), member("shop", RUNS), engine=PROCESS)
    (said,) = made.problems
    assert (said.id, said.level) == (LIMITS, Level.WARNING)


def test_what_only_tunes_is_a_warning_once_for_each_key() -> None:
    tuned = (
        "services:\n"
        "- {name: a, has_repo: true, command: [x], autoscale: {min_replicas: 1}}\n"
        "- {name: b, has_repo: true, command: [x], node_selector: [{key: a, value: b}]}\n"
        "ingress: {proxy_body_size: 1m}\n"
        "node_selector: [{key: a, value: b}]\n"
    )
    made = plan(member("shop", tuned), engine=PROCESS)
    tunes = found(made, "engine.tunes")
    assert {one.level for one in tunes} == {Level.WARNING}
    assert sorted(one.message.split()[0] for one in tunes) == [
        "autoscale",
        "ingress",
        "node_selector",
    ]


def test_an_engine_with_limits_names_what_else_it_does_not_follow() -> None:
    tuned = (
        "services:\n"
        "- name: a\n  image: a:1\n  autoscale: {min_replicas: 1}\n"
        "  node_selector: [{key: a, value: b}]\n"
    )
    follows = replace(CLUSTER, follows=frozenset(("node_selector",)))
    for engine, named in (
        (replace(CLUSTER, follows=frozenset()), ["autoscale", "node_selector"]),
        (follows, ["autoscale"]),
    ):
        made = plan(member("shop", tuned), engine=engine)
        said = [one.message.split()[0] for one in found(made, "engine.tunes")]
        assert sorted(said) == named
        assert not found(made, LIMITS)


def test_an_engine_that_can_says_nothing() -> None:
    text = (
        "services:\n- name: db\n  image: postgres\n"
        "  volumes: [{name: v, mount_path: /v, size: 1Gi}]\n"
    )
    assert not plan(member("shop", text)).problems


class TestTheLimitOfProcesses:
    """So many a machine, an error of the plan and not a crash."""

    @pytest.mark.parametrize(("replicas", "elsewhere", "fits"), [(6, 4, True), (7, 4, False)])
    def test_it_counts_replicas_and_what_runs_elsewhere(
        self, replicas: int, elsewhere: int, fits: bool
    ) -> None:
        text = f"services:\n- {{name: web, has_repo: true, command: [x], replicas: {replicas}}}\n"
        problems = told(text, processes_elsewhere=elsewhere, process_limit=10)
        assert problems == ([] if fits else ["engine.process-limit"])

    def test_members_that_stay_count_and_those_left_out_do_not(self) -> None:
        backend = imported("backend", RUNS.replace("web", "api"))
        own = member("shop", RUNS)
        more = {"engine": PROCESS, "process_limit": 1}
        assert found(plan(kept(backend), own, **more), "engine.process-limit")
        assert not found(plan(own, **more), "engine.process-limit")

    def test_the_message_has_the_numbers_and_the_setting(self) -> None:
        made = plan(member("shop", RUNS), engine=PROCESS, processes_elsewhere=30, process_limit=30)
        (wrong,) = found(made, "engine.process-limit")
        assert wrong.level is Level.ERROR
        for part in ("1 processes", "30 run already", "RELEASECLONE_PROCESS_LIMIT"):
            assert part in wrong.message

    def test_an_engine_without_local_ports_has_none(self) -> None:
        assert not plan(member("shop", RUNS), process_limit=0).problems


class TestPortsThatAreFixed:
    """The engine gives each port another number, so a fixed one is worth a warning."""

    def test_a_variable_that_fixes_it(self) -> None:
        sets_it = "defaults:\n- {key: PORT, value: 3000}\n"
        text = f"services:\n- name: web\n  has_repo: true\n  command: [serve]\n{PORT}"
        assert told(text, sets_it) == ["engine.fixed-port"]

    def test_a_service_without_a_port_keeps_the_variable_that_it_sets(self) -> None:
        assert told(RUNS, "defaults:\n- {key: PORT, value: 3000}\n") == []

    @pytest.mark.parametrize(
        "command", ["[serve, --port=3000]", "[serve, '-p3000']", "[sh, -c, 'serve 0.0.0.0:3000']"]
    )
    def test_a_command_that_names_it(self, command: str) -> None:
        text = f"services:\n- name: web\n  has_repo: true\n  command: {command}\n{PORT}"
        made = plan(member("shop", text), engine=PROCESS)
        (said,) = found(made, "engine.port-in-command")
        assert said.level is Level.WARNING
        assert "3000" in said.message and "$(PORT)" in said.message

    @pytest.mark.parametrize(
        "command", ["[serve, --port=$(PORT)]", "[serve, '$(PORT_3000)']", "[serve, '13000']"]
    )
    def test_a_command_that_asks_for_what_is_given_is_fine(self, command: str) -> None:
        text = f"services:\n- name: web\n  has_repo: true\n  command: {command}\n{PORT}"
        assert not told(text)

    @pytest.mark.parametrize(
        ("command", "ports", "asked"),
        [
            ("[serve, '--port=$(PORT)']", "", ["PORT"]),
            ("[sh, -c, 'serve $(PORT_8080) $(PORT_3000)']", PORT, ["PORT_8080"]),
            ("[sh, -c, 'serve $(PORT) $PORT $(date) $(PORTS)']", PORT, []),
            ("[serve, $PORT]", "", []),
        ],
    )
    def test_a_command_that_asks_for_a_port_that_is_not_there(
        self, command: str, ports: str, asked: list[str]
    ) -> None:
        text = f"services:\n- name: web\n  has_repo: true\n  command: {command}\n{ports}"
        made = plan(member("shop", text), engine=PROCESS)
        said = found(made, "engine.port-not-given")
        assert [one.level for one in said] == [Level.WARNING] * len(asked)
        assert all(f"$({name})" in one.message for one, name in zip(said, asked, strict=True))

    def test_on_other_engines_the_number_is_right(self) -> None:
        text = f"services:\n- name: web\n  image: x\n  command: [serve, '3000']\n{PORT}"
        assert not plan(member("shop", text, "defaults:\n- {key: PORT, value: 3000}\n")).problems


@pytest.mark.parametrize(("size", "fits"), [(131_071, True), (131_072, False)])
def test_a_variable_that_no_process_can_be_given_is_an_error(size: int, fits: bool) -> None:
    text = "ä" * 1000 + "x" * (size - len("BIG=") - 2000)
    variables = f"defaults: [{{key: BIG, value: {text}}}]\n"
    assert told(RUNS, variables) == ([] if fits else ["engine.value-too-long"])
    assert not plan(member("shop", RUNS, variables), engine=CLUSTER).problems


class TestAddressesThatAreFixed:
    """A service variable that the application sets itself stays, with a warning."""

    OWN = f"services:\n- name: api\n  build: {{context: .}}\n  command: [x]\n{PORT}"

    @pytest.mark.parametrize(
        "variables",
        [
            "defaults:\n- {key: API_SERVICE_HOST, value: api.internal}\n",
            "services:\n  api:\n  - {key: API_SERVICE_HOST, value: api.internal}\n",
            "mapping: {API_SERVICE_HOST: api.internal}\n",
        ],
    )
    def test_it_is_told_where_the_engine_gives_addresses(self, variables: str) -> None:
        made = plan(member("shop", self.OWN, variables), engine=PROCESS)
        (said,) = found(made, "engine.own-address")
        assert said.level is Level.WARNING
        assert "API_SERVICE_HOST" in said.message
        (value,) = [
            one for one in made.members[0].services[0].variables if one.name == "API_SERVICE_HOST"
        ]
        assert value.text == "api.internal"

    def test_it_is_told_once_for_each_variable_with_all_that_have_it(self) -> None:
        text = self.OWN + "- {name: worker, has_repo: true, command: [x]}\n"
        variables = "defaults:\n- {key: API_SERVICE_HOST, value: x}\n"
        made = plan(member("shop", text, variables), engine=PROCESS)
        (said,) = found(made, "engine.own-address")
        assert "(for api, worker)" in said.message

    def test_elsewhere_the_name_is_right_and_nothing_is_said(self) -> None:
        variables = "defaults:\n- {key: API_SERVICE_HOST, value: api}\n"
        assert not plan(member("shop", self.OWN, variables)).problems

    def test_a_name_of_no_service_here_is_a_variable_like_others(self) -> None:
        assert not told(self.OWN, "defaults:\n- {key: MAIL_SERVICE_HOST, value: mail}\n")


def test_names_that_do_not_resolve_are_mentioned_once_with_the_remedies() -> None:
    backend = imported("backend", RUNS.replace("web", "api"))
    made = plan(backend, member("shop", RUNS), engine=PROCESS, names_resolve=False)
    (said,) = found(made, "names.do-not-resolve")
    assert said.level is Level.WARNING
    for remedy in ("libnss-myhostname", "domain", "service variables"):
        assert remedy in said.message
    assert not plan(member("shop", RUNS), engine=CLUSTER, names_resolve=False).problems


def test_only_what_the_engine_lacks_is_refused() -> None:
    with_volumes = replace(PROCESS, has_volumes=True)
    text = "services:\n- {name: w, has_repo: true, command: [x], volumes: [{mount_path: /v}]}\n"
    assert ids(plan(member("shop", text), engine=with_volumes)) == [LIMITS]
