"""A real Caddy on loopback, and small services behind it."""

import http.server
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import httpx2
import pytest

from environments.core.ports import IngressError
from environments.ingress.caddy import CaddyIngress, find_caddy, start_configuration


class RunningCaddy:
    """One Caddy with the product's start configuration; can be ended and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.socket = folder / "caddy.sock"
        self.ingress = CaddyIngress(self.socket, port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        configuration = self.folder / "caddy.json"
        configuration.write_text(
            json.dumps(start_configuration(self.socket, "127.0.0.1", self.port))
        )
        self._process = subprocess.Popen(
            [find_caddy(), "run", "--config", configuration],
            env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                self.ingress.publish(())
                return self
            except IngressError:
                time.sleep(0.05)
        raise AssertionError("Caddy did not start")

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def get(self, host: str, path: str = "/", *, address: str = "127.0.0.1") -> httpx2.Response:
        url = f"http://{address}:{self.port}{path}"
        return httpx2.get(url, headers={"Host": host}, timeout=10)

    def admin(self) -> httpx2.Client:
        return httpx2.Client(
            transport=httpx2.HTTPTransport(uds=str(self.socket)), base_url="http://caddy"
        )

    def writes(self) -> int:
        """How often its configuration was changed since it was started."""
        with self.admin() as client:
            lines = client.get("/metrics").text.splitlines()
        counts = [line for line in lines if line.startswith("caddy_admin_http_requests_total")]
        return sum(int(float(line.split()[-1])) for line in counts if 'method="PATCH"' in line)


@pytest.fixture
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCaddy]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = RunningCaddy(tmp_path_factory.mktemp("c"), port)
    try:
        yield running.start()
    finally:
        running.end()


@pytest.fixture
def service() -> Iterator[Callable[[str], str]]:
    """Start services that answer with their name, the path and the Host they were asked for."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(name: str) -> str:
        def answer(request: http.server.BaseHTTPRequestHandler) -> None:
            body = f"{name} {request.path} {request.headers['Host']}".encode()
            request.send_response(200)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        handler = type(
            "Handler",
            (http.server.BaseHTTPRequestHandler,),
            {"do_GET": answer, "log_message": lambda *_: None},
        )
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
