"""The daemon: supervisord with a configuration of its own and an emptied environment.

``python -m environments.engines.process.daemon FOLDER`` runs it in the foreground.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from environments.engines.process import leftovers, linux
from environments.engines.process.places import Places, Program, write_private
from environments.engines.process.supervision import STOP_SECONDS

_LOG_BYTES = "5MB"
_LEFT_SECONDS = 5.0
_PROJECT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str]) -> None:
    """Become supervisord."""
    (folder,) = arguments
    places = Places(Path(folder).resolve())
    configuration = prepare(places)
    # Before anything is started: nothing may run twice, and what has lost its launcher must end.
    linux.end(leftovers.of_all(places), grace=_LEFT_SECONDS)
    linux.adopt_orphans()
    os.execve(  # noqa: S606 - the process becomes the daemon
        sys.executable,
        [sys.executable, "-m", leftovers.DAEMON, "-n", "-c", str(configuration)],
        {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
    )


def prepare(places: Places) -> Path:
    """Write the daemon's configuration; where it lies."""
    for folder in (places.folder, places.socket.parent, places.folder / "conf.d"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = places.folder / "supervisord.conf"
    folder_text = _quoted(str(places.folder))
    lines = [
        "[unix_http_server]",
        f"file={_quoted(str(places.socket))}",
        "chmod=0600",
        "[supervisord]",
        f"logfile={folder_text}/supervisord.log",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        "loglevel=warn",
        "silent=true",
        f"pidfile={folder_text}/supervisord.pid",
        f"childlogdir={folder_text}",
        "minfds=1024",
        "minprocs=200",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[include]",
        # Seen from this file: the daemon takes blanks in a path for the next path.
        "files = conf.d/*.conf",
        "",
    ]
    write_private(path, "\n".join(lines))
    return path


def section(places: Places, program: Program) -> str:
    """The daemon's lines for one instance. Nothing secret is in them."""
    log = places.log(program.namespace, program.name)
    command = " ".join(
        f'"{word}"'
        for word in (
            sys.executable,
            "-S",
            "-m",
            leftovers.LAUNCHER,
            str(places.folder),
            program.namespace,
            program.name,
        )
    )
    lines = [
        f"[program:{program.group}]",
        f"command={_quoted(command)}",
        f'environment=PYTHONPATH="{_quoted(str(_PROJECT))}",PYTHONDONTWRITEBYTECODE="1"',
        f"directory={_quoted(str(places.folder))}",
        f"autostart={'false' if program.is_job else 'true'}",
        f"autorestart={'false' if program.is_job else 'true'}",
        f"startsecs={0 if program.is_job else 1}",
        "startretries=3",
        "stopsignal=TERM",
        f"stopwaitsecs={STOP_SECONDS}",
        "redirect_stderr=true",
        f"stdout_logfile={_quoted(_quoted(str(log)))}",
        f"stdout_logfile_maxbytes={_LOG_BYTES}",
        "stdout_logfile_backups=1",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """The daemon expands ``%``: a real one is written twice."""
    return text.replace("%", "%%")


if __name__ == "__main__":
    main(sys.argv[1:])
