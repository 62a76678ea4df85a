"""Takes the pictures of ``docs/gallery``: ``python -m tests.browser.gallery [FOLDER]``.

The product is brought up with the demo in a folder of its own and ended again.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.conftest import CHECKOUT, PASSWORD, USER, Product

Scheme = Literal["light", "dark"]

PICTURES: tuple[tuple[str, str, Scheme, int], ...] = (
    ("applications", "/demo/", "light", 1280),
    ("register", "/demo/register", "light", 1280),
    ("import-graph", "/demo/graph", "light", 1280),
    ("members", "/demo/members", "light", 1280),
    ("environments", "/demo/applications/frontend/", "light", 1280),
    ("create", "/demo/applications/frontend/new", "light", 1280),
    ("application-settings", "/demo/applications/frontend/settings", "light", 1280),
    ("environment", "/demo/environments/{env_id}/", "light", 1280),
    ("environment-dark", "/demo/environments/{env_id}/", "dark", 1280),
    ("environment-small", "/demo/environments/{env_id}/", "light", 360),
    ("app-imports", "/demo/environments/{env_id}/imports", "light", 1280),
    ("settings", "/demo/environments/{env_id}/settings", "light", 1280),
    ("builds", "/demo/environments/{env_id}/builds", "light", 1280),
    ("deploys", "/demo/applications/frontend/deploys", "light", 1280),
    ("deploy", "/demo/deployments/1/", "light", 1280),
    ("instance-log", "/demo/environments/{env_id}/instances/web-0", "light", 1280),
    ("delete", "/demo/environments/{env_id}/delete", "light", 1280),
    ("admin", "/admin/", "light", 1280),
)
"""Name, address, colours and width in pixels."""
_HEIGHT = 860


def main(arguments: Sequence[str]) -> int:
    """Take them all; 0, or 1 where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("There is no Chromium. As root: apt-get install -y chromium\n")
        return 1
    folder = Path(arguments[0]) if arguments else CHECKOUT / "docs" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        product = Product(Path(data))
        product.start("demo")
        try:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
            _take(browser, product, folder)
            browser.close()
        finally:
            product.stop()
    return 0


def _take(browser: Browser, product: Product, folder: Path) -> None:
    with browser.new_context(base_url=product.pages) as context:
        _show_stranger(context, folder)
        state = context.storage_state()
    for name, address, scheme, width in PICTURES:
        with browser.new_context(
            base_url=product.pages,
            storage_state=state,
            color_scheme=scheme,
            viewport={"width": width, "height": _HEIGHT},
        ) as context:
            page = context.new_page()
            page.goto(address.format(env_id=product.env_id))
            page.wait_for_load_state("networkidle")
            # As high as the page: what sticks to the edge of a window stands at its own place.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            sys.stdout.write(f"{folder / name}.png\n")


def _show_stranger(context: BrowserContext, folder: Path) -> None:
    """The page of somebody who is not signed in, and the way past it."""
    page = context.new_page()
    page.goto("/sign-in")
    page.screenshot(path=folder / "sign-in.png")
    page.fill("#id_username", USER)
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/demo/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
