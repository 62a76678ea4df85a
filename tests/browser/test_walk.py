"""The walk that the product exists for, in a browser, on everything real."""

import difflib
import re

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests import cluster
from tests.browser.conftest import READY_MS, Product
from tests.world import TEMPLATE, Repository

_SERVER = (
    "import http.server, os, sys; "
    "http.server.HTTPServer((os.environ.get('BIND', '127.0.0.1'), int(os.environ['PORT'])), "
    "http.server.SimpleHTTPRequestHandler).serve_forever()"
)
_ANGULAR = f"""app: angular
services:
- name: spa
  build: {{context: .}}
  command: [python3, -u, -c, "{_SERVER}"]
  ports:
  - type: node_port
    target_port: 80
    port: 80
"""
_DOCKERFILE = """FROM python:3.11-slim
COPY . /site
WORKDIR /site
ENV BIND=0.0.0.0
"""

_CLUSTER = pytest.param("kubernetes", marks=pytest.mark.kubernetes)


@pytest.fixture(
    params=[
        "process",
        "docker",
        *([_CLUSTER] if cluster.is_there() else []),
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in its turn: whoever walks sees no difference."""
    return str(request.param)


def wait_until_deployed(page: Page) -> None:
    """Until the environment, or the deployment, that the page shows is deployed."""
    ended = re.compile("Deployed|Failed")
    try:
        expect(page.locator(".head .status")).to_have_text(ended, timeout=READY_MS)
        expect(page.locator(".head .status")).to_have_text(re.compile("Deployed"))
    except AssertionError:
        pytest.fail(f"what {page.url} says instead: {page.locator('main').inner_text()}")


def shows(page: Page, link: Locator, *texts: str, reloads: int = 0) -> None:
    """Whether who opens the link sees this, after so many reloads at most."""
    with page.context.expect_page() as opened:
        link.click()
    body = opened.value.locator("body")
    for _ in range(reloads):
        if re.search(texts[0], body.inner_text(), re.IGNORECASE):
            break
        opened.value.wait_for_timeout(500)
        opened.value.reload()
    for text in texts:
        expect(body).to_contain_text(text, ignore_case=True)
    opened.value.close()


def lag_of(engine: str) -> int:
    """The reloads until an address leads where it should: the cluster's own ingress follows the
    pods by itself, ours has followed before a page says so."""
    return 20 if engine == "kubernetes" else 0


def template_of(page: Page, environment: str) -> str:
    """The Environment Template as its editor holds it."""
    page.goto(f"{environment}settings")
    return page.locator("textarea[name=text]").first.input_value()


def deploy_setup(page: Page) -> None:
    """From the App Imports tab through the plan until it is deployed."""
    page.locator(".act-bar").get_by_role("link", name="Deploy Setup").click()
    page.get_by_role("button", name="Deploy Setup").click()
    page.wait_for_url("**/deployments/*/")
    wait_until_deployed(page)


def test_create_with_advanced_options_then_plan_deploy_and_open(
    page: Page, product: Product, said: list[str], engine: str
) -> None:
    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=branch]", "feature-1")
    plan = page.locator("#plan")
    expect(plan).to_contain_text("frontend feature-1")
    expect(plan).to_contain_text("backend develop")
    expect(plan).to_contain_text("accounts feature-1")
    beside = page.locator("#choice-accounts")
    expect(beside).to_contain_text("feature-1")
    expect(beside).to_contain_text("same name as this environment's branch")
    page.uncheck("input[name=import][value=accounts]")
    expect(plan).not_to_contain_text("accounts feature-1")
    page.check("input[name=import][value=accounts]")
    page.fill("[name='branch.accounts']", "bug-2")
    expect(plan).to_contain_text("accounts bug-2")
    expect(beside).to_contain_text("chosen by a person")
    page.fill("input[name=name]", "walk")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    expect(page.locator("#live")).to_contain_text("web-", timeout=READY_MS)
    wait_until_deployed(page)
    link = page.get_by_role("link", name="Open")
    shows(page, link, "feature 1", "parcel", reloads=lag_of(engine))
    assert said == []


def test_a_third_application_comes_and_goes_with_the_app_imports_tab(
    page: Page, product: Product, said: list[str], engine: str
) -> None:
    repository = Repository(product.folder / "angular")
    page_of_it = {"index.html": "<h1>angular</h1>", "Dockerfile": _DOCKERFILE}
    repository.commit({TEMPLATE: _ANGULAR, **page_of_it})
    page.goto("/demo/register")
    page.fill("input[name=source]", str(repository.folder))
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/applications/angular/**")

    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=name]", "shop")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    here = page.url
    wait_until_deployed(page)
    before = template_of(page, here)

    page.goto(f"{here}imports")
    page.check("input[name=import][value=angular]")
    page.fill("[name='branch.angular']", "main")
    expect(page.locator("#plan .diff .added")).to_have_count(2)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.2, v1.1 runs", exact=True)).to_be_visible()
    expect(page.locator(".alert")).to_contain_text("Deploy Setup is needed")
    expect(page.locator("input[name=import]:checked")).to_have_count(3)
    assert _changed(before, template_of(page, here)) == ["+ - name: angular", "+   branch: main"]
    page.goto(here)
    expect(page.locator("#live")).to_contain_text("comes with Deploy Setup")

    page.goto(f"{here}imports")
    deploy_setup(page)
    page.goto(here)
    expect(page.locator("#live .instances")).to_contain_text("spa-", timeout=READY_MS)
    link = page.locator(".urls a", has_text="spa-angular")
    url = link.get_attribute("href")
    assert url is not None
    shows(page, link, "angular", reloads=lag_of(engine))
    page.goto("/demo/applications/angular/")
    expect(page.locator(".env")).to_contain_text("shop")

    page.goto(f"{here}imports")
    page.uncheck("input[name=import][value=angular]")
    expect(page.locator("#plan .diff .removed")).to_have_count(2)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.3, v1.2 runs", exact=True)).to_be_visible()
    assert template_of(page, here) == before
    page.goto(here)
    expect(page.locator("#live")).to_contain_text("goes with Deploy Setup")
    page.goto(f"{here}imports")
    deploy_setup(page)
    page.goto(here)
    expect(page.locator("#live .instances")).to_contain_text("web-")
    expect(page.locator("#live")).not_to_contain_text("angular")
    page.goto("/demo/applications/angular/")
    expect(page.locator("main")).to_contain_text("No environments yet")
    assert said == []
    assert _status_of(url) == 404


def _changed(before: str, after: str) -> list[str]:
    """The lines that came (``+ ``) and went (``- ``)."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def _status_of(url: str) -> int:
    """The status that the ingress answers with; the name leads to this machine, as in browsers."""
    asked = httpx2.URL(url)
    return httpx2.get(
        f"http://127.0.0.1:{asked.port}/", headers={"Host": asked.netloc.decode()}
    ).status_code


def test_the_first_import_and_the_last_bring_and_take_the_key(
    page: Page, product: Product, said: list[str]
) -> None:
    page.goto("/demo/applications/backend/new")
    page.uncheck("input[name=import][value=accounts]")
    expect(page.locator("#plan")).not_to_contain_text("accounts next")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    here = page.url
    wait_until_deployed(page)
    before = template_of(page, here)

    page.goto(f"{here}imports")
    page.check("input[name=import][value=accounts]")
    page.fill("[name='branch.accounts']", "v5")
    expect(page.locator("#plan .diff .added")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.2, v1.1 runs", exact=True)).to_be_visible()
    after = template_of(page, here)
    assert after == f"{before}app_imports:\n- name: accounts\n  branch: v5\n"

    page.goto(f"{here}imports")
    page.uncheck("input[name=import][value=accounts]")
    expect(page.locator("#plan .diff .removed")).to_have_count(3)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved as v1.3, v1.1 runs", exact=True)).to_be_visible()
    assert template_of(page, here) == before
    assert said == []


def test_a_paused_one_rests_and_comes_back_as_it_was(
    page: Page, product: Product, said: list[str], engine: str
) -> None:
    page.goto("/demo/applications/frontend/new")
    page.fill("input[name=name]", "rest")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/environments/ted*/")
    here = page.url
    wait_until_deployed(page)
    url = page.get_by_role("link", name="Open").get_attribute("href")
    assert url is not None
    page.goto(f"{here}settings")
    page.get_by_role("button", name="Pause now").click()
    status = page.locator(".head .status")
    expect(status).to_have_text(re.compile("Paused"), timeout=READY_MS)
    expect(page.locator("#top")).to_contain_text("none of its services runs")
    expect(page.get_by_role("link", name="Open")).to_have_count(0)
    expect(page.locator("#live .instances")).not_to_contain_text("web-")
    expect(page.locator(".urls .status").first).to_have_text(re.compile("Paused"))
    assert _status_of(url) >= 500
    if engine != "kubernetes":  # there the ingress is the cluster's own
        page.goto(url)
        expect(page.locator("h1")).to_have_text("This environment is paused")
        page.get_by_role("link", name="Resume it on its page").click()
        said.clear()  # the browser tells of the status
    page.get_by_role("button", name="Resume").click()
    wait_until_deployed(page)
    shows(page, page.get_by_role("link", name="Open"), "parcel", reloads=lag_of(engine))
    assert said == []
