"""What the product is installed with: each pin is imported, or says why it is there."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==")


def label(name: str) -> str:
    """The name of a package as the packagers compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_without_reason(text: str) -> set[str]:
    """The packages of a list that no comment stands above."""
    lines = text.splitlines()
    bare = [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if not above.startswith("#") or line.startswith("#")
    ]
    return {label(pin[1]) for line in bare if (pin := _PIN.match(line))}


def test_every_pin_is_used_or_says_why_it_is_there() -> None:
    folders = [ROOT / "environments", ROOT / "releaseclone"]
    text = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    modules = set(re.findall(r"^(?:from|import) ([A-Za-z0-9_]+)", text, re.MULTILINE))
    modules |= set(re.findall(r"""["']([a-z0-9_]+)(?:[.][a-zA-Z.]+)?["']""", text))
    packages = packages_distributions()
    used = {label(name) for module in modules for name in packages.get(module, ())}
    assert pins_without_reason((ROOT / "requirements.txt").read_text()) - used == set()


def test_a_pin_without_a_comment_has_to_be_used() -> None:
    assert pins_without_reason("# why\na==1\nB_c[d]==2\n") == {"b-c"}
