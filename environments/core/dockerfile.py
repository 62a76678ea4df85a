"""What a Dockerfile says: its instructions with their lines, and the images it begins from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_ANY_DIRECTIVE = re.compile(r"#\s*[A-Za-z]+\s*=")
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+[Aa][Ss]\s+(\S+))?")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_TAKES_HEREDOCS = ("RUN", "COPY", "ADD")
SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: ``line`` is where it begins, from 1; ``text`` what follows its name, its
    continued lines joined by spaces."""

    line: int
    name: str
    text: str

    @property
    def shown(self) -> str:
        """As an engine's log writes it."""
        return f"{self.name} {self.text}".strip()


def instructions(text: str) -> tuple[Instruction, ...]:
    """All of them, in order; a text that is no Dockerfile gives what can be read of it."""
    return tuple(_instructions(text.removeprefix("\ufeff").splitlines()))


def _instructions(lines: list[str]) -> Iterator[Instruction]:
    escape = _escape(lines)
    number = 0
    while number < len(lines):
        begin = number
        words: list[str] = []
        while number < len(lines):
            line = lines[number].strip()
            number += 1
            if line.startswith("#") or (words and not line):
                continue
            goes_on = line.endswith(escape)
            words.append(line.removesuffix(escape).strip() if goes_on else line)
            if not goes_on:
                break
        name, _, rest = " ".join(filter(None, words)).partition(" ")
        if not name:
            continue
        if name.upper() in _TAKES_HEREDOCS:
            for _, end in _HEREDOC.findall(rest):
                number = _after(lines, number, end)
        yield Instruction(_first(lines, begin) + 1, name.upper(), rest.strip())


def _escape(lines: list[str]) -> str:
    """The character that continues a line: directives stand before everything else."""
    for line in lines:
        if not _ANY_DIRECTIVE.match(line.strip()):
            break
        if found := _DIRECTIVE.match(line.strip()):
            return found[1]
    return "\\"


def _first(lines: list[str], begin: int) -> int:
    while begin < len(lines) - 1 and (not lines[begin].strip() or lines[begin].strip()[0] == "#"):
        begin += 1
    return begin


def _after(lines: list[str], number: int, end: str) -> int:
    while number < len(lines):
        number += 1
        if lines[number - 1].strip() == end:
            break
    return number


def bases(found: tuple[Instruction, ...], arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The images that stages begin from and that are not stages themselves, each once."""
    values: dict[str, str] = {}
    stages: set[str] = set()
    images: list[str] = []
    for one in found:
        if one.name == "ARG" and not stages and not images:
            name, _, default = one.text.partition("=")
            values[name] = arguments.get(name, default.strip("\"'"))
        elif one.name == "FROM" and (said := _FROM.match(one.text)):
            image = _filled(said[1], values)
            if image not in stages and image != SCRATCH:
                images.append(image)
            stages.add(said[2] or "")
        elif one.name == "COPY" and "--from=" in one.text:
            source = one.text.partition("--from=")[2].split()[0]
            if source not in stages and not source.isdigit():
                images.append(source)
    return tuple(dict.fromkeys(images))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[3], "") or found[2] or "", text)


def locate(found: tuple[Instruction, ...], step: str) -> Instruction | None:
    """The instruction that an engine's log names: it writes the text, spaces as it likes."""
    wanted = " ".join(step.split())
    for one in found:
        if " ".join(one.shown.split()) == wanted:
            return one
    begins = (one for one in found if wanted and " ".join(one.shown.split()).startswith(wanted))
    return next(begins, None)
