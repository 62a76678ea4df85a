"""Group 19: output that would run in a page, move a cursor, or fill the disk."""

import sys
from pathlib import Path

import pytest
from django.test import Client

from environments.core.masking import LINE_LIMIT, clean
from environments.core.ports import Phase
from environments.engines.memory import Outlook
from environments.engines.process.engine import ProcessEngine
from environments.models import Environment
from environments.services.say import LINES_KEPT
from tests.engines.steps import NAMESPACE, manifests, step, wait
from tests.world import World, services

SCRIPT = "<script>alert(1)</script>"
BRANCHES = (SCRIPT, "_bold_", "@everyone", "<b>x</b>")
JOB = (
    "jobs:\n- name: migrate\n  image: x\n"
    "workflows:\n- name: setup\n  order_from: [jobs.migrate, services.all]\n"
)
PRINTS = """
import sys
sys.stdout.buffer.write(b"\\xff\\xfe bytes\\n\\x00 zero\\n\\x1b[2J cleared\\nend\\n")
sys.stdout.flush()
"""


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b[2J\x1b[1;1Hb", "ab"),
        ("\x1b]8;;http://evil.example/\x07click\x1b]8;;\x07", "click"),
        ("\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]52;c;ZXZpbA==", ""),
        ("a\x9b2Jb", "a\ufffd2Jb"),
        ("50 %\r100 %", "50 %100 %"),
        ("a\x08\x08\x00b", "a\ufffd\ufffd\ufffdb"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\x1b", "\ufffd"),
        ("tab\tstays", "tab\tstays"),
        (SCRIPT, SCRIPT),
    ],
)
def test_what_moves_a_cursor_or_hides_a_link_is_taken_out(printed: str, shown: str) -> None:
    assert clean(printed) == shown


def test_a_line_of_a_megabyte_is_cut_and_says_so() -> None:
    cut = clean("x" * 1_000_000)
    assert cut == f"{'x' * LINE_LIMIT} … {1_000_000 - LINE_LIMIT} characters left out"


def test_half_an_escape_never_takes_long() -> None:
    for hostile in ("\x1b[" * 500_000, "\x1b]" * 500_000, "\x1b[" + "0" * 1_000_000):
        assert "\x1b" not in clean(hostile)


def _deployed(world: World, *lines: str) -> Environment:
    world.engine.expect("migrate", Outlook(Phase.SUCCEEDED, True, "", lines))
    world.engine.expect("web", Outlook(Phase.RUNNING, True, "", lines))
    return world.deployed(world.application("shop", services("web", more=JOB)))


def test_pages_show_markup_as_text(world: World, browser: Client) -> None:
    environment = _deployed(world, SCRIPT, "\x1b]8;;http://evil.example/\x07click", "a\x00b")
    deployment = world.last(environment)
    at = f"/acme/environments/{environment.env_id}/instances/web-0"
    for address in (at, f"/acme/deployments/{deployment.pk}/"):
        text = browser.get(address).content.decode()
        assert SCRIPT not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "\x1b" not in text and "\x00" not in text and "evil.example" not in text
    answer = browser.get(f"/acme/deployments/{deployment.pk}/log.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_of_a_deployments_lines_ten_thousand_are_kept_and_the_rest_counted(
    world: World, browser: Client
) -> None:
    environment = _deployed(world, *(f"line {number}" for number in range(12_000)))
    deployment = world.last(environment)
    assert deployment.status == "deployed"
    assert deployment.lines.count() == LINES_KEPT == 10_000
    assert deployment.lines_left_out > 2_000
    said = f"{deployment.lines_left_out} lines left out"
    assert said in browser.get(f"/acme/deployments/{deployment.pk}/").content.decode()
    answer = browser.get(f"/acme/deployments/{deployment.pk}/log.txt")
    assert b"".join(answer).decode().endswith(f"\n{said}\n")


def test_markup_in_the_name_of_a_branch_is_text_on_every_page(
    world: World, browser: Client
) -> None:
    application = world.application("shop")
    for branch in BRANCHES:
        world.repositories["shop"].git("update-ref", f"refs/heads/{branch}", "main")
    environment = world.deployed(application, SCRIPT)
    at = f"/acme/environments/{environment.env_id}/"
    addresses = [at, *(f"{at}{page}" for page in ("deploys", "builds", "deploy/setup", "delete"))]
    addresses += [f"/acme/deployments/{world.last(environment).pk}/", "/acme/applications/shop/"]
    answers = [browser.get(address) for address in addresses]
    for branch in (*BRANCHES, "[x](http://evil.example)"):
        answers.append(browser.get("/acme/applications/shop/new", {"branch": branch}))
    for answer in answers:
        assert answer.status_code == 200
        text = answer.content.decode()
        assert SCRIPT not in text
        assert 'href="http://evil.example' not in text


def test_bytes_that_are_no_text_are_read_all_the_same(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    processes.apply(step(tmp_path, manifests("once", sys.executable, "-c", PRINTS, kind="Job")))
    wait(processes, lambda seen: bool(seen) and seen[0].phase == "succeeded")
    lines = [clean(line) for line in processes.read_log(NAMESPACE, "once", lines=10)]
    assert lines == ["\ufffd\ufffd bytes", "\ufffd zero", " cleared", "end"]
    processes.destroy(NAMESPACE)
