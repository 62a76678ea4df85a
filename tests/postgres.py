"""Runs a command against a throw-away PostgreSQL: ``python -m tests.postgres -- COMMAND …``.

The server listens on a unix socket in a temporary folder alone and is gone afterwards. Where
there is no PostgreSQL and none can be installed, the exact command is said and nothing runs.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import debian

_UNPRIVILEGED = ("postgres", "nobody")


def main(arguments: Sequence[str]) -> int:
    """The command's exit status; 0 with a sentence where there is no server to be had."""
    command = list(arguments[arguments.index("--") + 1 :])
    programs = find_programs() or _installed()
    if programs is None:
        print("PostgreSQL: not tested, since it is not installed.")
        return 0
    with server(programs) as url:
        print(f"PostgreSQL: {' '.join(command)}")
        return subprocess.run(
            command, env={**os.environ, "DATABASE_URL": url}, check=False
        ).returncode


def find_programs() -> Path | None:
    """The folder of initdb and postgres; the newest of several."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _installed() -> Path | None:
    """Install it, where this user may."""
    return find_programs() if debian.install("postgresql") else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """A running server; yields the URL of its database."""
    folder = Path(tempfile.mkdtemp(prefix="rc-pg-"))
    account = _account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    as_user = {"user": account.pw_uid, "group": account.pw_gid} if account else {}
    cluster = folder / "cluster"
    try:
        subprocess.run(
            [programs / "initdb", "-D", cluster, "-U", "test", "-A", "trust", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **as_user,  # type: ignore[call-overload]
        )
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        control = [programs / "pg_ctl", "-D", cluster, "-w", "-l", folder / "log"]
        subprocess.run(
            [*control, "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **as_user,
        )
        try:
            yield f"postgresql://test@/postgres?host={folder}"
        finally:
            subprocess.run(
                [*control, "-m", "immediate", "stop"],
                check=False,
                stdout=subprocess.DEVNULL,
                cwd=folder,
                **as_user,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("PostgreSQL does not run as root, and there is no other user.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
