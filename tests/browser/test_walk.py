"""The walk that the product exists for, in a browser, on everything real."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product

pytestmark = pytest.mark.xdist_group("machine")
READY_MS = 60_000


def open_deployment_until_deployed(page: Page) -> None:
    expect(page.locator("#live .status").first).to_have_text(
        re.compile("Deployed"), timeout=READY_MS
    )


def test_create_with_advanced_options_then_plan_deploy_and_open(
    page: Page, product: Product, said: list[str]
) -> None:
    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=branch]", "feature-1")
    page.locator("input[name=name]").focus()
    plan = page.locator("#plan")
    expect(plan).to_contain_text("frontend feature-1")
    expect(plan).to_contain_text("backend develop")
    expect(plan).to_contain_text("accounts feature-1")
    expect(plan).to_contain_text("same name as this environment's branch")
    page.uncheck("input[name=import][value=accounts]")
    expect(plan).not_to_contain_text("accounts feature-1")
    page.check("input[name=import][value=accounts]")
    page.fill("[name='branch.accounts']", "bug-2")
    page.locator("input[name=name]").focus()
    expect(plan).to_contain_text("accounts bug-2")
    expect(plan).to_contain_text("chosen by a person")
    page.fill("input[name=name]", "walk")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    expect(page.locator("#live")).to_contain_text("web-0", timeout=READY_MS)
    expect(page.locator("#live .status").first).to_have_text(
        re.compile("Deployed"), timeout=READY_MS
    )
    link = page.get_by_role("link", name="Open")
    page.reload()
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("body")).to_contain_text("feature-1", timeout=READY_MS)
    expect(opened.value.locator("body")).to_contain_text(re.compile("parcel", re.IGNORECASE))
    assert said == []


def test_an_import_comes_and_goes_in_the_app_imports_tab(
    page: Page, product: Product, said: list[str]
) -> None:
    page.goto("/demo/applications/backend/new")
    page.uncheck("input[name=import][value=accounts]")
    expect(page.locator("#plan")).not_to_contain_text("accounts next")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    page.wait_for_selector("#live .status-deployed", timeout=READY_MS)
    here = page.url
    page.goto(f"{here}settings")
    before = page.locator("textarea[name=text]").first.input_value()

    page.goto(f"{here}imports")
    page.check("input[name=import][value=accounts]")
    page.fill("[name='branch.accounts']", "v5")
    page.locator("input[name=parallelize]").focus()
    written = page.locator("#plan .diff .added")
    expect(written).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.2, v1.1 runs", exact=True)).to_be_visible()

    page.goto(f"{here}settings")
    after = page.locator("textarea[name=text]").first.input_value()
    assert after.replace(before, "") == "app_imports:\n- name: accounts\n  branch: v5\n"

    page.goto(f"{here}imports")
    page.locator("main form").get_by_role("link", name="Deploy Setup").click()
    page.get_by_role("button", name="Deploy Setup").click()
    page.wait_for_url("**/deployments/*/")
    open_deployment_until_deployed(page)
    page.goto(here)
    expect(page.locator("#live")).to_contain_text("accounts-0", timeout=READY_MS)

    page.goto(f"{here}imports")
    page.uncheck("input[name=import][value=accounts]")
    expect(page.locator("#plan .diff .removed")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.3, v1.2 runs", exact=True)).to_be_visible()
    page.goto(f"{here}deploy/setup")
    page.get_by_role("button", name="Deploy Setup").click()
    page.wait_for_url("**/deployments/*/")
    open_deployment_until_deployed(page)
    page.goto(here)
    expect(page.locator("#live")).to_contain_text("api-0")
    expect(page.locator("#live")).not_to_contain_text("accounts-0")
    assert said == []


PAGES = (
    "/demo/",
    "/demo/register",
    "/demo/graph",
    "/demo/members",
    "/demo/applications/frontend/",
    "/demo/applications/frontend/new",
    "/demo/applications/frontend/settings",
    "/demo/applications/frontend/deploys",
    "/demo/environments/{env_id}/",
    "/demo/environments/{env_id}/imports",
    "/demo/environments/{env_id}/settings",
    "/demo/environments/{env_id}/builds",
    "/demo/environments/{env_id}/deploy/setup",
    "/demo/environments/{env_id}/delete",
    "/demo/environments/{env_id}/instances/web-0",
    "/demo/deployments/1/",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_a_small_screen_and_breaks_no_policy(
    page: Page, product: Product, said: list[str], address: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    answer = page.goto(address.format(env_id=product.env_id))
    assert answer is not None
    assert answer.status == 200
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h1").count() == 1
    assert said == []


def test_everything_is_reached_by_keyboard(page: Page, product: Product) -> None:
    page.goto(f"/demo/environments/{product.env_id}/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.innerText.trim()"))
    assert {"Deploy Setup", "App Imports", "Settings", "Deploys"} <= seen


def test_forms_and_reading_work_without_scripts(page: Page, product: Product) -> None:
    assert page.context.browser is not None
    plain = page.context.browser.new_context(
        base_url=product.pages,
        java_script_enabled=False,
        storage_state=page.context.storage_state(),
    )
    without = plain.new_page()
    without.goto("/demo/applications/frontend/new")
    without.fill("input[name=branch]", "feature-2")
    without.get_by_role("button", name="Show plan").click()
    expect(without.locator("#plan")).to_contain_text("backend feature-2")
    without.goto(f"/demo/environments/{product.env_id}/")
    expect(without.locator("#live")).to_contain_text("web-0")
    plain.close()
