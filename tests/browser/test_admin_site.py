"""The admin site in a real browser: all of it works under the policy that every page has."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

ADMIN = "/admin/"


@pytest.fixture
def admin(page: Page) -> Page:
    page.goto(ADMIN)
    expect(page.locator("#content h1")).to_have_text("Everything of this installation")
    return page


def addresses(page: Page, selector: str) -> list[str]:
    return [str(one.get_attribute("href")) for one in page.locator(selector).all()]


def pages_of(page: Page, model: str) -> Iterator[str]:
    """The form of a new row, where there is one, and the page of the first row."""
    page.goto(model)
    yield from addresses(page, ".object-tools a.addlink")
    yield from addresses(page, "#result_list tbody tr:first-child th a")


def test_every_page_of_the_admin_site_is_shown_without_a_complaint(
    admin: Page, said: list[str]
) -> None:
    models = addresses(admin, "#content-main th a")
    assert len(models) > 10
    for model in models:
        for where in pages_of(admin, model):
            answer = admin.goto(where)
            assert answer is not None and answer.status == 200, where
            expect(admin.locator("#content")).to_be_visible()
    assert not said


def test_an_environment_is_edited_and_deployed(admin: Page, said: list[str]) -> None:
    admin.goto("/admin/environments/environment/?q=frontend")
    row = admin.locator("#result_list tbody tr").first
    where = str(row.locator("th a").get_attribute("href"))
    row.locator("th a").click()
    text = admin.locator("#template textarea")
    text.fill(text.input_value() + "# from the admin site\n")
    admin.locator("#template input[type=submit]").click()
    expect(admin.locator(".messagelist")).to_contain_text(re.compile(r"Saved as v1\.\d+"))
    expect(admin.locator("#template textarea")).to_have_value(re.compile("# from the admin site"))
    for act in ("deploy_setup", "abort"):
        admin.goto("/admin/environments/environment/?q=frontend")
        admin.locator(f"tr:has(a[href^='{where.split('?')[0]}']) input.action-select").check()
        admin.locator("select[name=action]").select_option(act)
        admin.locator("button[name=index]").click()
        expect(admin.locator(".messagelist")).to_contain_text("asked for")
    assert not said


def test_a_person_is_found_for_an_account(admin: Page, said: list[str]) -> None:
    admin.goto("/admin/environments/account/")
    admin.locator("#result_list tbody th a").first.click()
    admin.locator(".select2-selection").last.click()
    expect(admin.locator(".select2-results__option").first).to_have_text("demo")
    assert not said
