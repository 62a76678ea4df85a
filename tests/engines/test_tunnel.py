"""A plain end of a connection that is encrypted: what goes in at one end comes out of the other."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from environments.engines.kubernetes import tunnel

Serve = Callable[[ssl.SSLSocket], None]
MUCH = bytes(range(256)) * 4096


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls") / "both.pem"
    form = serialization.PrivateFormat.PKCS8
    sealed = serialization.NoEncryption()
    place.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, form, sealed)
    )
    return place


class Server:
    """Somebody at the far end, who does with each guest what a test says."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate)
        self._door = create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.trusted = ssl.create_default_context(cafile=str(certificate))

    def serve(self, does: Serve) -> None:
        def one() -> None:
            guest, _ = self._door.accept()
            with suppress(OSError), self._context.wrap_socket(guest, server_side=True) as secure:
                does(secure)

        threading.Thread(target=one, daemon=True).start()

    def enter(self, host: str = "127.0.0.1") -> socket:
        near = tunnel.opened(host, self.port, self.trusted, seconds=10)
        near.settimeout(30)
        return near

    def close(self) -> None:
        self._door.close()


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    server = Server(certificate)
    yield server
    server.close()


def rest(near: socket) -> bytes:
    return b"".join(iter(lambda: near.recv(65536), b""))


def test_much_goes_both_ways_at_once(server: Server) -> None:
    def echo(secure: ssl.SSLSocket) -> None:
        left = len(MUCH)
        while left:
            piece = secure.recv(65536)
            secure.sendall(piece)
            left -= len(piece)

    server.serve(echo)
    with server.enter() as near:
        typing = threading.Thread(target=near.sendall, args=(MUCH,))
        typing.start()
        assert rest(near) == MUCH
        typing.join(30)
        assert not typing.is_alive()


def test_the_last_word_is_heard_and_may_be_answered(server: Server) -> None:
    server.serve(lambda secure: secure.sendall(b"good bye"))
    with server.enter() as near:
        assert rest(near) == b"good bye"
        near.sendall(b"good bye to you")


def test_whoever_leaves_is_seen_to_leave(server: Server) -> None:
    heard: list[bytes] = []
    over = threading.Event()

    def listen(secure: ssl.SSLSocket) -> None:
        with suppress(OSError):
            heard.extend(iter(lambda: secure.recv(65536), b""))
        over.set()

    server.serve(listen)
    with server.enter() as near:
        near.sendall(b"only this")
    assert over.wait(30)
    assert b"".join(heard) == b"only this"


def test_who_answers_as_somebody_else_is_not_spoken_to(server: Server) -> None:
    server.serve(lambda secure: None)
    with pytest.raises(ssl.SSLCertVerificationError):
        server.enter("localhost")
    server.close()
    with pytest.raises(OSError, match="refused"):
        server.enter()
