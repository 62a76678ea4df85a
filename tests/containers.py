"""A container engine for tests: Podman's API service with a storage of its own.

Nothing of it touches the images and containers that the machine has. Where Podman is missing
and cannot be installed, the tests that need it are skipped, and one line says so.
"""

import io
import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

import docker
import psutil
import pytest
import requests
from docker.errors import DockerException

from environments.loopback import free_ports
from tests import debian

BUSYBOX = "docker.io/library/busybox:test"
"""A shell, httpd and wget: all that most tests need of a container."""
SITE = "mkdir -p /site && echo {} > /site/index.html && exec httpd -f -p 8080 -h /site"
"""What serves one word there, for a shell."""

_PORT_RULES = "NETAVARK-HOSTPORT-DNAT"
_CONFIGURATION = """
[containers]
default_ulimits = ["nproc=9000:9000", "nofile=10000:10000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["{helpers}", "/usr/lib/podman", "/usr/libexec/podman"]
[network]
network_backend = "netavark"
network_config_dir = "{networks}"
default_subnet = "{default}"
default_subnet_pools = [{{"base" = "{pool}", "size" = 26}}]
"""
_NETAVARK = """#!/bin/sh
for program in /usr/lib/podman/netavark /usr/libexec/podman/netavark; do
  [ -x $program ] && break
done
sed 's/"network_interface":"podman/"network_interface":"{bridges}/g' |
  flock --close /tmp/rc-podman-network.lock $program "$@"
"""
"""In place of netavark: two Podmans of one machine do not know of each other.

Both call their first bridge podman1, where the addresses of only one of them are: what is asked of
the other's containers leaves the machine. And both change the machine's port rules: a Podman by
itself runs one netavark at a time, here all do.
"""
_NO_PACKAGES = """#!/bin/sh
exit 1
"""
"""In place of dpkg-query, which Podman asks for the package of each of its helpers whenever it is
asked who it is: most of a second, in each test."""
_APPLETS = (
    *("sh", "sleep", "echo", "cat", "cp", "mkdir", "ls", "env", "id", "true", "head", "yes"),
    *("httpd", "wget", "nslookup", "stty", "wc"),
)


class CannotRun(Exception):
    """Podman is there and runs nothing here."""


