"""A worker that is killed, or stands still, in each step of a deployment of the running product."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from tests.run import workers
from tests.run.product import Product, lives, until
from tests.run.shop import Shop
from tests.run.workers import Seen, stand_still

ALL = ("services.stock", "jobs.move", "services.web")
_LINES = "select deployment_id, text from environments_logline"
_KEPT = (
    "select id, status, reason, fence, ended_at from environments_deployment",
    "select id, state, reason, applied_at, ended_at from environments_task",
    _LINES,
)


def states_of(seen: Seen) -> tuple[str, ...]:
    return tuple(seen.tasks.get(name, "") for name in ALL)


STEPS: dict[str, Callable[[Seen], bool]] = {
    "resolve": lambda seen: seen.is_begun and seen.boxes == 0,
    "write": lambda seen: seen.is_begun and seen.boxes == 1,
    "render": lambda seen: seen.is_begun and seen.boxes == 2,
    "the import's service": lambda seen: states_of(seen) == ("applied", "waiting", "waiting"),
    "the service": lambda seen: states_of(seen) == ("ready", "ready", "applied"),
}


def has_run_once(product: Product, shop: Shop, name: str, host: str) -> None:
    """What holds whoever was killed in between."""
    assert shop.until_answered(host)
    assert (shop.stock_boots, shop.runs, shop.boots) == (1, 1, 1)
    seen = Seen(product, name)
    assert (seen.status, set(seen.tasks.values())) == ("deployed", {"ready"})
    lines = product.rows(_LINES)
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_is_killed_in_a_step_is_replaced_and_nothing_is_done_twice(
    product: Product, shop: Shop, step: str
) -> None:
    name = f"killed-{sorted(STEPS).index(step)}"
    asked = shop.ask(name)
    stand_still(product, name, STEPS[step])
    workers.kill(product)
    has_run_once(product, shop, name, shop.deployed(asked))


def test_a_job_that_ended_while_no_worker_looked_keeps_its_result(
    product: Product, shop: Shop
) -> None:
    shop.close_gate()
    asked = shop.ask("unnoticed")
    until(lambda: shop.runs)
    stand_still(product, "unnoticed", lambda seen: states_of(seen)[1] == "applied")
    shop.open_gate()
    until(lambda: shop.passed)
    workers.kill(product)
    has_run_once(product, shop, "unnoticed", shop.deployed(asked))


def test_when_only_the_process_that_does_the_work_is_killed_another_takes_over(
    product: Product, shop: Shop
) -> None:
    shop.close_gate()
    asked = shop.ask("child")
    until(lambda: shop.runs)
    worker = product.part("worker")
    for child in worker.children():
        child.kill()
    shop.open_gate()
    has_run_once(product, shop, "child", shop.deployed(asked))
    assert product.part("worker") == worker


def test_a_worker_that_stood_still_past_its_lease_writes_nothing_when_it_goes_on(
    product: Product, shop: Shop
) -> None:
    shop.close_gate()
    asked = shop.ask("still")
    until(lambda: shop.runs)
    stand_still(product, "still", lambda seen: states_of(seen)[1] == "applied")
    before = Seen(product, "still").fence
    with workers.another(product):
        until(lambda: Seen(product, "still").fence > before)
        shop.open_gate()
        has_run_once(product, shop, "still", shop.deployed(asked))
    kept = [set(product.rows(sql)) for sql in _KEPT]
    os.killpg(product.part("worker").pid, signal.SIGCONT)
    # It is alone again: what it deploys now shows that it has come back to itself.
    assert shop.until_answered(shop.deploy("after"))
    assert all(rows <= set(product.rows(sql)) for rows, sql in zip(kept, _KEPT, strict=True))
    seen = Seen(product, "still")
    lines = product.rows(f"{_LINES} where deployment_id = ?", seen.pk)
    assert set(lines) <= kept[2]


def test_a_removal_whose_worker_is_killed_leaves_nothing(product: Product, shop: Shop) -> None:
    host = shop.deploy("gone")
    (env_id,) = product.rows(
        "select env_id from environments_environment where name = 'gone' and importer_id is null"
    )[0]
    launchers = [one for one in product.processes() if f"{env_id}-shop-gone" in words_of(one)]
    own = [below for one in launchers for below in (one, *one.children(recursive=True))]
    assert len(launchers) == 2 and len(own) > 3
    asked = product.command("destroy_environment", env_id, "--wait")
    stand_still(product, "gone", lambda seen: seen.boxes == 3 and "teardown" in kind_of(product))
    workers.kill(product)
    assert asked.wait(240) == 0
    assert not shop.answer(host)
    left = (product.folder / "process").glob(f"*/{env_id}-*")
    assert [path.name for path in left] == []
    assert not list((product.folder / "checkouts").glob(f"{env_id}-*"))
    assert not any(map(lives, own))


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def kind_of(product: Product) -> str:
    return str(product.rows("select kind from environments_deployment order by id desc limit 1")[0])
