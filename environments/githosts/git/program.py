"""Runs the ``git`` program: without a shell, a prompt, a person's settings, or waiting for ever."""

import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from environments.core.ports import GitHostError, GitHostRefused, GitHostUnreachable

COMMIT = re.compile(r"[0-9a-f]{40}")
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes that git may print; a host that sends more is cut off."""

_PROTOCOLS = ("https", "http", "ssh", "git")
_SSH = (
    "ssh",
    "-oBatchMode=yes",
    "-oStrictHostKeyChecking=accept-new",
    "-oConnectTimeout=15",
    "-oServerAliveInterval=15",
    "-oClearAllForwardings=yes",
    "-oForwardAgent=no",
    "-oPermitLocalCommand=no",
)
_SETTINGS = {
    "core.askPass": "",
    "core.hooksPath": "/dev/null",
    "core.sshCommand": shlex.join(_SSH),
    "credential.helper": "",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "i18n.logOutputEncoding": "UTF-8",
    "log.showSignature": "false",
    "maintenance.auto": "false",
}
_ENDING_GRACE = 5.0


def ssh_to(key_name: str, ip: str) -> str:
    """The command for ``core.sshCommand`` that asks this IP address for the key of the host."""
    return shlex.join((*_SSH, f"-oHostName={ip}", f"-oHostKeyAlias={key_name}"))


class GitProgramError(Exception):
    """The program ended with another status than 0; ``said`` is the end of what it complained."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Call:
    """One call of git. ``arguments`` begin with the subcommand; ``seconds`` is its time limit."""

    arguments: Sequence[str]
    seconds: float
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    keeps_open: int | None = None
    """A locked file: stays locked while git lives, even if this process is killed."""


class GitProgram:
    """The program with an environment of its own.

    ``home``: an empty folder outside any repository. ``variables``: what git gets besides, such
    as ``https_proxy`` or ``SSH_AUTH_SOCK``. ``local_allowed``: whether it may read local paths.
    """

    def __init__(self, home: Path, *, local_allowed: bool, variables: Mapping[str, str]) -> None:
        self._home = home
        protocols = (*_PROTOCOLS, "file") if local_allowed else _PROTOCOLS
        self._environment = {
            **variables,
            "PATH": os.pathsep.join(os.get_exec_path()),
            "HOME": str(home),
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": ":".join(protocols),
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(home.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def run(self, call: Call) -> bytes:
        """What git printed. Raises ``GitProgramError``, or ``GitHostError`` without an answer."""
        settings = {**_SETTINGS, **call.settings}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with tempfile.TemporaryFile() as complaints:
            try:
                process = subprocess.Popen(
                    ["git", *options, *call.arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    cwd=self._home,
                    env={**self._environment, **call.variables},
                    start_new_session=True,
                    pass_fds=() if call.keeps_open is None else (call.keeps_open,),
                )
            except OSError as error:
                raise GitHostRefused(
                    "The git program cannot be started. Install git on the machine of the worker."
                ) from error
            printed = _read_all(process, call.seconds)
            if process.returncode != 0:
                raise GitProgramError(_end_of(complaints))
        return printed


def explained(failed: GitProgramError, what: str) -> GitHostError:
    """Why a repository gave no answer, for a person. ``what``: its address as it may be shown."""
    for pattern, kind, sentence in _REASONS:
        if found := re.search(pattern, failed.said, re.I):
            return kind(sentence.format(what=what, found=found[0]))
    fatal = [line for line in failed.said.splitlines() if line.startswith(("fatal:", "error:"))]
    last = fatal[-1] if fatal else "git gave no reason"
    return GitHostUnreachable(f"The repository {what} gave no answer: {_printable(last)}.")


def _read_all(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """All that the process prints; ends it, with its children, when it is late or talks too much.

    Raises ``GitHostUnreachable`` then.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        if process.stdout is None:
            raise GitHostUnreachable("The git program gave no output to read.")
        with process.stdout as output:
            printed = output.read(LARGEST_ANSWER + 1)
        if len(printed) > LARGEST_ANSWER:
            raise GitHostUnreachable(
                f"The repository's answer is longer than {LARGEST_ANSWER // 1024**2} MiB and was "
                "cut off. Look at the repository: is it the right one?"
            )
        process.wait()
    finally:
        timer.cancel()
        _kill(process)
        process.wait(_ENDING_GRACE)
    if late.is_set():
        raise GitHostUnreachable(
            f"The repository did not answer within {seconds:g} s. Try again, or look whether its "
            "host is well."
        )
    return printed


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and the helpers that it started: they are a process group of their own."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(complaints: IO[bytes]) -> str:
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - 4000))
    return complaints.read().decode("utf-8", "replace")


def _printable(line: str) -> str:
    text = re.sub(r"://\S*@", "://", line.partition(": ")[2] or line)
    return "".join(character for character in text if character.isprintable())[:200].rstrip(". ")


_Kind = type[GitHostRefused] | type[GitHostUnreachable]
_REASONS: tuple[tuple[str, _Kind, str], ...] = (
    (
        r"(returned error: 30\d|unable to update url base from redirection)",
        GitHostRefused,
        "The repository {what} answers with a redirect, which is not followed. Give the address "
        "that it leads to, often the same one ending in .git.",
    ),
    (
        r"(returned error: 401|could not read (username|password)|permission denied \(publickey"
        r"|authentication failed|terminal prompts disabled)",
        GitHostRefused,
        "The repository {what} wants a sign-in, or does not exist. Check the address; for a "
        "private one use git@host:path with an SSH key of the user who runs this product.",
    ),
    (
        r"host key verification failed",
        GitHostRefused,
        "The SSH key of the host of {what} is not the one known to this machine. Find out why, "
        "then correct known_hosts of the user who runs this product.",
    ),
    (
        r"returned error: (403|429)",
        GitHostUnreachable,
        "The host of {what} does not allow the request now ({found}). Check the access, or wait: "
        "it may limit how often it is asked.",
    ),
    (
        r"(repository .*not found|does not appear to be a git repository|returned error: 404"
        r"|not a git repository|repository not exported)",
        GitHostRefused,
        "There is no git repository at {what}, or it may not be read. Check the address.",
    ),
    (
        r"not valid: (is this a git repository|could not determine hash algorithm)",
        GitHostUnreachable,
        "The host of {what} answers, but not as a git host does. Check the address; a sign-in or "
        "maintenance page of the host may stand in between.",
    ),
    (
        r"dubious ownership",
        GitHostRefused,
        "The repository {what} belongs to another user of this machine, so git does not read it. "
        "Run this product as that user, or give it a copy.",
    ),
    (
        r"transport '.*' not allowed",
        GitHostRefused,
        "The repository {what} uses a protocol that is not allowed. Use https or ssh.",
    ),
    (
        r"(invalid path|unable to checkout|malformed|bad tree|fsck)",
        GitHostRefused,
        "The repository {what} has a commit that git refuses to write to disk ({found}). Correct "
        "the names of its files.",
    ),
    (
        r"no space left",
        GitHostUnreachable,
        "The disk of this machine is full: nothing of {what} could be kept. Free some space.",
    ),
)
