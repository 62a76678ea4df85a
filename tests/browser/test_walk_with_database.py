"""The walk with a database that is only an image: two environments, each with its own data."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import READY_MS, Product
from tests.browser.test_terminal import run, state
from tests.browser.test_walk import shows, wait_until_deployed
from tests.containers import Podman
from tests.standins import PYTHON
from tests.world import TEMPLATE, Repository

_TEMPLATE = """services:
- name: notes
  build: {context: .}
  depends_on: [store]
  ports:
  - {type: node_port, port: 8080, target_port: 8080}
  readiness_probe:
    http_get: {path: /, port: 8080}
    period_seconds: 1
    failure_threshold: 60
- name: store
  image: redis:7
  command: [redis-server, --dir, /data, --appendonly, "yes", --protected-mode, "no"]
  ports:
  - {type: container_port, port: 6379, target_port: 6379}
  volumes:
  - {name: data, mount_path: /data, type: persistent, size: 10Mi}
  readiness_probe:
    tcp_socket: {port: 6379}
    period_seconds: 1
    failure_threshold: 60
"""
_DOCKERFILE = f"""FROM {PYTHON}
WORKDIR /app
COPY . .
CMD ["python3", "-u", "notes.py"]
"""
_NOTES = '''"""Shows the note that the database keeps, and keeps another one: ``notes.py TEXT``."""

import http.server
import socket
import sys

TITLE = "Notes"


def ask(*words):
    sent = f"*{len(words)}\\r\\n" + "".join(f"${len(word)}\\r\\n{word}\\r\\n" for word in words)
    with socket.create_connection(("store", 6379), timeout=5) as there:
        there.sendall(sent.encode())
        return "".join(there.recv(1000).decode().split("\\r\\n")[1:2])


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{TITLE}: {ask('GET', 'note') or 'nothing yet'}".encode())


if sys.argv[1:]:
    ask("SET", "note", sys.argv[1])
    print("kept", sys.argv[1])
else:
    print("ready to keep notes")
    http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Page).serve_forever()
'''


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody who goes from page to page."""

    page: Page

    def create(self, name: str, branch: str) -> str:
        """A new environment of ``notes``, up; the address of its page."""
        self.page.goto("/demo/applications/notes/new")
        self.page.fill("input[name=name]", name)
        with self.page.expect_response("**/applications/notes/new"):
            self.page.fill("input[name=branch]", branch)
        expect(self.page.locator("#plan")).to_contain_text(f"notes {branch}")
        expect(self.page.locator("#plan")).to_contain_text("chosen by a person")
        self.page.get_by_role("button", name="Create").click()
        self.page.wait_for_url("**/environments/ted*/")
        wait_until_deployed(self.page)
        return self.page.url

    def shows(self, environment: str, text: str) -> None:
        """The page of the environment's service, opened by its link, shows this."""
        self.page.goto(environment)
        shows(self.page, self.page.get_by_role("link", name="Open"), text)

    def keep(self, environment: str, text: str) -> None:
        """Keep a note, by a terminal in the container of the service."""
        self.page.goto(environment)
        self.page.get_by_role("link", name="Terminal in notes-0").click()
        expect(state(self.page)).to_have_text("Connected")
        screen = self.page.locator(".xterm-rows")
        expect(screen).to_contain_text("#")  # the prompt
        run(self.page, f"python3 notes.py {text}")
        expect(screen).to_contain_text(f"kept {text}")  # a failure shows the whole screen
        run(self.page, "exit 3")
        expect(state(self.page)).to_have_text("The shell ended with 3.")

    def deploy(self, environment: str, label: str) -> None:
        """Ask for it on the page, look at the plan, ask again, and see it through."""
        self.page.goto(environment)
        self.page.get_by_role("link", name=label, exact=True).first.click()
        self.page.get_by_role("button", name=label, exact=True).click()
        self.page.wait_for_url("**/deployments/*/")
        wait_until_deployed(self.page)


@pytest.fixture(params=["docker"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def walker(page: Page) -> Walker:
    return Walker(page)


@pytest.fixture
def repository(product: Product) -> Repository:
    repository = Repository(product.folder / "notes")
    repository.commit({TEMPLATE: _TEMPLATE, "Dockerfile": _DOCKERFILE, "notes.py": _NOTES})
    repository.branch("login")
    return repository


def test_two_environments_keep_each_its_own_data_until_they_are_deleted(
    walker: Walker, repository: Repository, product: Product, podman: Podman, said: list[str]
) -> None:
    page = walker.page
    page.goto("/demo/register")
    page.fill("input[name=source]", str(repository.folder))
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/applications/notes/**")

    one, two = walker.create("one", "main"), walker.create("two", "login")
    expect(page.locator("#live .instances")).to_contain_text("store-0")
    walker.keep(one, "apple")
    walker.shows(one, "Notes: apple")
    walker.shows(two, "Notes: nothing yet")

    repository.commit({"notes.py": _NOTES.replace('"Notes"', '"Patched"')}, "another title")
    walker.deploy(one, "Deploy")
    walker.shows(one, "Patched: apple")
    walker.deploy(one, "Deploy Setup")
    walker.shows(one, "Patched: apple")
    walker.shows(two, "Notes: nothing yet")

    _see_the_log(page, one)
    _see_the_builds(page, one)
    assert said == []

    first = _volumes(podman)
    _delete(page, one)
    assert len(_volumes(podman)) == len(first) - 1
    walker.shows(two, "Notes: nothing yet")
    again = walker.create("one", "main")
    walker.shows(again, "Patched: nothing yet")


def _see_the_log(page: Page, environment: str) -> None:
    page.goto(environment)
    page.get_by_role("link", name="Logs of notes-0").click()
    expect(page.locator(".log")).to_contain_text("ready to keep notes")
    page.goto(environment)
    expect(page.locator(".events")).to_contain_text("opened a terminal in notes-0")
    expect(page.locator(".events")).to_contain_text("exit code 3")


def _see_the_builds(page: Page, environment: str) -> None:
    page.goto(f"{environment}builds")
    expect(page.locator("main table tbody tr")).not_to_have_count(0)


def _delete(page: Page, environment: str) -> None:
    page.goto(f"{environment}delete")
    expect(page.locator(".goes")).to_contain_text("1 volume with data")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("main")).to_contain_text("handle")
    page.fill("#handle", environment.rstrip("/").rpartition("/")[2])
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/deployments/*/")
    expect(page.locator(".head .status")).to_have_text(re.compile("Removed"), timeout=READY_MS)


def _volumes(podman: Podman) -> set[str]:
    return set(podman.run("volume", "ls", "--quiet").split())
