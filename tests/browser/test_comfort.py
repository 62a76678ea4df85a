"""What makes the pages pleasant: keyboard, what is typed stays, nobody's work is lost."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, Product


def test_everything_is_reached_by_keyboard(page: Page, product: Product) -> None:
    page.goto(f"/demo/environments/{product.env_id}/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.innerText.trim()"))
    assert {"Open", "Deploy Setup", "App Imports", "Settings", "Deploys"} <= seen
    assert any(text.startswith("Logs") for text in seen)


def test_the_skip_link_leads_past_the_top(page: Page, product: Product) -> None:
    page.goto(f"/demo/environments/{product.env_id}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_focus_and_what_is_open_stay_while_a_page_updates(page: Page, product: Product) -> None:
    page.goto(f"/demo/environments/{product.env_id}/")
    logs = page.locator("#live .instances a", has_text="Logs").first
    logs.focus()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        pass
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        pass
    expect(logs).to_be_focused()


def test_what_is_typed_and_opened_stays_while_the_plan_follows(page: Page) -> None:
    page.goto("/demo/applications/frontend/new")
    name = page.locator("input[name=name]")
    page.locator("#plan .why summary").first.click()
    opened = page.locator("#plan details.why").first
    expect(opened).to_have_attribute("open", "")
    page.fill("input[name=branch]", "feature-1")
    name.focus()
    name.press_sequentially("half")
    expect(page.locator("#plan")).to_contain_text("frontend feature-1")
    expect(name).to_have_value("half")
    expect(name).to_be_focused()
    expect(opened).to_have_attribute("open", "")


def test_the_other_type_brings_the_imports_that_its_template_has(page: Page) -> None:
    page.goto("/demo/applications/frontend/new")
    page.get_by_label("permanent", exact=True).check()
    expect(page.locator("[name='branch.backend']")).to_have_value("develop")
    expect(page.locator("[name='branch.accounts']")).to_have_value("v5")
    expect(page.locator("#plan")).to_contain_text("accounts v5")
    page.get_by_label("ephemeral", exact=True).check()
    expect(page.locator("[name='branch.accounts']")).to_have_value("")
    expect(page.locator("#plan")).to_contain_text("accounts next")


def test_enter_in_a_field_shows_the_plan_and_creates_nothing(page: Page) -> None:
    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=branch]", "no-such-branch")
    page.press("input[name=branch]", "Enter")
    expect(page.locator("#plan")).to_contain_text("has no branch or tag 'no-such-branch'")
    expect(page.get_by_role("button", name="Create")).to_be_disabled()
    expect(page.locator("input[name=branch]")).to_have_value("no-such-branch")


def test_a_slash_leads_to_the_search_and_the_address_keeps_it(page: Page) -> None:
    page.goto("/demo/applications/frontend/")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.press_sequentially("nobody-has-this-name")
    expect(page.locator("#rows")).to_contain_text("Nothing matches")
    page.wait_for_url("**q=nobody-has-this-name**")
    page.reload()
    expect(search).to_have_value("nobody-has-this-name")
    expect(page.locator("#rows")).to_contain_text("Nothing matches")


def test_leaving_unsaved_imports_asks(page: Page, product: Product) -> None:
    page.goto(f"/demo/environments/{product.env_id}/imports")
    page.fill("[name='branch.accounts']", "bug-2")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Builds").click()
    expect(page.locator("[name='branch.accounts']")).to_have_value("bug-2")
    assert asked == ["beforeunload"]


def test_of_two_people_the_second_is_refused_and_loses_nothing(
    open_page: Opening, said: list[str]
) -> None:
    first, second = open_page(), open_page()
    first.goto("/demo/applications/frontend/new")
    first.fill("input[name=name]", "two-people")
    first.get_by_role("button", name="Create").click()
    first.wait_for_url("**/environments/ted*/")
    address = f"{first.url}imports"
    first.goto(address)
    second.goto(address)
    first.fill("[name='branch.accounts']", "bug-2")
    first.get_by_role("button", name="Save").click()
    expect(first.locator("#plan .diff")).to_have_count(0)
    expect(first.locator("[name='branch.accounts']")).to_have_value("bug-2")

    second.fill("[name='branch.accounts']", "feature-1")
    with second.expect_navigation() as answered:
        second.get_by_role("button", name="Save").click()
    assert answered.value is not None
    assert answered.value.status == 409
    refusal = second.get_by_role("alert")
    expect(refusal).to_contain_text("demo")
    expect(second.locator("[name='branch.accounts']")).to_have_value("feature-1")
    difference = second.locator(".diff").first
    expect(difference).to_contain_text("branch: bug-2")
    expect(difference).to_contain_text("branch: feature-1")
    assert all("409" in one for one in said)
