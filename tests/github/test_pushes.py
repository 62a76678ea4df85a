"""A push becomes a deployment of what tracks the branch, and of nothing else."""

from collections.abc import Sequence

import pytest

from environments.actions import pausing
from environments.automation import deliveries
from environments.automation.reconciling import reconcile
from environments.models import Deployment, DeploymentKind, Environment
from tests.github.conftest import Hub
from tests.github.server import failing
from tests.world import services


def commits(environments: Sequence[Environment]) -> list[str]:
    """What each runs."""
    rows = Environment.objects.filter(pk__in=[one.pk for one in environments]).order_by("pk")
    return [one.running.commit if one.running else "" for one in rows]


def test_a_push_deploys_what_tracks_its_branch(hub: Hub) -> None:
    shop = hub.application("shop", branches=["login"])
    main, login = hub.world.deployed(shop), hub.world.deployed(shop, "login")
    before = commits([main, login])
    head = hub.push("shop")
    answer = hub.pushed("shop")
    assert (answer.status_code, answer.content) == (202, b"It is taken.\n")
    hub.work()
    assert commits([main, login]) == [head, before[1]]
    last = hub.world.last(main)
    assert (last.kind, last.asked_by_name) == (DeploymentKind.PATCH, "a push")
    ((verdict, said),) = hub.ledger
    assert verdict == "done"
    assert said == f"{main.name} gets main @ {head[:7]} (deployment {last.pk})."


def test_the_host_is_asked_and_the_payload_not_believed(hub: Hub) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    before = hub.world.last(main).pk
    hub.pushed("shop")
    hub.work()
    assert hub.world.last(main).pk == before
    ((verdict, said),) = hub.ledger
    assert verdict == "nothing"
    assert "already" in said


def test_ten_pushes_are_one_deployment_of_the_newest(hub: Hub) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    for _ in range(10):
        head = hub.push("shop")
        hub.pushed("shop")
    hub.work()
    assert commits([main]) == [head]
    assert Deployment.objects.filter(kind=DeploymentKind.PATCH).count() == 1


def test_pushes_while_one_waits_supersede_it(hub: Hub) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    for _ in range(3):
        head = hub.push("shop")
        hub.pushed("shop")
        while hub.waiting:
            deliveries.take(hub.waiting.popleft())
    hub.work()
    assert commits([main]) == [head]
    patches = Deployment.objects.filter(kind=DeploymentKind.PATCH).order_by("pk")
    assert [one.status for one in patches] == ["superseded", "superseded", "deployed"]


def test_an_import_follows_its_own_branch(hub: Hub) -> None:
    hub.application("backend", branches=["login"])
    shop = hub.application("shop", services("shop", imports=["backend"]), branches=["login"])
    owner = hub.world.deployed(shop, "login")
    (imported,) = owner.imported.all()
    before = commits([owner])
    head = hub.push("backend", "login")
    hub.pushed("backend", "login")
    hub.work()
    assert commits([imported]) == [head]
    assert commits([owner]) == before


def test_a_template_may_say_no(hub: Hub) -> None:
    shop = hub.application("shop", f"auto_deploy: false\n{services('shop')}")
    main = hub.world.deployed(shop)
    before = commits([main])
    hub.push("shop")
    hub.pushed("shop")
    hub.work()
    assert commits([main]) == before
    assert "auto_deploy: false" in hub.ledger[0][1]


def test_nobody_tracks_it(hub: Hub) -> None:
    hub.application("shop", branches=["login"])
    hub.pushed("shop", "login")
    hub.pushed("elsewhere", "login")
    hub.work()
    assert hub.ledger == [
        ("nothing", "No environment of shop tracks login."),
        ("nothing", "No application of this account is of the repository acme/elsewhere."),
    ]


def test_a_branch_that_is_gone_changes_nothing(hub: Hub) -> None:
    shop = hub.application("shop", branches=["login"])
    login = hub.world.deployed(shop, "login")
    before = commits([login])
    hub.world.repositories["shop"].git("branch", "-D", "login")
    hub.pushed("shop", "login")
    hub.work()
    login.refresh_from_db()
    assert (commits([login]), login.removed_at) == (before, None)
    assert "its branch login is gone" in hub.ledger[0][1]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_host_that_does_not_tell_is_asked_again(hub: Hub, status: int) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    head = hub.push("shop")
    page = "<html>no</html>" if status == 404 else None
    hub.server.answers("/repos/", failing(status, text=page), times=1)
    hub.pushed("shop")
    hub.work()
    ((verdict, said),) = hub.ledger
    assert verdict == "waiting"
    assert said.startswith("Waits: ")
    assert commits([main]) != [head]


def test_what_no_delivery_told_is_found(hub: Hub) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    head = hub.push("shop")
    reconcile()
    hub.work()
    assert commits([main]) == [head]
    count = Deployment.objects.count()
    reconcile()
    hub.pushed("shop")
    hub.work()
    assert Deployment.objects.count() == count


def test_a_commit_that_failed_is_not_tried_for_ever(hub: Hub) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    hub.push("shop")
    hub.pushed("shop")
    hub.work()
    Deployment.objects.filter(pk=hub.world.last(main).pk).update(status="failed", reason="it broke")
    Environment.objects.filter(pk=main.pk).update(running=main.last_setup)
    count = Deployment.objects.count()
    for _ in range(3):
        reconcile()
        hub.work()
    assert Deployment.objects.count() == count


@pytest.mark.parametrize("bad", [401, 429, 500])
def test_a_reconcile_without_an_answer_changes_nothing(hub: Hub, bad: int) -> None:
    shop = hub.application("shop")
    main = hub.world.deployed(shop)
    hub.push("shop")
    count = Deployment.objects.count()
    hub.server.answers("/", failing(bad), times=50)
    reconcile()
    hub.work()
    main.refresh_from_db()
    assert (Deployment.objects.count(), main.removed_at) == (count, None)


def test_a_paused_one_gets_the_newest_commit_once_it_is_resumed(hub: Hub) -> None:
    shop = hub.world.deployed(hub.application("shop"))
    pausing.pause(hub.world.operator, shop)
    hub.world.work()
    head = hub.push("shop")
    hub.pushed("shop")
    hub.work()
    assert f"is paused: it gets {head[:7]} once it is resumed" in hub.ledger[-1][1]
    reconcile()
    hub.work()
    shop.refresh_from_db()
    assert shop.status == "paused"
    pausing.resume(hub.world.operator, shop)
    hub.world.work()
    reconcile()
    hub.work()
    shop.refresh_from_db()
    assert shop.running is not None
    assert (shop.status, shop.running.commit) == ("deployed", head)


def test_a_branch_that_is_pushed_by_force_is_deployed_as_it_is_now(hub: Hub) -> None:
    shop = hub.world.deployed(hub.application("shop"))
    before = commits([shop])
    repository = hub.world.repositories["shop"]
    repository.git("checkout", "-q", "--orphan", "anew")
    head = repository.commit({"other.txt": "x"}, "begun anew")
    repository.git("branch", "-q", "-f", "main", head)
    repository.git("checkout", "-q", "main")
    hub.pushed("shop")
    hub.work()
    assert commits([shop]) == [head] != before
