"""Public addresses: who has them, where they lead, and what they keep from ending."""

from dataclasses import replace

import pytest

from environments import tasks, wiring
from environments.actions import environments as acts
from environments.actions import pausing
from environments.actions.asking import NotAllowed, Refused
from environments.actions.public_addresses import add_address, lead, remove_address, services_of
from environments.core.ports import PublicHost
from environments.engines.memory import MemoryEngine
from environments.models import Application, Environment, Event, PortClaim, PublicAddress, Role
from environments.queries.public_addresses import leading_to
from environments.services import routes
from environments.services.planning_existing import plan
from tests.deploying.acts import PATCH, SETUP, run, said, save
from tests.world import World, services

HOST = "shop.example.org"


@pytest.fixture
def shop(world: World) -> Application:
    world.application("backend", services("api"), branches=["next"])
    return world.application("shop", services("web", imports=["backend"]), branches=["next"])


@pytest.fixture
def blue(world: World, shop: Application) -> Environment:
    return world.deployed(shop, type="permanent", name="blue")


@pytest.fixture
def green(world: World, shop: Application) -> Environment:
    return world.deployed(shop, "next", type="permanent", name="green")


def add(world: World, shop: Application, host: str = HOST, member: str = "shop") -> PublicAddress:
    service = "web" if member == "shop" else "api"
    return add_address(world.operator, shop, host=host, member=member, service=service)


def led(world: World) -> dict[str, str]:
    """Where routes lead that are no environment's own: hosts and namespaces."""
    public = set(PublicAddress.objects.values_list("host", flat=True))
    return {one.host: one.namespace for one in routes.routes() if one.host in public}


def with_ports(*environments: Environment) -> None:
    """As on engines whose hosts the product's own ingress leads."""
    for environment in environments:
        for workload in ("web", "api"):
            PortClaim.objects.create(
                namespace=environment.namespace,
                workload=workload,
                replica=0,
                target_port=8080,
                number=31000 + PortClaim.objects.count(),
            )


def test_all_lead_to_one_environment_and_to_another_one_at_once(
    world: World, shop: Application, blue: Environment, green: Environment
) -> None:
    with_ports(blue, green)
    add(world, shop)
    add(world, shop, "api.example.org", "backend")
    assert led(world) == {}
    for environment in (blue, green, blue):
        lead(world.operator, shop, environment)
        name = environment.namespace.name
        assert led(world) == {HOST: name, "api.example.org": name}
    assert [one.address.host for one in leading_to(blue)] == ["api.example.org", HOST]
    assert Event.objects.filter(environment=green).first() is not None
    told = Event.objects.filter(environment=blue)[0].what
    assert told == "led the public addresses of shop to blue, not to green any more"
    lead(world.operator, shop, None)
    assert led(world) == {}


def test_the_paths_are_those_of_the_host_that_it_is_like(
    world: World, shop: Application, blue: Environment
) -> None:
    with_ports(blue)
    add(world, shop)
    lead(world.operator, shop, blue)
    found = {(one.host, one.path, one.upstreams) for one in routes.routes()}
    (own,) = (one for one in found if one[0].startswith("web-shop-"))
    assert (HOST, *own[1:]) in found


