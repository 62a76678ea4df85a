"""What is written about an environment into a pull request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ESCAPED = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@&:/$^='\"])")
_LONGEST = 300
MARK = "<!-- releaseclone -->"


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import, as it was chosen."""

    application: str
    branch: str
    commit: str
    rule: str


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What there is to say. ``failure``: the first cause, where it failed."""

    name: str
    application: str
    page: str
    status: str
    branch: str
    commit: str
    links: Sequence[str] = ()
    imports: Sequence[ImportLine] = ()
    shared_with: Sequence[str] = ()
    failure: str = ""


def comment(state: EnvironmentState) -> str:
    """Markdown. Every name is only a name there: no mark-up, no mention, no link of its own."""
    lines = [
        MARK,
        f"**Environment [{plain(state.name)}]({state.page})** of {plain(state.application)}: "
        f"**{plain(state.status)}**",
        "",
    ]
    lines += [f"- {_address(link)}" for link in state.links]
    lines += ["", f"{plain(state.branch)} @ {_code(state.commit[:7])}"] if state.commit else []
    if state.imports:
        lines += ["", "| imports | branch | commit | why |", "|---|---|---|---|"]
        lines += [
            f"| {plain(one.application)} | {plain(one.branch)} | {_code(one.commit[:7])} "
            f"| {plain(one.rule)} |"
            for one in state.imports
        ]
    if state.shared_with:
        lines += ["", f"Shared with {', '.join(map(plain, state.shared_with))}."]
    if state.failure:
        lines += ["", f"> {plain(state.failure)}"]
    return "\n".join(lines) + "\n"


def none(why: str, page: str) -> str:
    """The comment where there should be an environment and is none; ``why`` is a sentence."""
    return f"{MARK}\n**No environment**: {plain(why)} [See there]({page})\n"


def gone(name: str, why: str) -> str:
    """The comment once the environment is removed."""
    return f"{MARK}\n**Environment {plain(name)}**: removed ({plain(why)})\n"


def plain(text: str) -> str:
    """Text that Markdown, HTML and the host's mentions and references read as text alone."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    # A zero-width space after what begins a mention or a reference: the host reads escapes there.
    apart = re.sub(r"([@#])", "\\1\u200b", cut)
    apart = re.sub(r"(?i)\b(https?|ftp)(?=:)|\b(www)(?=\.)|\b(GH)(?=-)", "\\g<0>\u200b", apart)
    return _ESCAPED.sub(r"\\\1", apart)


def _code(text: str) -> str:
    return f"`{re.sub('[^0-9a-zA-Z]', '', text)}`"


def _address(link: str) -> str:
    """A link of ours, as it is; what could end it is left out."""
    return "".join(one for one in link if one.isprintable() and one not in "<>()[]` \"'\\")
