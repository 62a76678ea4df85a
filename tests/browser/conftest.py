"""The whole product, really running, and a real browser before it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from environments.engines.kubernetes import KubernetesEngine
from tests import cluster, debian, standins
from tests.containers import Podman

QUIET_CHROMIUM = Path(__file__).with_name("quiet_chromium.py")
CHECKOUT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "demo", "environments for everyone"
Scheme = Literal["light", "dark"]
PATIENCE_MS = 30_000
"""How long a page may take to answer on a machine that does much else."""
READY_MS = 120_000
"""How long a deployment of the examples may take there."""
_UP_SECONDS = 150

expect.set_options(timeout=PATIENCE_MS)


def free_ports() -> tuple[int, int]:
    """Two ports that nothing listens on now."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


class Product:
    """All parts of the product in a folder of the test, with the demo's environment."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        self.state: StorageState | None = None
        self.ports = free_ports()
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Of all its processes."""
        given = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
        return {
            **given,
            "RELEASECLONE_DATA": str(self.folder),
            "RELEASECLONE_LOCAL_REPOSITORIES": "1",
            "RELEASECLONE_PORT": str(self.ports[0]),
            "RELEASECLONE_INGRESS_PORT": str(self.ports[1]),
            **self.settings,
        }

    def start(self, *command: str) -> None:
        """Start it and wait until the command has ended well."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "releaseclone.run", "--", sys.executable, "manage.py", *command],
            cwd=CHECKOUT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        self.wait_for("stays up until Ctrl-C")

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())

    def wait_for(self, text: str) -> None:
        """Until a line has the text."""
        until = time.monotonic() + _UP_SECONDS
        while not any(text in line for line in self.lines):
            assert self.process is not None
            assert self.process.poll() is None, "\n".join(self.lines[-30:])
            assert time.monotonic() < until, "\n".join(self.lines[-30:])
            time.sleep(0.2)

    def stop(self) -> int:
        """End it as Ctrl-C does; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def said(self, pattern: str) -> str:
        """The first group of the first line that matches."""
        for line in self.lines:
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"no line matches {pattern}")

    @property
    def pages(self) -> str:
        """Where the pages are."""
        return self.said(r"the product is up: (\S+)")

    @property
    def env_id(self) -> str:
        """The demo's environment."""
        return self.said(r"/environments/(ted[0-9a-f]+)/")


@pytest.fixture(scope="session")
def product_of_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product after ``demo``."""
    yield from _brought_up(Product(tmp_path_factory.mktemp("product")), "demo")


@pytest.fixture(scope="session")
def product_of_docker(
    podman: Podman, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """The product after ``demo --engine docker``; what runs in containers goes with the engine."""
    standins.bring(podman)
    product = Product(tmp_path_factory.mktemp("product"), DOCKER_HOST=podman.socket)
    yield from _brought_up(product, "demo", "--engine", "docker")


@pytest.fixture(scope="session")
def product_of_kubernetes(
    podman: Podman, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """The product after ``demo --engine kubernetes``, in the cluster for tests."""
    standins.bring(podman)
    product = Product(
        tmp_path_factory.mktemp("product"),
        DOCKER_HOST=podman.socket,
        RELEASECLONE_KUBECONFIG=os.environ["KUBECONFIG"],
    )
    # What the cluster fetches by a name of its own.
    there = f"{os.environ['REGISTRY']}/library/redis:7"
    podman.run("push", "--quiet", "--tls-verify=false", standins.REDIS, there)
    places = ("--registry", f"{os.environ['REGISTRY']}/demo", "--ingress", os.environ["INGRESS"])
    try:
        yield from _brought_up(product, "demo", "--engine", "kubernetes", *places)
    finally:
        installation = (product.folder / "installation").read_text().strip()
        cluster.forget_all(KubernetesEngine(os.environ["KUBECONFIG"], installation=installation))


def _brought_up(product: Product, *command: str) -> Iterator[Product]:
    product.start(*command)
    yield product
    if product.process is not None and product.process.poll() is None:
        product.stop()


@pytest.fixture
def engine() -> str:
    """The one that the demo's environment runs on; tests of both say so."""
    return "process"


@pytest.fixture
def product(request: pytest.FixtureRequest, engine: str) -> Product:
    """The running product."""
    product = request.getfixturevalue(f"product_of_{engine}")
    assert isinstance(product, Product)
    return product


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if missing := " ".join(debian.missing(*debian.BROWSER)):
        pytest.skip(f"there is no browser to lead: as root, apt-get install -y {missing}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=QUIET_CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def said() -> list[str]:
    """What the browser complains of: errors of scripts and of the Content-Security-Policy."""
    return []


@pytest.fixture
def signed_in(browser: Browser, product: Product) -> StorageState:
    """The cookies of somebody who has signed in."""
    product.state = product.state or _signed_in(browser, product)
    return product.state


def _signed_in(browser: Browser, product: Product) -> StorageState:
    with browser.new_context(base_url=product.pages) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/sign-in")
        page.fill("#id_username", USER)
        page.fill("#id_password", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/demo/")
        return context.storage_state()


class Opening(Protocol):
    """Opens a page of somebody who is signed in."""

    def __call__(
        self, *, scheme: Scheme = "light", width: int = 1280, scripts: bool = True
    ) -> Page: ...


_REPLACED = ("htmx:afterRequest", "htmx:sendAbort")
"""Logged where a newer request takes the place of one. Of one that fails, htmx:sendError is."""


def _heard(one: ConsoleMessage, said: list[str]) -> None:
    if one.type == "error" and not one.text.startswith(_REPLACED):
        said.append(one.text)


@pytest.fixture
def open_page(
    browser: Browser, product: Product, signed_in: StorageState, said: list[str]
) -> Iterator[Opening]:
    """Pages with other colours, other widths or without scripts."""
    contexts: list[BrowserContext] = []

    def opened(*, scheme: Scheme = "light", width: int = 1280, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=product.pages,
            storage_state=signed_in,
            color_scheme=scheme,
            java_script_enabled=scripts,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda wrong: said.append(str(wrong)))
        page.on("console", lambda one: _heard(one, said))
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Opening) -> Page:
    """One of them, as most people have it."""
    return open_page()