def test_an_engine_with_its_own_ingress_is_told(
    world: World, shop: Application, blue: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = MemoryEngine(replace(world.engine.traits(), has_ingress=True))
    monkeypatch.setattr(wiring, "engine_of", lambda context: engine)
    add(world, shop)
    lead(world.operator, shop, blue)
    tasks.publish_routes()
    (own,) = (host["host"] for host in blue.running.hosts)  # type: ignore[union-attr]
    assert engine.led == [PublicHost(HOST, blue.namespace.name, own)]
    lead(world.operator, shop, None)
    tasks.publish_routes()
    assert engine.led == []


def test_what_one_leads_to_does_not_end(
    world: World, shop: Application, blue: Environment, green: Environment
) -> None:
    address = add(world, shop)
    lead(world.operator, shop, blue)
    with pytest.raises(Refused, match=r"shop\.example\.org of shop leads to blue"):
        acts.delete_environment(world.operator, _fresh(blue))
    remove_address(world.operator, shop, address.pk)
    acts.delete_environment(world.operator, _fresh(blue))
    world.work()
    assert _fresh(blue).status == "removed"
    add(world, shop)
    assert led(world) == {}
    lead(world.operator, _fresh(green).application, green)


def test_it_follows_a_change_of_the_environment(
    world: World, shop: Application, blue: Environment
) -> None:
    with_ports(blue)
    add(world, shop)
    lead(world.operator, shop, blue)
    add(world, shop, "api.example.org", "backend")
    assert "public.leaves" not in _foreseen(blue)
    save(world, blue, services("other", imports=["backend"]))
    assert _foreseen(blue).count("public.leaves") == 1
    done = run(world, blue, SETUP)
    assert done.status == "deployed"
    told = "The public address shop.example.org leads to web of shop here, which goes away."
    assert any(told in line for line in said(done))
    assert led(world) == {"api.example.org": blue.namespace.name}
    assert [one.address.host for one in leading_to(_fresh(blue))] == ["api.example.org"]
    assert "public.leaves" not in _foreseen(blue)


def test_an_import_that_leaves_takes_its_address_along(
    world: World, shop: Application, blue: Environment
) -> None:
    with_ports(blue)
    add(world, shop)
    add(world, shop, "api.example.org", "backend")
    lead(world.operator, shop, blue)
    save(world, blue, services("web"))
    assert _foreseen(blue).count("public.leaves") == 1


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("shop", "it has no dot"),
        ("https://shop.example.org", "'https://shop' is no part of a host name"),
        ("shop.example.org/x", "'org/x' is no part of a host name"),
        ("shop..org", "'' is no part"),
        (f"{'a' * 64}.org", "is no part of a host name"),
        (".".join(["aaaaaaaaa"] * 26), "longer than 253"),
        ("*.example.org", "'\\*' is no part"),
    ],
)
def test_what_is_no_host_name_is_refused(
    world: World, shop: Application, blue: Environment, host: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        add(world, shop, host)


def test_a_host_is_given_once(world: World, shop: Application, blue: Environment) -> None:
    add(world, shop, " Shop.Example.org. ")
    with pytest.raises(Refused, match="it is a public address already"):
        add(world, shop)
    assert blue.running is not None
    with pytest.raises(Refused, match="an environment has it"):
        add(world, shop, blue.running.hosts[0]["host"])


def test_an_environment_does_not_get_the_host_of_a_public_address(
    world: World, shop: Application, blue: Environment
) -> None:
    add(world, shop)
    rules = f"hostnames:\n- web: {HOST}\n"
    other = world.application("other", services("web", more=rules))
    with pytest.raises(Refused, match="it is a public address of shop"):
        world.create(other)


def test_a_service_that_nothing_exposes_is_refused(world: World, shop: Application) -> None:
    assert services_of(shop) == []
    with pytest.raises(Refused, match="No permanent environment of shop has a host for web"):
        add(world, shop)


def test_where_it_cannot_lead(
    world: World, shop: Application, blue: Environment, green: Environment
) -> None:
    add(world, shop)
    ephemeral = world.deployed(shop, name="short")
    new = world.create(shop, type="permanent", name="new")
    imported = blue.imported.get()
    for environment, reason in (
        (ephemeral, "it is ephemeral"),
        (new, "it was never set up"),
        (imported, "it is imported"),
    ):
        with pytest.raises(Refused, match=reason):
            lead(world.operator, shop, environment)
    world.work()
    pausing.pause(world.operator, green)
    world.work()
    with pytest.raises(Refused, match="it is paused"):
        lead(world.operator, shop, _fresh(green))
    save(world, blue, services("other", imports=["backend"]))
    run(world, blue, SETUP)
    with pytest.raises(Refused, match=r"shop\.example\.org needs web of shop there"):
        lead(world.operator, shop, _fresh(blue))
    shop.refresh_from_db()
    assert shop.public_environment is None


def test_only_owners_choose(world: World, shop: Application, blue: Environment) -> None:
    address = add(world, shop)
    member = world.person("mia", Role.MEMBER)
    for act in (
        lambda: add_address(member, shop, host="x.example.org", member="shop", service="web"),
        lambda: lead(member, shop, blue),
        lambda: remove_address(member, shop, address.pk),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_patch_of_it_goes_on_leading(world: World, shop: Application, blue: Environment) -> None:
    with_ports(blue)
    add(world, shop)
    lead(world.operator, shop, blue)
    world.repositories["shop"].commit({"more": "x"})
    assert run(world, blue, PATCH).status == "deployed"
    assert led(world) == {HOST: blue.namespace.name}


def _foreseen(environment: Environment) -> list[str]:
    return [problem.id for problem in plan(_fresh(environment), SETUP).problems]


def _fresh(environment: Environment) -> Environment:
    return Environment.objects.get(pk=environment.pk)
