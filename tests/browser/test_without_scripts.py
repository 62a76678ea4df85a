"""Reading and every form work without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import READY_MS, Opening, Product


@pytest.fixture
def plain(open_page: Opening) -> Page:
    """A page in a browser that runs no scripts."""
    return open_page(scripts=False)


def reload_until(page: Page, text: str) -> None:
    """Look again, as a person does without scripts, until the page's head says it."""
    status = page.locator(".head .status")
    for _ in range(READY_MS // 500):
        if re.search(text, status.inner_text()):
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(status.inner_text())


def test_everything_is_read_without_scripts(plain: Page, product: Product) -> None:
    plain.goto(f"/demo/environments/{product.env_id}/")
    expect(plain.locator("#live .instances")).to_contain_text("web-0")
    expect(plain.locator(".urls")).to_contain_text("web-frontend")
    plain.goto("/demo/deployments/1/")
    plain.locator(".tasks summary").first.click()
    expect(plain.locator(".task-said").first).to_be_visible()
    plain.fill("input[name=q]", "ready after")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#log .log")).to_contain_text("services.web: ready after")
    expect(plain.locator("#log .log")).not_to_contain_text("services.web: started")


def test_an_environment_is_created_and_its_imports_saved_without_scripts(plain: Page) -> None:
    plain.goto("/demo/applications/frontend/new")
    plain.fill("input[name=branch]", "feature-2")
    plain.get_by_role("button", name="Show plan").click()
    expect(plain.locator("#plan")).to_contain_text("backend feature-2")
    expect(plain.locator("#choice-backend")).to_contain_text("same name")
    plain.fill("input[name=name]", "plain")
    plain.get_by_role("button", name="Create").click()
    plain.wait_for_url("**/environments/ted*/")
    here = plain.url
    reload_until(plain, "Deployed")

    plain.goto(f"{here}imports")
    plain.fill("[name='branch.accounts']", "bug-2")
    plain.get_by_role("button", name="Show plan").click()
    expect(plain.locator("#plan .diff .added")).to_have_text([re.compile("branch: bug-2")])
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("saved as v1.2, v1.1 runs", exact=True)).to_be_visible()
    plain.locator(".act-bar").get_by_role("link", name="Deploy Setup").click()
    plain.get_by_role("button", name="Deploy Setup").click()
    plain.wait_for_url("**/deployments/*/")
    reload_until(plain, "Deployed")

    plain.goto(f"{here}delete")
    plain.get_by_role("button", name="Delete").click()
    plain.wait_for_url("**/deployments/*/")
    reload_until(plain, "Removed")


def test_the_imports_of_the_other_type_are_proposed_without_scripts(plain: Page) -> None:
    plain.goto("/demo/applications/frontend/new")
    plain.get_by_label("permanent", exact=True).check()
    plain.get_by_role("button", name="Show plan").click()
    expect(plain.locator("[name='branch.backend']")).to_have_value("develop")
    expect(plain.locator("[name='branch.accounts']")).to_have_value("v5")
    expect(plain.locator("#plan")).to_contain_text("fixed in the template")
