"""A pull request, from its first delivery to nothing left, as a person sees it on both sides."""

import hmac
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import READY_MS, Product
from tests.browser.test_walk import _SERVER
from tests.github.server import TOKEN, GitHubServer, github
from tests.world import TEMPLATE, Repository

_TEMPLATE = """app: {name}
{imports}hostnames:
- {name}: {name}-${{env_id}}.${{domain}}
services:
- name: {name}
  has_repo: true
  command: [python3, -u, -c, "{server}"]
  ports:
  - {{type: node_port, target_port: 80, port: 80}}
"""


@pytest.fixture
def server(product: Product) -> Iterator[GitHubServer]:
    """A GitHub with two private repositories that have a branch ``login``."""
    with github() as server:
        for name, imports in (("depot", ""), ("counter", "app_imports:\n- name: depot\n")):
            repository = Repository(product.folder / f"github-{name}")
            text = _TEMPLATE.format(name=name, imports=imports, server=_SERVER)
            repository.commit({TEMPLATE: text, "index.html": f"{name} of main"})
            repository.branch("login")
            repository.git("checkout", "-q", "login")
            repository.commit({"index.html": f"{name} of login"})
            repository.git("checkout", "-q", "main")
            server.add(f"acme/{name}", repository.folder, is_private=True)
        yield server


class Hook:
    """The webhook, with the address and the secret that the page shows."""

    def __init__(self, address: str, secret: str) -> None:
        self.address, self.secret = address, secret

    def about(self, name: str, number: int, action: str) -> None:
        """Tell of a pull request, signed."""
        told = {"action": action, "number": number, "repository": {"full_name": f"acme/{name}"}}
        content = json.dumps(told).encode()
        mark = hmac.new(self.secret.encode(), content, sha256).hexdigest()
        answer = httpx2.post(
            self.address,
            content=content,
            headers={
                "Content-Type": "application/json",
                "X-GitHub-Event": "pull_request",
                "X-GitHub-Delivery": str(uuid.uuid4()),
                "X-Hub-Signature-256": f"sha256={mark}",
            },
        )
        assert answer.status_code == 202, answer.text


def connected(page: Page, server: GitHubServer) -> Hook:
    """Connect the account, register both repositories, and let pull requests have environments."""
    page.goto("/demo/settings")
    page.get_by_role("link", name="Connect a GitHub").click()
    by_token = page.locator("form:has(input[name=token])")
    by_token.locator("input[name=web]").fill(server.web)
    page.fill("input[name=token]", TOKEN)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/connections/*")
    expect(page.locator(".connection")).to_contain_text("as octocat")
    page.get_by_text("Show", exact=True).click()
    address, _, secret = page.locator(".facts dd .mono, .facts dd.mono").all_inner_texts()
    for name in ("depot", "counter"):
        page.goto("/demo/register")
        expect(page.locator("#repositories option")).to_have_count(2 if name == "depot" else 1)
        page.fill("input[name=source]", server.url(f"acme/{name}"))
        page.get_by_role("button", name="Register").click()
        page.wait_for_url(f"**/applications/{name}/**")
        page.goto(f"/demo/applications/{name}/settings")
        page.select_option("select[name=get]", "all")
        page.locator("form[action$='pull-requests'] button").click()
        expect(page.locator("main")).to_contain_text("Saved what pull requests")
    return Hook(address.strip(), secret.strip())


def until(look: Callable[[], str], seconds: float = READY_MS / 1000) -> str:
    """What it says, as soon as it says something."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, "it did not come"
        time.sleep(0.2)
    return found


def test_a_pull_request_from_opened_to_nothing_left(
    page: Page, product: Product, server: GitHubServer, said: list[str]
) -> None:
    hook = connected(page, server)
    number = server.opens("acme/counter", "login")
    hook.about("counter", number, "opened")

    def comment_with(text: str) -> Callable[[], str]:
        found = server.comments_of
        return lambda: next((c for c in found("acme/counter", number) if text in c), "")

    text = until(comment_with("Deployed"))
    assert "| depot | login |" in text
    (address,) = re.findall(r"\]\((http[^)]+/environments/ted[0-9a-f]+/)\)", text)
    (link,) = re.findall(r"^- (http://counter-ted\S+)$", text, re.MULTILINE)
    page.goto(address)
    expect(page.locator("main")).to_contain_text(f"counter #{number}")
    expect(page.locator("main")).to_contain_text("depot")
    host = httpx2.URL(link).netloc.decode()
    entrance = f"http://127.0.0.1:{product.ports[1]}/"
    assert httpx2.get(entrance, headers={"Host": host}).text == "counter of login"

    server.changes("acme/counter", number, state="closed")
    hook.about("counter", number, "closed")
    until(comment_with("removed"))
    assert len(server.comments_of("acme/counter", number)) == 1
    page.goto(address)
    expect(page.locator(".head .status")).to_have_text(re.compile("Removed"))
    assert httpx2.get(entrance, headers={"Host": host}).status_code == 404
    page.goto("/demo/settings")
    page.get_by_role("link", name="What it told").click()
    # The look every two minutes may come before the delivery does.
    expect(page.locator("table")).to_contain_text(
        re.compile("is set up for counter#1|stands for counter#1 as it is")
    )
    expect(page.locator("table")).to_contain_text("is removed: counter#1: it is closed.")
    assert said == []
