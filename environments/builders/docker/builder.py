"""Fulfils ``core.ports.Builder`` with the engine that runs the containers."""

import json
import re
import tempfile
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from docker.auth import encode_header
from docker.errors import APIError, ImageNotFound, NotFound

from environments.builders.docker import forgetting
from environments.builders.docker.connection import Connection, sentence
from environments.builders.docker.sending import Packed, packed
from environments.core.dockerfile import bases, instructions, locate
from environments.core.ports import (
    BuildContext,
    BuildError,
    BuildOrder,
    RegistryCredentials,
    StoredImage,
    Telling,
    Unwanted,
)

_STEP = re.compile(r"^(?:\[\d+/\d+\] )?S(?:TEP|tep) \d+/\d+ ?: (.*)$")
_PUSHED = re.compile(r"\bdigest: (sha256:[0-9a-f]{64})\b")
"""The last line of a push, the same of Docker Engine and Podman."""
_LAST_LINES = 5
"""In so many before an error, a full disk is looked for: the error may only tell a status."""
_PULLED = ("Pull complete", "Already exists", "Download complete")
_LABEL = "releaseclone/installation"
_DEFAULT_REGISTRY = "docker.io"
_ALSO_DEFAULT = ("index.docker.io", "registry-1.docker.io")


class DockerBuilder:
    """Builds from checkouts, fetches and pushes. ``installation`` marks what it made."""

    def __init__(self, socket: str, *, installation: str) -> None:
        self._connection = Connection(socket)
        self._installation = installation
        self._platform: str | None = None

    def look_into(self, order: BuildOrder) -> BuildContext:
        """What the image would be built from."""
        sent = _packed(order)
        arguments = {**order.arguments, **order.secret_arguments}
        return BuildContext(
            digest=sent.digest(),
            dockerfile=sent.text,
            bases=bases(instructions(sent.text), arguments),
            platform=self._machine_platform(),
        )

    def _machine_platform(self) -> str:
        # Asked once: Podman takes most of a second to say who it is.
        if self._platform is None:
            with self._connection.telling():
                about = self._connection.api.version()
            self._platform = f"{about.get('Os')}/{about.get('Arch')}"
        return self._platform

    def build(self, order: BuildOrder, *, tell: Telling, unwanted: Unwanted) -> StoredImage:
        """Build it; the log is told line by line."""
        sent = _packed(order)
        arguments = {**order.arguments, **order.secret_arguments}
        params = {
            "dockerfile": sent.dockerfile,
            "target": order.target,
            "buildargs": json.dumps(arguments),
            "labels": json.dumps({**order.labels, _LABEL: self._installation}),
            "rm": "1",
            "forcerm": "1",
        }
        if order.secret_arguments:  # steps are not kept, where their arguments could be read
            params |= {"nocache": "1", "layers": "0"}
        with sent.archive() as archive:
            pieces = self._connection.stream(
                "/build",
                unwanted=unwanted,
                params={name: value for name, value in params.items() if value},
                headers={"Content-Type": "application/tar"},
                sent=archive,
            )
            identifier = _built(pieces, sent, tell)
        if order.secret_arguments:
            identifier = self._forget(identifier, order.secret_arguments.values())
        self.tag(identifier, order.tags)
        found = self.find(identifier)
        if found is None:
            raise BuildError("The engine has built the image and does not have it. Build again.")
        return found

    def _forget(self, identifier: str, secrets: Collection[str]) -> str:
        """The same image with a history that does not tell them."""
        known = [secret for secret in secrets if secret]
        with self._connection.telling():
            api = self._connection.api
            told = (api.inspect_image(identifier), api.history(identifier))
            if not forgetting.mentions(list(told), known):
                return identifier
            with tempfile.TemporaryFile() as saved:
                for chunk in api.get_image(identifier):
                    saved.write(chunk)
                saved.seek(0)
                with forgetting.without(saved, known) as written:
                    said = list(api.load_image(written))
            changed = _loaded(said)
            if forgetting.mentions([api.inspect_image(changed), api.history(changed)], known):
                raise BuildError(
                    "A secret build argument would stay readable in the image. Use it in an "
                    "earlier stage, and copy only the result into the last one."
                )
            api.remove_image(identifier, force=True)
        return changed

    def tag(self, identifier: str, tags: Sequence[str]) -> None:
        """Let an image that is there be called by these names too."""
        with self._connection.telling():
            for tag in tags:
                repository, _, name = tag.rpartition(":")
                self._connection.api.tag(identifier, repository, name, force=True)

    def find(self, image: str) -> StoredImage | None:
        """The image of this name or identifier, if the engine has it."""
        with self._connection.telling():
            try:
                about = self._connection.api.inspect_image(image)
            except (ImageNotFound, NotFound):
                return None
            history = self._connection.api.history(about["Id"])
        identifier = str(about["Id"])
        return StoredImage(
            identifier=identifier if ":" in identifier else f"sha256:{identifier}",
            size=int(about.get("Size") or 0),
            history=tuple(str(layer.get("CreatedBy") or "") for layer in history),
            labels=(about.get("Config") or {}).get("Labels") or {},
        )

    def pull(
        self,
        image: str,
        *,
        credentials: Sequence[RegistryCredentials],
        tell: Telling,
        unwanted: Unwanted,
    ) -> StoredImage:
        """Fetch it; told are its layers as they come."""
        name, tag = _parts(image)
        pieces = self._connection.stream(
            "/images/create",
            unwanted=unwanted,
            params={"fromImage": name, "tag": tag},
            headers=_sign_in(name, credentials),
        )
        for piece in pieces:
            if wrong := _error_of(piece):
                raise BuildError(_why_not_fetched(image, wrong))
            if line := _progress(piece):
                tell([line])
        found = self.find(image)
        if found is None:
            raise BuildError(f"The image {image} was fetched and is not there. Deploy again.")
        return found

    def push(
        self,
        identifier: str,
        name: str,
        *,
        credentials: Sequence[RegistryCredentials],
        tell: Telling,
        unwanted: Unwanted,
    ) -> str:
        """Bring it to a registry; its name there by digest, under which it can be run here too."""
        repository, tag = _parts(name)
        self.tag(identifier, [f"{repository}:{tag}"])
        pieces = self._connection.stream(
            f"/images/{repository}/push",
            unwanted=unwanted,
            params={"tag": tag},
            headers=_sign_in(repository, credentials) or _nobody(),
        )
        digest = ""
        for piece in pieces:
            if wrong := _error_of(piece):
                raise BuildError(_why_not_pushed(repository, wrong))
            if found := _PUSHED.search(str(piece.get("status") or "")):
                digest = found[1]
            if line := _progress(piece):
                tell([line])
        if not digest:
            raise BuildError(f"The registry did not say the digest of {repository}:{tag}.")
        named = f"{repository}@{digest}"
        # Podman's own digest is another one: what it pushes is packed anew.
        if self.find(named) is None:
            self.pull(named, credentials=credentials, tell=tell, unwanted=unwanted)
        return named

    def remove(self, identifier: str) -> None:
        """Forget the image and its tags; it stays where something uses it."""
        with self._connection.telling():
            try:
                self._connection.api.remove_image(identifier, force=True)
            except (ImageNotFound, NotFound):
                return
            except APIError as wrong:
                if "in use" not in str(wrong.explanation) and "using" not in str(wrong.explanation):
                    raise