@dataclass(slots=True)
class Podman:
    """A running service; ``restart`` as an engine that is updated under its containers."""

    folder: Path
    registry: str
    """An address of this machine where it takes a registry without TLS."""
    pool: str
    """Where the addresses of its containers are taken from."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def socket(self) -> str:
        """The address that a context is given."""
        return f"unix://{self.folder / 'podman.sock'}"

    @property
    def _command(self) -> tuple[str, ...]:
        root, runroot = self.folder / "storage", self.folder / "run"
        return ("podman", "--root", str(root), "--runroot", str(runroot))

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{self.folder / 'helpers'}:{os.environ['PATH']}",
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
        }

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """What this podman command prints."""
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(
            [*self._command, "system", "service", "--time=0", self.socket],
            env=self._environment,
            # Where the monitor of a container that ran out of memory leaves a file.
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "service.log").open("ab"),
        )
        give_up = time.monotonic() + 60
        while True:
            try:
                client = docker.DockerClient(base_url=self.socket, timeout=5)
                client.ping()
                client.close()
            except DockerException as wrong:
                if time.monotonic() > give_up or self.process.poll() is not None:
                    raise CannotRun((self.folder / "service.log").read_text()[-300:]) from wrong
                time.sleep(0.05)
            else:
                return

    def try_out(self) -> None:
        """Run a container on a network of its own; ``CannotRun`` where this machine does not let
        it, as inside of another container."""
        client = docker.DockerClient(base_url=self.socket, timeout=60)
        try:
            # Named as no other: Podmans whose networks have one name share its rules.
            network = client.networks.create(f"trial-{self.folder.name}")
            limits = {"mem_limit": "64m", "nano_cpus": 500_000_000}
            # Not containers.run: it follows the log, and Podman may never end that of a container
            # that has ended before.
            trial = client.containers.create(
                BUSYBOX, ["true"], network=network.name, init=True, **limits
            )
            try:
                trial.start()
                trial.wait()
            finally:
                trial.remove(force=True)
                network.remove()
        except (DockerException, requests.RequestException) as wrong:
            raise CannotRun(" ".join(str(wrong).split())[-300:]) from wrong
        finally:
            client.close()

    def stop(self) -> None:
        """End the service; containers go on."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def remove_all(self) -> None:
        """End the service and all that it ran, and forget its storage."""
        self.stop()
        self._end_monitors()
        subprocess.run(
            [*self._command, "rm", "--all", "--force", "--time", "0"],
            env=self._environment,
            check=False,
            capture_output=True,
        )
        subprocess.run(
            [*self._command, "network", "prune", "--force"],
            env=self._environment,
            check=False,
            capture_output=True,
        )
        _forget_ports(ip_network(self.pool))
        storage = self.folder / "storage"
        if storage.is_mount():
            subprocess.run(["umount", "--lazy", str(storage)], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_monitors(self) -> None:
        """End those of the commands that were run in containers.

        One whose terminal takes no more, as nobody reads what was typed, stands still for ever,
        and its container cannot end before it.
        """
        for process in psutil.process_iter(["name", "cmdline"]):
            words = process.info["cmdline"] or ()
            is_of_a_command = process.info["name"] == "conmon" and "--exec-attach" in words
            if is_of_a_command and any(str(self.folder) in word for word in words):
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _forget_ports(pool: IPv4Network | IPv6Network) -> None:
    """Take what still leads a port of this machine to a container that is gone.

    Podman leaves such a rule where a container does not end as it should, and who is given that
    port later is never reached: for a person it looks as if nothing listened there.
    """
    command = ("iptables", "-t", "nat")
    told = subprocess.run([*command, "-S"], capture_output=True, text=True, check=False).stdout
    rules = [words for words in map(shlex.split, told.splitlines()) if words[:1] == ["-A"]]
    stale = {
        words[1]
        for words in rules
        if "--to-destination" in words
        if ip_address(words[-1].partition(":")[0]) in pool
    }
    for words in rules:
        if words[1] == _PORT_RULES and words[-1] in stale:
            subprocess.run([*command, "-D", *words[1:]], check=False)


def missing() -> str:
    """Why there can be no container engine here, or ""."""
    if os.geteuid() != 0:
        return "containers are tested as root only"
    if debian.missing(*debian.CONTAINERS) and not debian.install(*debian.CONTAINERS):
        return "Podman is not installed"
    return ""


@contextmanager
def engine(room: str = "") -> Iterator[Podman]:
    """A running service that has the image ``BUSYBOX``, and where it is said no more room for
    what it keeps than that (a size of tmpfs, such as "24m")."""
    # Short: a unix socket's path has a limit.
    folder = Path(tempfile.mkdtemp(prefix="rc-podman-"))
    networks, helpers = folder / "networks", folder / "helpers"
    for made in (networks, helpers):
        made.mkdir()
    port = free_ports(1, taken=frozenset(), near=str(folder))[0]
    scripts = {"netavark": _NETAVARK.format(bridges=f"rc{port}-"), "dpkg-query": _NO_PACKAGES}
    for name, text in scripts.items():
        (helpers / name).write_text(text)
        (helpers / name).chmod(0o755)
    subnets = _subnets(port)
    given = _CONFIGURATION.format(networks=networks, helpers=helpers, **subnets)
    (folder / "containers.conf").write_text(given)
    registry = f"127.0.0.1:{port}"
    # REGISTRY: of a cluster for tests, which is on this machine too.
    plain = filter(None, (registry, os.environ.get("REGISTRY")))
    rows = [f'[[registry]]\nlocation = "{one}"\ninsecure = true\n' for one in plain]
    (folder / "registries.conf").write_text("".join(rows))
    podman = Podman(folder, registry, subnets["pool"])
    try:
        if room:
            storage = folder / "storage"
            storage.mkdir()
            mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(storage)]
            if subprocess.run(mount, check=False).returncode:
                raise CannotRun("it may not mount a small disk")
        podman.start()
        try:
            podman.run("import", "--change", "CMD sh", "-", BUSYBOX, given=busybox_root())
        except subprocess.CalledProcessError as wrong:
            raise CannotRun(wrong.stderr.decode()[-300:]) from wrong
        podman.try_out()
        yield podman
    finally:
        podman.remove_all()


def _subnets(port: int) -> dict[str, str]:
    """Of this engine's networks, by a port that no other engine has now.

    Podman takes the first subnet that it does not see in use, and sees no other Podman's network
    before a container is in it: two of them would give the same address to two containers.
    """
    high, low = divmod(port % 1024, 16)
    return {
        "pool": f"10.{128 + high}.{16 * low}.0/20",
        "default": f"10.{192 + high}.{16 * low}.0/24",
    }


def busybox_root() -> bytes:
    """The file system of an image that holds busybox alone, as a tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for applet in _APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for folder in ("etc", "tmp", "var"):
            made = tarfile.TarInfo(folder)
            made.type, made.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(made)
    return packed.getvalue()


@contextmanager
def engine_or_skip(room: str = "") -> Iterator[Podman]:
    """The same; the test is skipped, loudly, where there can be none."""
    if why := missing():
        pytest.skip(f"CONTAINERS ARE NOT TESTED: {why}")
    with ExitStack() as until_the_end:
        try:
            running = until_the_end.enter_context(engine(room))
        except CannotRun as wrong:
            pytest.skip(f"CONTAINERS ARE NOT TESTED: Podman runs none here: {wrong}")
        yield running


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """One engine for all tests of a worker."""
    with engine_or_skip() as running:
        yield running
