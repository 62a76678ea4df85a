"""Debian packages that tests need and pip has not: installed where this user may, and said."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests import registry

BROWSER = ("chromium", "libatomic1")
"""What the browser tests need: the browser, and a library of the program that leads it."""


CONTAINERS = (
    *("podman", "runc", "netavark", "aardvark-dns", "iptables", "buildah", "catatonit"),
    "busybox-static",
)
"""What tests of the engine docker need: Podman, and a file system for their containers."""


def missing(*packages: str) -> list[str]:
    """Those of the packages that are not there."""
    return [name for name in packages if not _IS_THERE[name]()]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _on_path(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is not None


def _in_podman(program: str) -> Callable[[], bool]:
    places = (Path("/usr/lib/podman"), Path("/usr/libexec/podman"))
    return lambda: any((place / program).exists() for place in places)


_IS_THERE: Mapping[str, Callable[[], bool]] = {
    "chromium": _on_path("chromium"),
    "podman": _on_path("podman"),
    "runc": _on_path("runc"),
    "iptables": _on_path("iptables"),
    "buildah": _on_path("buildah"),
    "catatonit": _on_path("catatonit"),
    "netavark": _in_podman("netavark"),
    "aardvark-dns": _in_podman("aardvark-dns"),
    "busybox-static": lambda: Path("/bin/busybox").exists(),
    "libatomic1": lambda: _loads("libatomic.so.1"),
}


def install(*packages: str) -> bool:
    """Whether the packages were installed; where this user may not, the command is said."""
    names = " ".join(packages)
    prefix = _prefix()
    if prefix is None or shutil.which("apt-get") is None:
        print(f"{names}: not installed. As root: apt-get install -y {names}", flush=True)
        return False
    print(f"{names}: installing (apt-get install -y {names})", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], env=environment, **quiet)  # type: ignore[call-overload]
    done = subprocess.run(
        [*prefix, "apt-get", "install", "-y", "-qq", *packages],
        env=environment,
        **quiet,  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        print(f"{names}: apt-get failed. As root: apt-get install -y {names}", flush=True)
    return bool(done.returncode == 0)


def _prefix() -> tuple[str, ...] | None:
    """How to become root: nothing, sudo, or None where neither goes."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True)
    return ("sudo", "-n") if asked.returncode == 0 else None


def main() -> None:
    """Install what the browser tests need and is not there, and, for root, what containers do."""
    # One after the other: what a distribution has not of the one does not cost the other.
    for wanted in (BROWSER, CONTAINERS) if os.geteuid() == 0 else (BROWSER,):
        if packages := missing(*wanted):
            install(*packages)
    # Now, so that two workers do not fetch it at once.
    if os.geteuid() == 0 and registry.program() is None:
        print("docker-registry: cannot be fetched. Tests of registries are skipped.", flush=True)


if __name__ == "__main__":
    main()