def _packed(order: BuildOrder) -> Packed:
    return packed(order.folder, context=order.context, dockerfile=order.dockerfile, text=order.text)


def _built(pieces: Iterator[dict[str, Any]], sent: Packed, tell: Telling) -> str:
    """Follow a build to its end; the identifier of the image."""
    identifier = step = ""
    last: deque[str] = deque(maxlen=_LAST_LINES)
    for piece in pieces:
        if wrong := _error_of(piece):
            raise _failed(sent, step, wrong, last)
        lines = str(piece.get("stream") or "").rstrip("\n")
        for line in filter(None, lines.split("\n")):
            last.append(line)
            if found := _STEP.match(line):
                step = found[1]
        if lines:
            tell(lines.split("\n"))
        identifier = (piece.get("aux") or {}).get("ID") or identifier
    if not identifier:
        raise BuildError("The engine ended the build without an image. Look at its log.")
    return identifier


def _failed(sent: Packed, step: str, wrong: str, last: Iterable[str]) -> BuildError:
    if any(_has_no_room(text) for text in (wrong, *last)):
        wrong = (
            "The disk of the container engine is full. Free some space there, and deploy again. "
            f"(The engine says: {wrong})"
        )
    found = locate(instructions(sent.text), step)
    if found is None:
        return BuildError(wrong)
    shown = found.shown if len(found.shown) <= 200 else f"{found.shown[:200]}…"
    return BuildError(wrong, line=found.line, instruction=shown)


