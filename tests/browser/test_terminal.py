"""A terminal in a running instance, as a person uses it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opening, Product

_VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", event => {
        window.violations.push(event.violatedDirective + " " + event.blockedURI);
    });
}"""


def line(page: Page, text: str) -> Locator:
    """The lines of the screen that are this."""
    return page.locator(".xterm-rows > div", has_text=re.compile(rf"^{text}\s*$"))


def state(page: Page) -> Locator:
    return page.locator("[data-terminal-state]")


def opened(page: Page, product: Product) -> Page:
    """The page of a terminal with a shell that waits for its first command."""
    page.add_init_script(f"({_VIOLATIONS})()")
    page.goto(f"/demo/environments/{product.env_id}/")
    page.get_by_role("link", name="Terminal in web-0").click()
    expect(state(page)).to_have_text("Connected")
    return page


def run(page: Page, command: str) -> None:
    page.keyboard.type(command)
    page.keyboard.press("Enter")


def test_a_command_is_typed_and_its_answer_is_seen(
    page: Page, product: Product, said: list[str]
) -> None:
    opened(page, product)
    run(page, "echo $((6*7))")
    expect(line(page, "42")).to_be_visible()
    run(page, r"printf '\033[38;2;200;30;30mred\033[0m \033[1mbold\033[0m \033[44mblue\033[0m\n'")
    coloured = line(page, "red bold blue").locator("span", has_text="red")
    expect(coloured).to_have_css("color", re.compile(r"rgb\((?!27, 36, 48)"))
    rule = "getComputedStyle(document.querySelector('.xterm-rows span')).display"
    assert page.evaluate(rule) == "inline-block"
    assert page.evaluate("window.violations") == []
    assert said == []


def test_the_end_of_the_shell_is_told_and_another_one_opened(
    page: Page, product: Product, said: list[str]
) -> None:
    opened(page, product)
    run(page, "exit 7")
    expect(state(page)).to_have_text("The shell ended with 7.")
    page.get_by_role("button", name="Open a new one").click()
    expect(state(page)).to_have_text("Connected")
    run(page, "echo $((6*7))")
    expect(line(page, "42")).to_be_visible()
    page.keyboard.press("Control+d")
    expect(state(page)).to_have_text("The shell ended with 0.")
    page.goto(f"/demo/environments/{product.env_id}/")
    events = page.locator(".events")
    expect(events).to_contain_text("opened a terminal in web-0")
    expect(events).to_contain_text(
        re.compile(r"closed the terminal in web-0 after \d+ s, exit code 7")
    )
    assert said == []


def test_the_shell_follows_the_size_of_the_window(page: Page, product: Product) -> None:
    opened(page, product)
    run(page, "stty size")
    expect(line(page, r"\d+ 1\d\d")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    expect(page.locator(".terminal-place")).to_be_in_viewport()
    run(page, "clear; stty size")
    expect(line(page, r"\d+ [23]\d")).to_be_visible()


def test_what_is_pasted_arrives_whole(open_page: Opening, product: Product) -> None:
    page = opened(open_page(), product)
    run(page, "stty -echo; echo $((6*7)); cat | wc -c; stty echo")
    expect(line(page, "42")).to_be_visible()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", ("x".repeat(63) + "\\n").repeat(16384));
            const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
            document.querySelector(".xterm-helper-textarea").dispatchEvent(paste);
        }"""
    )
    page.keyboard.press("Control+d")
    expect(line(page, "1048576")).to_be_visible()


def test_the_keyboard_leaves_the_terminal_and_a_screen_reader_hears_it(
    page: Page, product: Product
) -> None:
    opened(page, product)
    page.keyboard.press("Control+Shift+ArrowDown")
    heard = page.get_by_label("Screen reader mode")
    expect(heard).to_be_focused()
    page.keyboard.press("Space")
    page.locator(".xterm-helper-textarea").focus()
    run(page, "echo $((6*7))")
    expect(page.locator(".xterm-accessibility-tree")).to_contain_text("42")
    heard.uncheck()
