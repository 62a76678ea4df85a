"""Blue and green in a browser: one address, led from one environment to the next and back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import READY_MS, Product
from tests.browser.test_walk import engine, shows, wait_until_deployed

__all__ = ["engine"]  # each engine in its turn


def create(page: Page, name: str, branch: str) -> None:
    """A permanent environment of frontend, deployed."""
    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=branch]", branch)
    page.fill("input[name=name]", name)
    page.check("input[name=type][value=permanent]")
    expect(page.locator("input[name=type_shown]")).to_have_value("permanent")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    wait_until_deployed(page)


def lead(page: Page, name: str) -> None:
    """Lead the public addresses to the environment of this name."""
    choice = page.locator("select[name=environment]")
    label = choice.locator("option", has_text=f"{name} (").inner_text()
    choice.select_option(label=label)
    page.get_by_role("button", name="Lead them there").click()
    expect(page.get_by_text(f"lead to {name} now")).to_be_visible()


def test_one_address_leads_to_the_next_environment_and_back(
    page: Page, product: Product, said: list[str]
) -> None:
    host = "parcels.localhost"
    create(page, "blue", "feature-1")
    here = page.url
    create(page, "green", "feature-2")
    page.get_by_role("link", name="frontend").first.click()
    page.get_by_role("link", name="Public addresses").click()
    expect(page.locator("main")).to_contain_text("Nowhere yet.")
    page.fill("input[name=host]", host)
    page.select_option("select[name=service]", label="web of frontend")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text(f"Added {host}.")).to_be_visible()
    for name, text in (("blue", "feature 1"), ("green", "feature 2"), ("blue", "feature 1")):
        lead(page, name)
        # The worker tells the ingress after the page has answered.
        shows(page, page.get_by_role("link", name=host), text, reloads=20)
    page.goto(here)
    expect(page.locator(".urls")).to_contain_text(host, timeout=READY_MS)
    page.goto(f"{here}delete")
    page.locator("main button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(f"{host} of frontend leads to blue")
    page.goto("/demo/applications/frontend/public")
    page.get_by_role("button", name=f"Remove {host}").click()
    expect(page.get_by_text(f"Removed {host}.")).to_be_visible()
    assert [one for one in said if "422" not in one] == []  # the refusal
