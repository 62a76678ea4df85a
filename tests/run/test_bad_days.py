"""What happens on a bad day: parts are killed, and all goes on without a click."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.run.product import CHECKOUT, MARKS, Product, is_listened_on, lives, until
from tests.run.shop import Shop
from tests.run.workers import Seen


def refused(product: Product, **environ: str) -> str:
    """What a second start says, after it ended with status 1."""
    done = subprocess.run(
        [sys.executable, "-m", "releaseclone.run"],
        cwd=CHECKOUT,
        env={**product.environ, **environ},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def all_gone(product: Product, before: list[psutil.Process]) -> bool:
    """Whether nothing of it runs and nothing holds its ports."""
    ports = (product.web_port, product.ingress_port)
    return not any(map(lives, before)) and not any(map(is_listened_on, ports))


def test_all_parts_are_up_in_groups_of_their_own(product: Product) -> None:
    runs = {name: product.part(name) for name in MARKS}
    assert len({process.pid for process in runs.values()}) == len(MARKS)
    assert is_listened_on(product.web_port) and is_listened_on(product.ingress_port)


def test_a_second_start_on_the_same_folder_says_so_in_one_sentence(product: Product) -> None:
    said = refused(product)
    assert said.count("\n") == 1
    assert f"it runs already: process {product.runner.pid} runs the broker" in said
    assert "RELEASECLONE_DATA" in said


@pytest.mark.parametrize(
    ("setting", "part"), [("RELEASECLONE_PORT", "web"), ("RELEASECLONE_INGRESS_PORT", "caddy")]
)
def test_a_port_in_use_is_named_with_the_setting_that_changes_it(
    product: Product, tmp_path_factory: pytest.TempPathFactory, setting: str, part: str
) -> None:
    other = Product(tmp_path_factory.mktemp("other"))
    said = refused(other, **{setting: str(product.web_port)})
    assert said.count("\n") == 1
    assert f"port {product.web_port} on 127.0.0.1, where {part} is to listen, is taken" in said
    assert setting in said


def test_after_kill_9_of_caddy_the_routes_are_there_again(
    product: Product, shop: Shop, host: str
) -> None:
    before = shop.answer(host)
    product.kill_part("caddy")
    assert shop.until_answered(host) == before


def test_after_kill_9_of_supervisord_what_was_deployed_runs_again_once_without_its_job(
    product: Product, shop: Shop, host: str
) -> None:
    before = shop.answer(host)
    product.kill_part("engine")
    after = until(lambda: shop.answer(host) not in ("", before) and shop.answer(host))
    assert not psutil.pid_exists(int(before.split()[1])), (before, after)
    assert (shop.boots, shop.runs) == (1, 0)


def test_after_kill_9_of_the_broker_a_running_deployment_goes_on(
    product: Product, shop: Shop
) -> None:
    shop.close_gate()
    asked = shop.ask("broker")
    until(lambda: shop.runs)
    product.kill_part("broker")
    shop.open_gate()
    assert shop.until_answered(shop.deployed(asked))
    assert (shop.boots, shop.runs) == (1, 1)


def test_a_job_that_was_cut_off_with_its_engine_has_failed_and_is_not_run_again(
    product: Product, shop: Shop, host: str
) -> None:
    shop.close_gate()
    asked = shop.ask("cut-off")
    until(lambda: shop.runs)
    product.kill_part("engine")
    said = shop.refused(asked)
    assert "move of shop failed: interrupted, not run again: Deploy Setup runs it anew" in said
    assert shop.until_answered(host)
    assert shop.runs == 1


def test_a_flushed_broker_loses_no_deployment(product: Product, shop: Shop) -> None:
    shop.close_gate()
    asked = [shop.ask("flushed")]
    until(lambda: shop.runs)
    asked.append(shop.ask("flushed-too"))
    until(lambda: shop.runs == 2)
    product.flush_broker()
    shop.open_gate()
    for one in asked:
        assert shop.until_answered(shop.deployed(one))
    assert (shop.boots, shop.runs) == (2, 2)


def test_processes_survive_a_restart_of_web_and_worker_and_are_found_again(
    product: Product, shop: Shop, host: str
) -> None:
    before = shop.answer(host)
    for name in ("web", "worker", "beat"):
        product.kill_part(name)
    until(lambda: is_listened_on(product.web_port))
    assert shop.until_answered(shop.deploy("beside"))
    assert shop.answer(host) == before


def test_after_kill_9_of_the_worker_another_takes_over_and_the_job_ran_once(
    product: Product, shop: Shop
) -> None:
    shop.close_gate()
    asked = shop.ask("worker")
    until(lambda: shop.runs)
    workers = [product.part("worker"), *product.part("worker").children(recursive=True)]
    product.kill_part("worker")
    until(lambda: not any(map(lives, workers)))
    shop.open_gate()
    assert shop.until_answered(shop.deployed(asked))
    assert (shop.boots, shop.runs) == (1, 1)


def test_kill_9_of_the_runner_leaves_nothing_and_the_next_start_brings_all_back(
    product: Product, shop: Shop, host: str
) -> None:
    shop.close_gate()
    asked = shop.ask("runner")
    until(lambda: shop.runs)
    before = product.processes()
    assert {"web.py", "move.sh"} <= {word for one in before for word in one.cmdline()}
    product.runner.kill()
    product.runner.wait()
    until(lambda: all_gone(product, before))
    asked.kill()
    product.start()
    assert shop.until_answered(host)
    seen = until(lambda: (now := Seen(product, "runner")).status == "failed" and now)
    assert seen.tasks["jobs.move"] == "failed"
    assert shop.runs == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_takes_all_down_and_the_next_start_brings_all_back(
    product: Product, shop: Shop, host: str, number: signal.Signals
) -> None:
    before = product.processes()
    product.runner.send_signal(number)
    assert product.runner.wait(120) == 0
    assert all_gone(product, before)
    if number is signal.SIGINT:
        product.start()
        assert shop.until_answered(host)
        assert shop.runs == 0
