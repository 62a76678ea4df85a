"""Habits of templates: nothing inline, every icon and every address there."""

import re
from pathlib import Path

import pytest
from django.template import engines
from django.template.loader import get_template

from environments import urls

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
_SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE)
_STYLE = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
_EVENT = re.compile(r"""<[^<>]*\son[a-z]+\s*=|\shx-on\b|javascript:""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)
_COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}", re.DOTALL)
_ICON = re.compile(r"""{% icon "([a-z0-9-]+)\"""")
_URL = re.compile(r"""{% url ['"]([a-z-]+)['"]""")


def text_of(path: Path) -> str:
    return _COMMENT.sub("", path.read_text())


@pytest.mark.parametrize(
    "habit", [_SCRIPT, _STYLE, _EVENT, _ELSEWHERE], ids=lambda one: one.pattern
)
def test_nothing_is_inline_or_from_elsewhere(habit: re.Pattern[str]) -> None:
    assert [path.name for path in TEMPLATES if habit.search(text_of(path))] == []


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (_SCRIPT, "<script>alert(1)</script>"),
        (_STYLE, '<p style="color: red">'),
        (_STYLE, "<style>p {}</style>"),
        (_EVENT, '<a onclick="x()">'),
        (_EVENT, "<a onclick=x()>"),
        (_EVENT, '<a href="javascript:x()">'),
        (_ELSEWHERE, '<img src="//example.org/x.png">'),
    ],
)
def test_the_habits_see_what_they_look_for(habit: re.Pattern[str], text: str) -> None:
    assert habit.search(text)


def test_every_icon_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="([a-z0-9-]+)"', (ROOT / "static/icons.svg").read_text()))
    used = {name for path in TEMPLATES for name in _ICON.findall(text_of(path))}
    assert used
    assert used - sprite == set()


def test_every_address_has_a_view() -> None:
    known = {one.name for one in urls.urlpatterns}
    used = {name for path in TEMPLATES for name in _URL.findall(text_of(path))}
    assert used
    assert used - known == set()


def test_every_template_can_be_read() -> None:
    assert engines["django"]
    for path in TEMPLATES:
        get_template(str(path.relative_to(ROOT / "templates")))


def test_pieces_stand_in_components_alone() -> None:
    assert [path.name for path in TEMPLATES if path.name.startswith("_")] == []


def test_nothing_asks_how_wide_its_container_is() -> None:
    """Seen in one of a hundred loads under load: Chromium left such a list without any layout."""
    for sheet in (ROOT / "static").glob("*.css"):
        assert not re.search(r"@container|container-type", sheet.read_text()), sheet.name
