"""The ingress, with a real Caddy."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from environments.core.ports import Ingress, IngressError, Route
from environments.ingress.caddy import (
    CaddyIngress,
    configured_routes,
    find_caddy,
    start_configuration,
)

HOST = "web-shop-ted1234.localhost"
OTHER = "api-shop-ted1234.localhost"
UPGRADE = (
    "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def route(*upstreams: str, host: str = HOST, path: str = "/") -> Route:
    return Route("ted1234-shop-main", host, path, upstreams)


def test_it_is_an_ingress(tmp_path: Path) -> None:
    ingress: Ingress = CaddyIngress(tmp_path / "x", 1)
    assert isinstance(ingress, CaddyIngress)


def test_what_is_paused_says_so_and_where_it_is_resumed(
    caddy: Any, service: Callable[[str], str]
) -> None:
    page = "http://localhost:8000/acme/environments/ted1234/"
    resting = replace(route(service("web")), paused=page)
    caddy.ingress.publish([resting])
    answer = caddy.get(HOST, "/any/path")
    assert answer.status_code == 503
    assert "This environment is paused" in answer.text
    assert f'href="{page}"' in answer.text
    assert HOST in answer.text
    caddy.ingress.publish([replace(resting, paused="")])
    assert caddy.get(HOST).text == f"web / {HOST}"


def test_hosts_and_paths_lead_to_services(caddy: Any, service: Callable[[str], str]) -> None:
    web, api, deep = service("web"), service("api"), service("deep")
    caddy.ingress.publish(
        [
            route(web),
            route(api, path="/api"),
            route(deep, path="/api/deep/"),
            route(api, host=OTHER),
        ]
    )
    assert caddy.get(HOST).text == f"web / {HOST}"
    assert caddy.get(HOST, "/apixy?a=b").text == f"web /apixy?a=b {HOST}"
    assert caddy.get(HOST, "/api").text == f"api /api {HOST}"
    assert caddy.get(HOST, "/api/x").text == f"api /api/x {HOST}"
    assert caddy.get(HOST, "/api/deep").text == f"deep /api/deep {HOST}"
    assert caddy.get(HOST, "/api/deep/x").text == f"deep /api/deep/x {HOST}"
    assert caddy.get(f"{OTHER.upper()}:8080").text.startswith("api /")


@pytest.mark.parametrize("path", ["/api/*", "/api*", "/api/"])
def test_a_path_that_says_all_below_means_just_that(
    caddy: Any, service: Callable[[str], str], path: str
) -> None:
    caddy.ingress.publish([route(service("api"), path=path)])
    assert caddy.get(HOST, "/api/x").text == f"api /api/x {HOST}"
    assert caddy.get(HOST, "/").status_code == 404


def test_braces_in_a_path_are_no_placeholder(caddy: Any, service: Callable[[str], str]) -> None:
    caddy.ingress.publish([route(service("api"), path="/{env.HOME}")])
    assert caddy.get(HOST, f"{caddy.folder}").status_code == 404
    assert caddy.get(HOST, "/{env.HOME}").status_code == 200


def test_an_unknown_host_gets_a_page_that_says_so(caddy: Any) -> None:
    answer = caddy.get("a&b.example.test:8080")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "No environment answers here" in answer.text
    assert "<strong>a&amp;b.example.test</strong>" in answer.text
    assert "{{" not in answer.text


def test_an_unknown_path_of_a_known_host_gets_the_page_too(
    caddy: Any, service: Callable[[str], str]
) -> None:
    caddy.ingress.publish([route(service("api"), path="/api")])
    assert "none at\nthis path" in caddy.get(HOST, "/other").text


def test_replicas_take_turns(caddy: Any, service: Callable[[str], str]) -> None:
    caddy.ingress.publish([route(service("one"), service("two"), service("three"))])
    answers = [caddy.get(HOST).text.split()[0] for _ in range(9)]
    assert {name: answers.count(name) for name in answers} == {"one": 3, "two": 3, "three": 3}


def test_a_dead_replica_is_passed_over(caddy: Any, service: Callable[[str], str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"127.0.0.1:{server.getsockname()[1]}"
    caddy.ingress.publish([route(dead, service("alive"))])
    assert {caddy.get(HOST).text.split()[0] for _ in range(4)} == {"alive"}


@pytest.mark.parametrize("upstreams", [(), ("127.0.0.1:1",)])
def test_a_service_that_is_not_up_gets_a_page_that_says_so(
    caddy: Any, upstreams: tuple[str, ...]
) -> None:
    caddy.ingress.publish([route(*upstreams)])
    answer = caddy.get(HOST)
    assert answer.status_code in (502, 503)
    assert "The service does not answer" in answer.text
    assert f"<strong>{HOST}</strong>" in answer.text


def test_routes_that_left_answer_no_more(caddy: Any, service: Callable[[str], str]) -> None:
    web = service("web")
    caddy.ingress.publish([route(web), route(web, host=OTHER)])
    caddy.ingress.publish([route(web, host=OTHER)])
    assert caddy.get(HOST).status_code == 404
    assert caddy.get(OTHER).status_code == 200


def test_the_same_routes_are_not_written_again(caddy: Any, service: Callable[[str], str]) -> None:
    web, api = route(service("web")), route(service("api"), host=OTHER)
    caddy.ingress.publish([web, api])
    assert caddy.writes() == 1
    caddy.ingress.publish([api, web])
    assert caddy.writes() == 1
    caddy.ingress.publish([api])
    assert caddy.writes() == 2


def test_a_thousand_routes_are_one_write(caddy: Any, service: Callable[[str], str]) -> None:
    web = service("web")
    caddy.ingress.publish([route(web, host=f"h{number}.localhost") for number in range(1000)])
    assert caddy.writes() == 1
    assert caddy.get("h999.localhost").text.startswith("web")


def test_a_caddy_that_is_gone_is_told_and_healed_by_the_next_call(
    caddy: Any, service: Callable[[str], str]
) -> None:
    routes = [route(service("web"))]
    caddy.ingress.publish(routes)
    caddy.end()
    with pytest.raises(IngressError, match=f"port {caddy.port}"):
        caddy.ingress.publish(routes)
    caddy.start()
    assert caddy.get(HOST).status_code == 404
    caddy.ingress.publish(routes)
    assert caddy.get(HOST).text.startswith("web")


def test_refused_routes_leave_those_before(caddy: Any, service: Callable[[str], str]) -> None:
    caddy.ingress.publish([route(service("web"))])
    with pytest.raises(IngressError, match="refused the routes"):
        caddy.ingress.publish([route("127.0.0.1:1", host="xn--ü.localhost")])
    assert caddy.get(HOST).text.startswith("web")


def test_a_foreign_configuration_is_not_touched(caddy: Any) -> None:
    with caddy.admin() as client:
        client.delete("/config/apps")
    with pytest.raises(IngressError, match="not this product's"):
        caddy.ingress.publish([])


def test_a_mute_caddy_is_not_waited_for_for_ever(tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("m") / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with pytest.raises(IngressError, match="does not answer"):
            CaddyIngress(path, 8080, seconds=0.2).publish([])


def test_the_admin_socket_is_for_this_user_alone(caddy: Any) -> None:
    assert caddy.socket.stat().st_mode & 0o777 == 0o600


def test_the_order_of_routes_does_not_matter() -> None:
    routes = [
        route("127.0.0.1:1"),
        route("127.0.0.1:2", path="/a"),
        route("127.0.0.1:3", path="/a/b"),
        route("127.0.0.1:4", host=OTHER),
    ]
    assert configured_routes(routes) == configured_routes(routes[::-1])
    paths = [each["match"][0].get("path") for each in configured_routes(routes)[1:-1]]
    assert paths == [["/a/b", "/a/b/*"], ["/a", "/a/*"], None]


def test_a_websocket_outlives_a_reload(caddy: Any, service: Callable[[str], str]) -> None:
    with echoes() as upstream:
        caddy.ingress.publish([route(upstream)])
        with socket.create_connection(("127.0.0.1", caddy.port), timeout=60) as client:
            client.sendall(UPGRADE.format(host=HOST).encode())
            stream = client.makefile("rb")
            assert b"101" in stream.readline()
            while stream.readline().strip():
                pass
            for number in range(3):
                caddy.ingress.publish(
                    [route(upstream), route(service("api"), host=f"h{number}.localhost")]
                )
                client.sendall(f"after {number}\n".encode())
                assert stream.readline() == f"after {number}\n".encode()
        assert caddy.writes() == 4


@contextmanager
def echoes() -> Iterator[str]:
    """A service that agrees to speak another protocol and then repeats each line."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(AGREED)
            for line in self.rfile:
                self.wfile.write(line)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_start_configuration_names_address_and_socket(tmp_path: Path) -> None:
    started = start_configuration(tmp_path / "caddy.sock", "::1", 8080)
    assert started["admin"]["listen"] == f"unix/{tmp_path}/caddy.sock|0600"
    assert started["apps"]["http"]["servers"]["environments"]["listen"] == ["[::1]:8080"]


def test_caddy_is_found_on_the_path_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "caddy"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_caddy() == program


def test_without_one_on_the_path_the_wheel_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_caddy()
    assert found.name == "caddy"
    assert found.is_file()


def test_it_answers_at_further_doors_as_far_as_this_machine_has_them(
    caddy: Any, service: Callable[[str], str]
) -> None:
    web = service("web")
    for doors in (["127.0.0.2"], ["127.0.0.2", "203.0.113.9"], ["127.0.0.2"]):
        caddy.ingress.publish([route(web)], doors=doors)
        assert caddy.get(HOST, address="127.0.0.2").text.startswith("web /")
    caddy.ingress.publish([route(web)])
    with pytest.raises(OSError, match="refused"), socket.socket() as there:
        there.connect(("127.0.0.2", caddy.port))
    assert caddy.get(HOST).text.startswith("web /")
