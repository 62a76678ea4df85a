"""Group 6: imports of oneself, of each other, of nothing, of too much.

Held elsewhere: self-imports and the same import twice, with their lines, in
tests/core/test_template_rules.py; A and B that import each other in
tests/deploying/test_imports.py and tests/commands/test_plan_environment.py.
"""

from collections.abc import Callable

import pytest

from environments import wiring
from environments.actions.accounts import open_account
from environments.actions.applications import (
    delete_application,
    register_application,
    save_application_template,
)
from environments.actions.asking import Refused, operator
from environments.actions.drafts import ImportChoice
from environments.actions.environments import save_imports
from environments.core.plan import Plan
from environments.models import Application, Deployment, Environment
from tests.bad_inputs.conftest import Drafted
from tests.world import World, services


@pytest.mark.parametrize(
    ("imports", "problem"),
    [(["shop"], "template.self-import"), (["b", "b"], "template.import-twice")],
)
def test_it_is_refused_wherever_a_template_is_saved(
    world: World, imports: list[str], problem: str
) -> None:
    text = services("web", imports=imports)
    application = world.application("shop")
    with pytest.raises(Refused) as refused:
        save_application_template(world.operator, application, text=text, opened_on=1)
    (found,) = [one for one in refused.value.problems if one.level == "error"]
    assert found.id == problem
    assert found.place is not None and found.place.line == 8 + len(imports)
    assert Application.objects.get().number == 1


def test_nobody_can_choose_an_application_as_its_own_import(
    world: World, problems_of: Drafted
) -> None:
    application = world.application("shop")
    (problem,) = problems_of(application, imports=(ImportChoice("shop"),))
    assert (problem.id, problem.message) == (
        "template.self-import",
        "shop imports itself. Take this entry out.",
    )
    environment = world.create(application)
    with pytest.raises(Refused, match="shop imports itself"):
        save_imports(
            world.operator,
            environment,
            imports=(ImportChoice("shop"),),
            parallelize=False,
            parameters={},
            opened_on=1,
        )
    assert environment.versions.count() == 1


def test_a_missing_one_is_an_error_with_the_nearest_name(
    world: World, problems_of: Drafted
) -> None:
    world.application("backend")
    application = world.application("shop", services("web", imports=["bakend"]))
    (problem,) = problems_of(application)
    assert (problem.id, problem.level) == ("import.unknown", "error")
    assert "Did you mean backend?" in problem.message
    with pytest.raises(Refused):
        world.create(application)
    assert not Environment.objects.exists()


def test_one_of_another_account_is_unknown_like_one_that_is_nowhere(
    world: World, problems_of: Drafted
) -> None:
    theirs = world.application("theirs")
    application = world.application("shop", services("web", imports=["theirs"]))
    theirs.account = open_account("other")
    theirs.save()
    (foreign,) = problems_of(application)
    (nowhere,) = problems_of(application, imports=(ImportChoice("nowhre"),))
    assert foreign.message.replace("theirs", "nowhre") == nowhere.message
    assert "other" not in foreign.message
    assert foreign.id == nowhere.id == "import.unknown"


def test_one_that_was_deleted_is_unknown_from_then_on(world: World, problems_of: Drafted) -> None:
    backend = world.application("backend")
    application = world.application("shop", services("web", imports=["backend"]))
    environment = world.create(application)
    delete_application(world.operator, backend)
    world.work()
    deployment = world.last(environment)
    assert deployment.status == "failed"
    assert "shop imports backend, and this account has no such application." in deployment.reason
    assert [problem.id for problem in problems_of(application)] == ["import.unknown"]


def test_one_that_runs_as_an_import_cannot_be_deleted(world: World) -> None:
    backend = world.application("backend")
    environment = world.deployed(world.application("shop", services("web", imports=["backend"])))
    imported = environment.imported.get()
    with pytest.raises(Refused, match="backend has 1 living environments") as refused:
        delete_application(world.operator, backend)
    assert imported.name in str(refused.value)
    assert Application.objects.filter(name="backend").exists()


def test_five_hundred_of_them_are_planned(world: World, plan_of: Callable[..., Plan]) -> None:
    first = world.application("first")
    names = [f"app-{number}" for number in range(500)]
    for name in names:
        _copied(first, name, f"services:\n- {{name: {name}, image: x}}\n")
    application = _copied(first, "shop", services("web", imports=names))
    plan = plan_of(application)
    assert [one.member.application for one in plan.members] == [*names, "shop"]
    assert not plan.problems


def _copied(first: Application, name: str, template: str) -> Application:
    """Another application of the same repository, without reading it again."""
    application = Application.objects.create(
        account=first.account, name=name, repository_url=first.repository_url, default_branch="main"
    )
    sealed = wiring.seal("", belongs_to=f"application {application.pk}")
    application.versions.create(number=1, template=template, variables=sealed, change="copied")
    return application


def test_all_services_excluded_is_a_warning(world: World, problems_of: Drafted) -> None:
    world.application("backend", services("api", "cache"))
    application = world.application("shop", services("web", imports=["backend"]))
    chosen = ImportChoice("backend", exclude_services=("api", "cache"))
    (problem,) = problems_of(application, imports=(chosen,))
    assert (problem.id, problem.level) == ("import.nothing-left", "warning")
    environment = world.create(application, imports=[chosen])
    world.work()
    environment.refresh_from_db()
    assert environment.status == "deployed"
    assert world.running(environment) == {"web"}


def test_an_unknown_excluded_service_is_an_error_with_the_nearest_name(
    world: World, problems_of: Drafted
) -> None:
    world.application("backend", services("api", "cache"))
    application = world.application("shop", services("web", imports=["backend"]))
    chosen = ImportChoice("backend", exclude_services=("cahce",))
    (problem,) = problems_of(application, imports=(chosen,))
    assert (problem.id, problem.level) == ("import.unknown-service", "error")
    assert "Did you mean cache?" in problem.message
    with pytest.raises(Refused):
        world.create(application, imports=[chosen])
    assert not Deployment.objects.exists()


def test_a_stranger_cannot_import_what_it_cannot_see(world: World) -> None:
    ours = world.application("ours")
    account = open_account("other")
    account.contexts.update(engine="memory")
    stranger = operator(account)
    registered = register_application(
        stranger,
        source=ours.repository_url,
        name="theirs",
        template=services("web", imports=["ours"]),
    )
    assert [problem.id for problem in registered.problems] == ["import.unknown"]
