"""Debian packages that tests need and pip has not: installed where this user may, and said."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

PROGRAMS = {"chromium": "chromium"}
"""Program by package, for ``python -m tests.debian PACKAGE …``."""


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


def main(packages: Sequence[str]) -> None:
    """Install those whose program is not there."""
    missing = [name for name in packages if shutil.which(PROGRAMS[name]) is None]
    if missing:
        install(*missing)


if __name__ == "__main__":
    main(sys.argv[1:])