def _error_of(piece: dict[str, Any]) -> str:
    detail = piece.get("errorDetail") or {}
    return sentence(str(detail.get("message") or piece.get("error") or ""))


def _progress(piece: dict[str, Any]) -> str:
    """A line for a person; the many that only count bytes are left out."""
    status, layer = str(piece.get("status") or piece.get("stream") or "").strip(), piece.get("id")
    if layer and status not in _PULLED and not status.startswith(("Pulling from", "Pushed")):
        return ""
    return f"{layer}: {status}" if layer else status


def _has_no_room(text: str) -> bool:
    return "no space left on device" in text.lower()


def _is_refused(text: str) -> bool:
    return any(word in text for word in ("unauthorized", "authentication required", "denied"))


def _why_not_pushed(repository: str, wrong: str) -> str:
    if _is_refused(wrong.lower()):
        why = "its registry refuses it"
        what = "Add a sign-in that may push to the context, or correct the one that is there."
    else:
        why, what = "its registry does not take it", "Look at the registry, and deploy again."
    return (
        f"The image could not be pushed to {repository}: {why}. {what} (The engine says: {wrong})"
    )


def _why_not_fetched(image: str, wrong: str) -> str:
    text = wrong.lower()
    if "toomanyrequests" in text or "rate limit" in text:
        why, what = "its registry allows no more for now", "Sign in to it, or wait."
    elif _is_refused(text):
        why = "its registry refuses it, or has no image of this name"
        what = "Correct the name, or add a sign-in for the registry to the context."
    elif "not found" in text or "manifest unknown" in text:
        why, what = "there is none of this name and tag", "Correct it in the template."
    elif _has_no_room(text):
        why, what = "the disk is full", "Free some space and deploy again."
    elif "no matching manifest" in text or "no image found in" in text:
        why, what = "there is none for this machine's platform", "Choose another image."
    else:
        why, what = "its registry does not answer", "Look at the network of the engine."
    return f"The image {image} could not be fetched: {why}. {what} (The engine says: {wrong})"


def _parts(image: str) -> tuple[str, str]:
    """Name and tag (or digest); no tag is ``latest``."""
    if "@" in image:
        name, _, digest = image.partition("@")
        return name, digest
    head, slash, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag or "latest"


def registry_of(name: str) -> str:
    """The registry that an image's name leads to."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return _DEFAULT_REGISTRY if first in _ALSO_DEFAULT else first
    return _DEFAULT_REGISTRY


def _sign_in(name: str, credentials: Sequence[RegistryCredentials]) -> dict[str, str]:
    wanted = registry_of(name)
    for one in credentials:
        if (
            one.registry in _ALSO_DEFAULT and wanted == _DEFAULT_REGISTRY
        ) or one.registry == wanted:
            form = {
                "username": one.username,
                "password": one.password,
                "serveraddress": one.registry,
            }
            return {"X-Registry-Auth": encode_header(form).decode()}
    return {}


def _nobody() -> dict[str, str]:
    """Docker Engine wants the header even where there is nothing to say."""
    return {"X-Registry-Auth": encode_header({}).decode()}


def _loaded(said: list[dict[str, Any]]) -> str:
    """The identifier of an image that was just loaded."""
    text = " ".join(str(piece.get("stream") or "") for piece in said)
    found = re.search(r"(?:sha256:)?([0-9a-f]{64})", text)
    if found is None:
        raise BuildError(f"The engine did not take the image back: {sentence(text)}")
    return f"sha256:{found[1]}"
