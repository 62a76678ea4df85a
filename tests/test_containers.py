"""The container engines of the tests themselves, two on one machine as two workers have them."""

from contextlib import ExitStack
from urllib.request import urlopen

import docker

from tests.containers import BUSYBOX, SITE, Podman, engine

_ANSWERED = "until wget -q -O /dev/null 127.0.0.1:8080/index.html; do sleep 0.1; done"


def test_networks_that_two_engines_make_at_once_are_both_reached(podman: Podman) -> None:
    with engine() as other, ExitStack() as until_the_end:
        clients = [docker.DockerClient(base_url=one.socket) for one in (podman, other)]
        networks = []
        for number, client in enumerate(clients):
            until_the_end.callback(client.close)
            networks.append(client.networks.create(f"side-by-side-{number}"))
            until_the_end.callback(networks[-1].remove)
        addresses = []
        for client, network in zip(clients, networks, strict=True):
            site = client.containers.create(
                BUSYBOX, ["sh", "-c", SITE.format(network.name)], network=network.name, init=True
            )
            until_the_end.callback(site.remove, force=True)
            site.start()
            assert site.exec_run(["sh", "-c", _ANSWERED]).exit_code == 0
            site.reload()
            addresses.append(site.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"])
        for address, network in zip(addresses, networks, strict=True):
            with urlopen(f"http://{address}:8080/index.html", timeout=5) as page:
                assert page.read().decode().strip() == network.name
