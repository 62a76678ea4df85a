"""What holds for every page: it fits, it is legible, it can be heard, and nothing complains."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Opening, Product

PAGES = (
    "/password",
    "/you",
    "/demo/",
    "/demo/register",
    "/demo/graph",
    "/demo/members",
    "/demo/settings",
    "/demo/new-context",
    "/demo/new-connection",
    "/demo/contexts/local",
    "/demo/build-arguments",
    "/demo/applications/frontend/build-arguments",
    "/demo/applications/frontend/",
    "/demo/applications/frontend/new",
    "/demo/applications/frontend/settings",
    "/demo/applications/frontend/public",
    "/demo/applications/frontend/builds",
    "/demo/applications/frontend/deploys",
    "/demo/applications/frontend/versions/1",
    "/demo/applications/frontend/delete",
    "/demo/environments/{env_id}/",
    "/demo/environments/{env_id}/imports",
    "/demo/environments/{env_id}/settings",
    "/demo/environments/{env_id}/versions/1",
    "/demo/environments/{env_id}/builds",
    "/demo/environments/{env_id}/deploys",
    "/demo/environments/{env_id}/deploy/setup",
    "/demo/environments/{env_id}/deploy/patch",
    "/demo/environments/{env_id}/delete",
    "/demo/environments/{env_id}/instances/web-0",
    "/demo/environments/{env_id}/instances/web-0?run=previous",
    "/demo/environments/{env_id}/instances/web-0/terminal",
    "/demo/deployments/1/",
    "/demo/deployments/1/?q=ready",
)
STATES = (
    *("new", "waiting", "queued", "deploying", "running", "applied", "deployed", "ready"),
    *("failed", "aborted", "superseded", "skipped", "paused", "removing", "removed"),
)
_EVERY_STATE = """states => {
    const alert = document.createElement("div");
    alert.className = "alert alert-warning";
    document.querySelector("main").append(alert);
    for (const place of [document.querySelector(".head"), alert]) {
        for (const state of states) {
            const one = document.createElement("span");
            one.className = "status status-" + state;
            one.textContent = state;
            place.append(one);
        }
    }
    const link = document.createElement("a");
    link.href = "/";
    link.textContent = "a link";
    alert.append(link);
    const difference = document.createElement("div");
    difference.className = "diff";
    difference.innerHTML = `<table class="mono"><tbody>${["added", "removed", "gap", "same"].map(
        act => `<tr class="${act}"><td class="num muted">12</td><td>a line</td></tr>`
    ).join("")}</tbody></table>`;
    document.querySelector("main").append(difference);
}"""
# What lies under something else is no finding of axe's, but not known to be legible either.
_NOT_SEEN_BY_AXE = """async () => (await axe.run(document, {runOnly: ["color-contrast"]}))
    .incomplete.flatMap(one => one.nodes.map(node => node.target.join(" ")))"""
_SERIOUS = ("serious", "critical")
_WIDER_THAN_SEEN = """() => [...document.querySelectorAll("main *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1
        && !one.closest(".table-wrap, .diff, .log, .editor, .graph-wrap, .visually-hidden"))
    .map(one => one.outerHTML.slice(0, 80))"""


def shown(page: Page, address: str) -> Page:
    """The page, wholly drawn, with everything that can be opened open."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_a_small_screen_and_breaks_no_policy(
    open_page: Opening, product: Product, said: list[str], address: str
) -> None:
    page = shown(open_page(width=320), address.format(env_id=product.env_id))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(_WIDER_THAN_SEEN) == []
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" · releaseclone")
    assert page.locator("main .btn-primary:visible").count() <= 1
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_accessible_in_light_and_in_dark(
    open_page: Opening, product: Product, said: list[str], address: str, scheme: Any
) -> None:
    page = shown(open_page(scheme=scheme), address.format(env_id=product.env_id))
    assert not_accessible(page) == []
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read_wherever_it_stands(
    open_page: Opening, product: Product, scheme: Any
) -> None:
    page = shown(open_page(scheme=scheme), f"/demo/environments/{product.env_id}/")
    page.evaluate(_EVERY_STATE, list(STATES))
    assert page.locator(".head .status-superseded").count() == 1
    assert page.locator(".diff .removed .muted").count() == 1
    assert not_accessible(page) == []
    assert page.evaluate(_NOT_SEEN_BY_AXE) == []


def not_accessible(page: Page) -> list[tuple[str, str, str]]:
    """What axe finds that is serious or worse."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run()")
    assert found["passes"]
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]


def test_every_page_has_a_title_of_its_own(open_page: Opening, product: Product) -> None:
    page = open_page()
    titles = []
    for address in PAGES:
        page.goto(address.format(env_id=product.env_id))
        titles.append(page.title())
    searched = PAGES.index("/demo/deployments/1/?q=ready")
    del titles[searched]
    assert sorted(titles) == sorted(set(titles))
