"""Where a repository is: which addresses may be asked, and how they are shown to people."""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from environments.core.addresses import as_ip, leads_to_this_machine
from environments.core.ports import GitHostRefused, GitHostUnreachable

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to the IP addresses they lead to; ``GitHostUnreachable`` where there is none."""

_LONGEST = 500
_SHOWN = 160
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/]*)(?P<path>.*)", re.I)
_SCP = re.compile(r"(?:(?P<user>[^@:/]*)@)?(?P<host>\[[^\]]*\]|[^@:/]+):(?P<path>.*)")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?", re.I)
_USER = re.compile(r"[a-z0-9_][a-z0-9._-]*", re.I)


@dataclass(frozen=True, slots=True)
class Address:
    """An address that may be asked: ``host`` and ``port`` are empty for a local path."""

    url: str
    scheme: str
    host: str = ""
    port: int = 0

    @property
    def is_local_path(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.scheme == "file"

    @property
    def is_number(self) -> bool:
        """Whether the host is an IP address, which no resolver can lead elsewhere."""
        return as_ip(self.host) is not None

    @property
    def key_name(self) -> str:
        """By what SSH knows the key of the host."""
        usual = self.port == _DEFAULT_PORTS["ssh"]
        return self.host if usual else f"[{self.host}]:{self.port}"


def check_url(url: str, *, local_allowed: bool) -> str | None:
    """What is wrong with the URL or path of a repository, as a sentence; None where nothing is.

    Nothing is asked for this: a name that only resolves to this machine is found later.
    The sentence never repeats a user name, password or query of the URL.
    """
    try:
        read_address(url, local_allowed=local_allowed)
    except GitHostRefused as refused:
        return str(refused)
    return None


def read_address(url: str, *, local_allowed: bool) -> Address:
    """The address in ``url``; raises ``GitHostRefused`` with what is wrong.

    ``local_allowed``: whether repositories of this machine may be read, by path or by
    a server that listens on it.
    """
    _refuse_odd_text(url)
    if url.startswith("/"):
        address = Address(url, "file")
    elif "::" in url.split("/", 1)[0].split("[", 1)[0]:
        raise _refused(url, "uses a transport helper, which could run any program")
    elif "://" in url:
        address = _of_url(url)
    elif found := _SCP.fullmatch(url):
        address = _of_scp(url, found)
    else:
        raise _refused(
            url,
            "is neither a URL nor an absolute path",
            "Write https://host/path, git@host:path or /path",
        )
    if not local_allowed:
        _refuse_local(url, address)
    return address


def resolved(address: Address, resolve: Resolve) -> tuple[str, ...]:
    """The IP addresses that the host has now, none of them this machine or its link.

    Raises ``GitHostRefused`` when any of them is, ``GitHostUnreachable`` when there is none.
    """
    found = tuple(resolve(address.host, address.port))
    if not found:
        raise GitHostUnreachable(f"The name {address.host} leads to no address.")
    if any(leads_to_this_machine(text) for text in found):
        raise _refused(address.url, *_THIS_MACHINE)
    return found


def with_host(address: Address, ip: str) -> str:
    """The URL with an IP address in the place of its host name."""
    path = address.url.split("/", 3)[3]
    host = f"[{ip}]" if ":" in ip else ip
    return f"{address.scheme}://{host}:{address.port}/{path}"


def ask_resolver(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, by the system's resolver."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise GitHostUnreachable(
            f"The name {host} cannot be resolved. Check its spelling and this machine's network."
        ) from error
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def shown(url: str) -> str:
    """The URL for a person: without what stands before ``@`` or after ``?``, and not too long."""
    text = re.sub(r"(?<=://).*@|^[^@/]*:(?!//).*@", "", url)
    text = re.sub(r"[?#].*", "", text)
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_THIS_MACHINE = (
    "leads to the machine that this product runs on, or to its own link",
    "Use an address that other machines can reach too, or allow local repositories with "
    "RELEASECLONE_LOCAL_REPOSITORIES=1",
)


def _refused(url: str, reason: str, next_step: str = "") -> GitHostRefused:
    sentence = f"The repository address {shown(url)!r} {reason}."
    return GitHostRefused(f"{sentence} {next_step}." if next_step else sentence)


def _refuse_odd_text(url: str) -> None:
    if not url:
        raise GitHostRefused("The repository address is empty. Write a URL or an absolute path.")
    if len(url) > _LONGEST:
        raise _refused(url, f"is longer than {_LONGEST} characters")
    if not url.isprintable():
        raise _refused(url, "has characters that cannot be printed", "Remove them")
    if url.startswith("-"):
        raise _refused(url, "begins with a hyphen, as an option would")


def _of_url(url: str) -> Address:
    found = _URL.fullmatch(url)
    scheme = found["scheme"].lower() if found else ""
    if found and scheme == "file":
        if found["authority"] not in ("", "localhost") or found["path"] in ("", "/"):
            raise _refused(url, "names no folder of this machine", "Write file:///path")
        return Address(url, scheme)
    if not found or scheme not in _DEFAULT_PORTS:
        raise _refused(
            url, "has a scheme that is not supported", "Use https, http, ssh or git, or git@host:…"
        )
    _refuse_secrets(url, scheme, found["authority"])
    host, port = _host_and_port(url, scheme, found["authority"].rpartition("@")[2])
    if found["path"].strip("/") == "" or " " in url:
        raise _refused(url, "has no path, or a space in it", "Write https://host/owner/name")
    return Address(url, scheme, host, port)


def _refuse_secrets(url: str, scheme: str, authority: str) -> None:
    user, at_sign, _ = authority.rpartition("@")
    if at_sign and not (scheme == "ssh" and _USER.fullmatch(user)):
        raise _refused(
            url,
            "has a user name or password before the host, which everyone who sees it could read",
            "Leave it out; for a private repository use git@host:path with an SSH key of the "
            "user who runs this product",
        )
    if "?" in url or "#" in url:
        raise _refused(url, "has a question mark or # in it", "Leave out what follows")


def _host_and_port(url: str, scheme: str, authority: str) -> tuple[str, int]:
    bracketed = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d{1,5}))?", authority, re.I)
    plain = re.fullmatch(r"([^:\[\]]+)(?::(\d{1,5}))?", authority)
    found = bracketed or plain
    host = found[1] if found else ""
    port = int(found[2]) if found and found[2] else _DEFAULT_PORTS[scheme]
    is_host = as_ip(host) is not None if bracketed else _HOST.fullmatch(host) is not None
    if not is_host or not 0 < port < 65536:
        raise _refused(url, "has no valid host name or port", "Write https://host/path")
    return host, port


def _of_scp(url: str, found: re.Match[str]) -> Address:
    host = found["host"].strip("[]")
    user = found["user"]
    bad_user = user is not None and not _USER.fullmatch(user)
    if bad_user or not (_HOST.fullmatch(host) or as_ip(host)):
        raise _refused(url, "has no valid user or host name", "Write git@host:path")
    path = found["path"]
    if not path.strip("/") or path.startswith("-") or " " in path or (not user and "@" in path):
        raise _refused(url, "has no valid path after the host", "Write git@host:owner/name")
    return Address(url, "ssh", host, _DEFAULT_PORTS["ssh"])


def _refuse_local(url: str, address: Address) -> None:
    if address.is_local_path:
        raise _refused(
            url,
            "is a folder of this machine",
            "Use the URL of a git host, or allow local repositories with "
            "RELEASECLONE_LOCAL_REPOSITORIES=1",
        )
    if leads_to_this_machine(address.host):
        raise _refused(url, *_THIS_MACHINE)
