"""App Imports end to end: through the actions, the queue and the worker's steps."""

import pytest

from environments.actions import deployments
from environments.actions.drafts import ImportChoice
from environments.actions.environments import delete_environment, save_imports
from environments.models import DeploymentKind, Environment, EnvironmentStatus
from tests.world import World, services


def branches_of(environment: Environment) -> dict[str, str]:
    members = environment.namespace.members.filter(removed_at__isnull=True)
    return {member.application.name: member.branch for member in members}


@pytest.mark.parametrize(
    ("branch", "b", "c"),
    [
        ("main", "develop", "bug-1"),
        ("feature-1", "develop", "feature-1"),
        ("feature-2", "feature-2", "bug-1"),
    ],
)
def test_the_table_of_branches(world: World, branch: str, b: str, c: str) -> None:
    world.application("b", default="develop", branches=["feature-2"])
    world.application(
        "c",
        services("c", more="tracking_branch: bug-1\n"),
        default="v5",
        branches=["bug-1", "feature-1", "bug-2"],
    )
    a = world.application(
        "a",
        services("a", imports=["b", "c"], more="tracking_branch: main\n"),
        branches=["feature-1", "feature-2"],
    )
    environment = world.deployed(a, branch)
    assert branches_of(environment) == {"a": branch, "b": b, "c": c}
    assert environment.status == EnvironmentStatus.DEPLOYED
    assert world.running(environment) == {"a", "b", "c"}


def test_imports_are_not_recursive(world: World) -> None:
    c = world.application("c")
    b = world.application("b", services("b", imports=["c"]))
    a = world.application("a", services("a", imports=["b"]))
    assert set(branches_of(world.deployed(a))) == {"a", "b"}
    assert set(branches_of(world.deployed(b))) == {"b", "c"}
    assert set(branches_of(world.deployed(c))) == {"c"}


def test_both_directions_import_once_each(world: World) -> None:
    a = world.application("a", services("a", imports=["b"]))
    b = world.application("b", services("b", imports=["a"]))
    assert world.running(world.deployed(a)) == {"a", "b"}
    assert world.running(world.deployed(b)) == {"a", "b"}


def test_a_setup_of_the_imported_environment_runs_it_alone(world: World) -> None:
    world.application("c")
    world.application("b", services("b", imports=["c"]))
    a = world.application("a", services("a", imports=["b"]))
    environment = world.deployed(a)
    imported = environment.imported.get()
    deployments.deploy(world.operator, imported, DeploymentKind.SETUP)
    world.work()
    assert world.last(imported).status == "deployed"
    assert world.running(environment) == {"a", "b"}


def test_all_members_share_the_namespace_and_the_ingress_variables(world: World) -> None:
    world.application("backend", services("api"))
    frontend = world.application(
        "frontend",
        services("web", imports=["backend"]),
        variables="mapping:\n  BACKEND: API_INGRESS_URL\n",
    )
    environment = world.deployed(frontend)
    plan = world.last(environment).plan
    own = plan["members"][-1]["services"][0]["variables"]
    values = {value["name"]: value["text"] for value in own}
    handle = environment.imported.get().env_id
    assert values["BACKEND"] == f"http://api-backend-{handle}.localhost:8080"
    backend = plan["members"][0]["services"][0]["variables"]
    assert "WEB_INGRESS_URL" in {value["name"] for value in backend}
    assert "BACKEND" not in {value["name"] for value in backend}


def test_an_ignored_import_is_created_and_its_deployment_aborted(world: World) -> None:
    world.application("backend", services("api"))
    template = services("web") + (
        "app_imports:\n- name: backend\n  ignore_deployment_refs: [main]\n"
    )
    frontend = world.application("frontend", template)
    environment = world.deployed(frontend)
    imported = environment.imported.get()
    share = world.last(imported)
    assert share.status == "aborted"
    assert "main matches main" in share.reason
    assert environment.status == EnvironmentStatus.DEPLOYED
    assert world.running(environment) == {"web"}


def test_an_ignored_import_that_ran_before_stays_up_untouched(world: World) -> None:
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    environment = world.deployed(frontend)
    imported = environment.imported.get()
    before = world.engine.observe(environment.namespace.name)
    world.repositories["backend"].commit({"x": "1"})
    text = environment.versions.get(number=1).template
    from_now = text.replace("- name: backend", "- name: backend\n  ignore_deployment_refs: [main]")
    environment.versions.create(
        number=2, template=from_now, variables=environment.versions.get().variables, change="x"
    )
    environment.number = 2
    environment.save()
    deployments.deploy(world.operator, environment, DeploymentKind.SETUP)
    world.work()
    share = world.last(imported)
    assert (share.status, share.ignored_by) == ("aborted", "main")
    after = world.engine.observe(environment.namespace.name)
    assert [one for one in after if one.workload == "api"] == [
        one for one in before if one.workload == "api"
    ]
    imported.refresh_from_db()
    assert imported.status == EnvironmentStatus.DEPLOYED


def test_imports_come_and_go_with_deploy_setup(world: World) -> None:
    world.application("backend", services("api"))
    world.application("angular", services("ng"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    environment = world.deployed(frontend)
    choices = (ImportChoice("backend"), ImportChoice("angular", branch="main"))
    save_imports(
        world.operator, environment, imports=choices, parallelize=False, parameters={}, opened_on=1
    )
    assert world.running(environment) == {"api", "web"}
    deployments.deploy(world.operator, environment, DeploymentKind.SETUP)
    world.work()
    assert world.running(environment) == {"api", "ng", "web"}
    environment.refresh_from_db()
    save_imports(
        world.operator,
        environment,
        imports=(ImportChoice("angular", branch="main"),),
        parallelize=False,
        parameters={},
        opened_on=2,
    )
    deployments.deploy(world.operator, environment, DeploymentKind.SETUP)
    world.work()
    assert world.running(environment) == {"ng", "web"}
    assert set(branches_of(environment)) == {"angular", "frontend"}
    environment.refresh_from_db()
    assert environment.status == EnvironmentStatus.DEPLOYED


def test_deleting_removes_everything_and_frees_the_name(world: World) -> None:
    world.application("backend", services("api"))
    frontend = world.application("frontend", services("web", imports=["backend"]))
    environment = world.deployed(frontend, name="one")
    delete_environment(world.operator, environment)
    world.work()
    assert world.running(environment) == set()
    environment.refresh_from_db()
    assert environment.status == EnvironmentStatus.REMOVED
    assert not Environment.objects.filter(removed_at__isnull=True).exists()
    assert world.deployed(frontend, name="one").status == EnvironmentStatus.DEPLOYED


def test_a_patch_moves_one_member_and_leaves_the_others(world: World) -> None:
    image = "  image: example/image:1\n"
    world.application("backend", services("api").replace(image, "  has_repo: true\n" + image))
    own = services("web", imports=["backend"]).replace(image, "  has_repo: true\n" + image)
    frontend = world.application("frontend", own)
    environment = world.deployed(frontend)
    commits = {name: repo.commit({"x": "1"}) for name, repo in world.repositories.items()}
    deployments.deploy(world.operator, environment, DeploymentKind.PATCH)
    world.work()
    patch = world.last(environment)
    assert (patch.status, patch.commit) == ("deployed", commits["frontend"])
    imported = environment.imported.get()
    assert imported.deployments.count() == 1
    assert imported.running is not None
    assert imported.running.commit != commits["backend"]
