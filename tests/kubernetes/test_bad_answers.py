"""An API server that answers badly for a while, as one that is busy or behind a proxy does."""

import base64
import json
import ssl
import tempfile
from collections.abc import Iterator
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client
from lightkube import KubeConfig
from pytest_django.fixtures import Settings

from environments import wiring
from environments.models import Role
from tests import cluster
from tests.kubernetes.conftest import kubectl
from tests.world import World

pytestmark = pytest.mark.kubernetes

TEMPLATE = f"""
services:
- name: web
  image: {cluster.BUSYBOX}
  command: [sh, -c, "exec sleep 1000"]
  readiness_probe: {{exec: {{command: [sh, -c, "true"]}}, period_seconds: 1}}
"""


class Proxy(ThreadingHTTPServer):
    """Passes everything on to the real API server, but for what it was told to answer itself."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        found = KubeConfig.from_env().get()
        assert found is not None
        self.far = urlsplit(found.cluster.server)
        self.trust = ssl.create_default_context(cadata=_text(found.cluster.certificate_auth_data))
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(_text(found.user.client_cert_data) + _text(found.user.client_key_data))
            pair.flush()
            self.trust.load_cert_chain(pair.name)
        self.bad: list[tuple[str, str, int]] = []
        """What is answered once each: method, a part of the path, status."""

    def bad_answer(self, method: str, path: str) -> int:
        """The status to answer with instead, or 0."""
        for one in self.bad:
            if one[0] == method and one[1] in path:
                self.bad.remove(one)
                return one[2]
        return 0


def _text(sealed: Any) -> str:
    return base64.b64decode(sealed).decode()


class _Passing(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def pass_on(self) -> None:
        """One request there and its answer back, piece by piece."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        if status := self.server.bad_answer(self.command, self.path):
            told = {"kind": "Status", "status": "Failure", "code": status, "message": "busy"}
            self.answer(status, json.dumps(told).encode())
            return
        far = HTTPSConnection(
            str(self.server.far.hostname), self.server.far.port, context=self.server.trust
        )
        headers = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
        far.request(self.command, self.path, content, headers)
        found = far.getresponse()
        self.send_response(found.status)
        self.send_header("Content-Type", found.headers["Content-Type"])
        self.send_header("Connection", "close")
        self.end_headers()
        while piece := found.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_DELETE = pass_on  # noqa: N815 - how the library asks

    def answer(self, status: int, content: bytes) -> None:
        """An answer of its own."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def proxy(yard: World, settings: Settings, tmp_path: Path) -> Iterator[Proxy]:
    """The account's cluster, reached through it."""
    proxy = Proxy()
    thread = Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    written = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    written["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{proxy.server_port}"}
    written["users"] = [{"name": written["users"][0]["name"], "user": {}}]
    place = tmp_path / "through-the-proxy"
    place.write_text(yaml.safe_dump(written))
    path, arguments = settings.ENGINES["kubernetes"]
    settings.ENGINES = {"kubernetes": (path, {**arguments, "kubeconfig": str(place)})}
    wiring.engine.cache_clear()
    yield proxy
    proxy.shutdown()
    thread.join()
    proxy.server_close()


@pytest.mark.parametrize(
    "bad",
    [[("PATCH", "/deployments/", status)] * 2 for status in (409, 429, 500, 502, 503, 504)]
    + [[("GET", "watch", 410)] * 2],
    ids=lambda bad: str(bad[0][2]),
)
def test_what_passes_is_waited_for(
    yard: World, proxy: Proxy, bad: list[tuple[str, str, int]]
) -> None:
    proxy.bad = list(bad)
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    deployment = yard.last(environment)
    assert (deployment.status, deployment.reason) == ("deployed", "")
    assert proxy.bad == []


@pytest.mark.parametrize("status", [403, 422])
def test_what_does_not_pass_fails_at_once_and_says_why(
    yard: World, proxy: Proxy, status: int
) -> None:
    proxy.bad = [("PATCH", "/deployments/", status)]
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    deployment = yard.last(environment)
    assert deployment.status == "failed"
    assert deployment.failure is not None
    assert "busy" in deployment.failure["message"]
    assert proxy.bad == []


def test_what_a_cluster_does_not_measure_is_a_dash_with_the_reason(
    yard: World, proxy: Proxy, client: Client
) -> None:
    proxy.bad = [("GET", "/apis/metrics.k8s.io/", 404)]
    environment = yard.deployed(yard.application("shop", TEMPLATE))
    person = yard.person("ina", Role.OWNER).user
    assert isinstance(person, User)
    client.force_login(person)
    page = client.get(f"/acme/environments/{environment.env_id}/").content.decode()
    reason = "the cluster has no metrics API (metrics-server)"
    assert f"Memory and CPU are not known: {reason}." in page
    assert f'title="{reason}"' in page
