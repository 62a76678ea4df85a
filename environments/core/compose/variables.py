"""The variables of a Compose service: ``env_file``, ``environment``, and ``.env`` beside them."""

import re
from collections.abc import Iterator, Mapping

from environments.core.compose.interpolating import substituted
from environments.core.compose.model import ComposeService, Files, assignments, each
from environments.core.compose.paths import inside
from environments.core.template.fields import Entry
from environments.core.template.rules import RESERVED_PREFIX

ENV_FILE = ".env"

_LINE = re.compile(r"\s*(?:export\s+)?([^\s=#:]+)\s*[=:]\s?(.*)")
_COMMENT = re.compile(r"\s+#.*")
_ESCAPE = re.compile(r"\\([nrt\"\\$])")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_NAME = re.compile(r"[^\s=]+")
_SECRET = re.compile(
    r"PASSW|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL", re.IGNORECASE
)
_NOT_SECRET = re.compile(r"_FILE$", re.IGNORECASE)


def shell_of(files: Files) -> dict[str, str]:
    """What ``.env`` gives to the file itself."""
    return dict(_file(files(ENV_FILE) or b"", {}))


def variables_of(service: ComposeService, files: Files, shell: Mapping[str, str]) -> dict[str, str]:
    """By name: ``environment`` above ``env_file``; a name alone takes its value from ``.env``."""
    found: dict[str, str | None] = {}
    paths = {one if isinstance(one, str) else one.text("path"): one for one in _env_files(service)}
    for path, one in paths.items():
        content = files(place) if (place := inside(path)) else None
        if content is not None:
            found |= _file(content, {**shell, **{k: v or "" for k, v in found.items()}})
        elif isinstance(one, str) or one.flag("required") is not False:
            service.warn("compose.env-file", "env_file", path=path)
    found |= assignments(service.entry, "environment")
    return dict(_usable(service, found, shell))


def _env_files(service: ComposeService) -> Iterator[Entry | str]:
    return (one for _, one in each(service.entry, "env_file"))


def _usable(
    service: ComposeService, found: Mapping[str, str | None], shell: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if not _NAME.fullmatch(name):
            why = "a name has no blanks and no ="
            service.warn("compose.variable", "environment", name=repr(name), why=why)
        elif name.startswith(RESERVED_PREFIX):
            why = "the product sets every RELEASE_ variable itself"
            service.warn("compose.variable", "environment", name=name, why=why)
        else:
            if value is None and name not in shell:
                service.warn("compose.no-value", "environment", name=name)
            yield name, shell.get(name, "") if value is None else value


def secret_names(services: tuple[ComposeService, ...]) -> list[str]:
    """The names that speak of a secret, among those with a value."""
    names = {name for one in services for name, value in one.variables.items() if value}
    return sorted(one for one in names if _SECRET.search(one) and not _NOT_SECRET.search(one))


def _file(content: bytes, shell: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines of a file of variables; what stands in none of its ways is passed over."""
    values = dict(shell)
    for line in content.decode("utf-8-sig", "replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None or line.lstrip().startswith("#"):
            continue
        values[found[1]] = _value(found[2].strip(), values)
        yield found[1], values[found[1]]


def _value(text: str, values: Mapping[str, str]) -> str:
    quote = text[:1]
    end = _closing(text) if quote in ("'", '"') else 0
    if end:
        inner = text[1:end]
        if quote == "'":
            return inner
        filled = substituted(inner.replace("\\$", "$$"), values)
        return _ESCAPE.sub(lambda each: _ESCAPED.get(each[1], each[1]), filled)
    plain = "" if text.startswith("#") else _COMMENT.sub("", text)
    return substituted(plain, values)


def _closing(text: str) -> int:
    """Where the quote that begins the text is closed; 0 where it is not."""
    at = 1
    while at < len(text):
        if text[at] == "\\" and text[0] == '"':
            at += 1
        elif text[at] == text[0]:
            return at
        at += 1
    return 0
