"""A registry for tests: Debian's, unpacked beside the virtual environment and never installed,
since the package would start one that everybody can reach."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

_PACKAGE = "docker-registry"
_FOLDER = Path(sys.prefix) / "debian"
USER, PASSWORD = "ana", "a long pass phrase"
_PASSWORDS = f"{USER}:$2b$12$8ux/ofEVBZ67KYoURpo80OTUzC8o6nfUCOOevMtdlPPl/hTpSasiS\n"
_CONFIGURATION = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/store}}}}
http:
  addr: "{address}"
"""
_SIGN_IN = "auth: {{htpasswd: {{realm: tests, path: {folder}/passwords}}}}\n"


def program() -> Path | None:
    """The program; None where it is not there and cannot be fetched."""
    if found := shutil.which(_PACKAGE):
        return Path(found)
    unpacked = _FOLDER / "usr/bin" / _PACKAGE
    if not unpacked.exists() and shutil.which("apt-get") and shutil.which("dpkg"):
        _FOLDER.mkdir(exist_ok=True)
        print(f"{_PACKAGE}: fetching (apt-get download {_PACKAGE})", flush=True)
        quiet = {"check": False, "cwd": _FOLDER, "capture_output": True}
        subprocess.run(["apt-get", "download", "-q", _PACKAGE], **quiet)  # type: ignore[call-overload]
        for package in _FOLDER.glob(f"{_PACKAGE}_*.deb"):
            subprocess.run(["dpkg", "-x", package, _FOLDER], **quiet)  # type: ignore[call-overload]
    return unpacked if unpacked.exists() else None


_TLS = "  tls: {{certificate: {folder}/certificate, key: {folder}/key}}\n"


@contextmanager
def serving(
    folder: Path, address: str, *, signs_in: bool, with_tls: bool = False
) -> Iterator[None]:
    """A registry at this address, ``127.0.0.1:5000``, that keeps what it has in the folder;
    with TLS, whom to trust is its ``certificate`` there."""
    found = program()
    assert found is not None
    (folder / "passwords").write_text(_PASSWORDS)
    text = _CONFIGURATION + (_TLS if with_tls else "") + (_SIGN_IN if signs_in else "")
    if with_tls:
        _certify(folder)
    (folder / "config.yml").write_text(text.format(folder=folder, address=address))
    process = subprocess.Popen(
        [found, "serve", folder / "config.yml"],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "registry.log").open("wb"),
    )
    try:
        _wait_for(address)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _certify(folder: Path) -> None:
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(["openssl", *asked, *names, *made], check=True, capture_output=True)


def _wait_for(address: str) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        try:
            urlopen(f"http://{address}/v2/", timeout=1).close()
        except HTTPError:
            return  # it wants a sign-in
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the registry does not answer")
