"""A small application to deploy: a service, before it a job that waits at a gate, an import."""

import subprocess
import sys
from pathlib import Path

import httpx2

from tests.run.product import Product, until
from tests.world import Repository

_TEMPLATE = """
app_imports:
- name: stock
services:
- name: web
  command: [{python}, -u, web.py, {boots}]
  ports:
  - type: node_port
    target_port: 8080
    port: 80
  readiness_probe:
    http_get:
      path: /
      port: 8080
    period_seconds: 1
jobs:
- name: move
  from_services: web
  command: [sh, move.sh, {runs}, {gate}]
  completed_timeout: 60
workflows:
- name: setup
  parallelize:
  - step: first
    tasks:
    - jobs.move
  - step: then
    tasks:
    - services.web
- name: teardown
  order_from:
  - release.remove_environment
"""
_STOCK = """
services:
- name: stock
  command: [{python}, -u, web.py, {boots}]
"""
_MOVE = 'echo moved >> "$1"\nwhile [ ! -e "$2" ]; do sleep 0.1; done\necho passed >> "$2"\n'
_WEB = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"web {os.getpid()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
with open(sys.argv[1], "a") as boots:
    boots.write("booted\\n")
server.serve_forever()
"""


class Shop:
    """The application on one installation. What its job and its service did is in two files."""

    def __init__(self, product: Product, folder: Path) -> None:
        self._product = product
        self._gate = folder / "gate"
        self._runs, self._boots = folder / "runs", folder / "boots"
        self._stock = folder / "stock-boots"
        places = {"runs": self._runs, "gate": self._gate, "boots": self._boots}
        own = {"web.py": _WEB, "move.sh": _MOVE}
        self._register("stock", folder, _STOCK.format(python=sys.executable, boots=self._stock))
        self._register("shop", folder, _TEMPLATE.format(python=sys.executable, **places), **own)

    def _register(self, name: str, folder: Path, template: str, **own: str) -> None:
        repository = Repository(folder / name)
        files = {"web.py": _WEB.replace('os.environ["PORT"]', "0"), **own}
        repository.commit({".release/application_template.yaml": template, **files})
        source = str(repository.folder)
        registered = self._product.command("register_application", source, "--name", name)
        assert registered.wait(120) == 0, _said(registered)

    @property
    def runs(self) -> int:
        """How often the job was started since the last ``forget``."""
        return _count(self._runs)

    @property
    def boots(self) -> int:
        """How often the service began to listen since the last ``forget``."""
        return _count(self._boots)

    @property
    def stock_boots(self) -> int:
        """The same of the imported service."""
        return _count(self._stock)

    @property
    def passed(self) -> int:
        """How many jobs have passed the gate since it was opened."""
        return _count(self._gate)

    def forget(self) -> None:
        """Count from zero."""
        for counted in (self._runs, self._boots, self._stock):
            counted.unlink(missing_ok=True)

    def open_gate(self) -> None:
        """Let the job end."""
        self._gate.touch()

    def close_gate(self) -> None:
        """Let the next job wait."""
        self._gate.unlink(missing_ok=True)

    def ask(self, name: str) -> "subprocess.Popen[str]":
        """Ask for an environment; the command that waits for its end."""
        return self._product.command("create_environment", "shop", "--name", name, "--wait")

    def deploy(self, name: str) -> str:
        """An environment that runs; its host."""
        return self.deployed(self.ask(name))

    def deployed(self, asked: "subprocess.Popen[str]") -> str:
        """The host of what was asked for, once it runs."""
        status, said = asked.wait(240), _said(asked)
        assert status == 0, "\n".join([said, *self._product.lines[-20:]])
        return httpx2.URL(said.splitlines()[-1]).host

    def refused(self, asked: "subprocess.Popen[str]") -> str:
        """What is said of what was asked for, once it has failed."""
        status, said = asked.wait(240), _said(asked)
        assert status == 1, said
        return said

    def answer(self, host: str) -> str:
        """What the hosted URL answers; "" where no service does."""
        url = f"http://127.0.0.1:{self._product.ingress_port}/"
        try:
            answer = httpx2.get(url, headers={"Host": host}, timeout=5)
        except httpx2.HTTPError:
            return ""
        return answer.text if answer.status_code == httpx2.codes.OK else ""

    def until_answered(self, host: str) -> str:
        """The answer, once there is one."""
        return until(lambda: self.answer(host))


def _count(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _said(command: "subprocess.Popen[str]") -> str:
    assert command.stdout is not None
    return command.stdout.read()
