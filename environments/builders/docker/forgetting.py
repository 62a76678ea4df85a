"""Takes secrets out of an image's history: engines write build arguments there."""

import hashlib
import io
import json
import tarfile
from collections.abc import Collection, Mapping
from typing import IO, Any

HIDDEN = "***"


def without(image: IO[bytes], secrets: Collection[str]) -> IO[bytes]:
    """The saved image with every mention of the secrets in what describes it replaced.

    ``image`` is a tar as engines save it; what the files of its layers hold stays untouched. The
    result has another identifier, since that is the digest of its description.
    """
    written = io.BytesIO()
    with tarfile.open(fileobj=image) as source, tarfile.open(fileobj=written, mode="w") as target:
        (entry,) = _json(source, "manifest.json")
        told = json.dumps(_hidden(_json(source, entry["Config"]), secrets)).encode()
        name = f"{hashlib.sha256(told).hexdigest()}.json"
        for member in source.getmembers():
            if member.name in entry["Layers"] and member.isfile():
                target.addfile(member, source.extractfile(member))
            elif member.name in entry["Layers"]:
                target.addfile(member)
        _add(target, name, told)
        manifest = [{**entry, "Config": name, "RepoTags": []}]
        _add(target, "manifest.json", json.dumps(manifest).encode())
    written.seek(0)
    return written


def mentions(described: Any, secrets: Collection[str]) -> bool:
    """Whether any text of it holds one of the secrets."""
    if isinstance(described, str):
        return any(secret in described for secret in secrets)
    if isinstance(described, Mapping):
        return any(mentions(one, secrets) for pair in described.items() for one in pair)
    if isinstance(described, list | tuple):
        return any(mentions(one, secrets) for one in described)
    return False


def _hidden(described: Any, secrets: Collection[str]) -> Any:
    if isinstance(described, str):
        for secret in sorted(secrets, key=len, reverse=True):
            described = described.replace(secret, HIDDEN)
        return described
    if isinstance(described, Mapping):
        return {_hidden(name, secrets): _hidden(one, secrets) for name, one in described.items()}
    if isinstance(described, list):
        return [_hidden(one, secrets) for one in described]
    return described


def _json(source: tarfile.TarFile, name: str) -> Any:
    file = source.extractfile(name)
    assert file is not None
    return json.load(file)


def _add(target: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    target.addfile(member, io.BytesIO(content))
