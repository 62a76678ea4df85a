"""Small pieces that every page uses: icons, status, times, commits."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_SHAPES = {
    "deployed": "circle-check",
    "removed": "circle-check",
    "ready": "circle-check",
    "failed": "circle-x",
    "aborted": "ban",
    "superseded": "ban",
    "skipped": "ban",
    "queued": "clock",
    "waiting": "clock",
    "new": "circle-dashed",
    "paused": "moon",
}
_TURNING = "loader-2"
RULES = {
    "chosen": "chosen by a person",
    "fixed": "fixed in the template",
    "same-name": "same name as this environment's branch",
    "tracking": "tracking branch of the application",
    "default": "default branch of the repository",
}


@register.simple_tag
@cache
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite; decoration, so hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.simple_tag
@cache
def status(value: str, word: str = "") -> SafeString:
    """A status: a word with a shape before its colour."""
    shape = _SHAPES.get(value, _TURNING)
    turning = "spin" if shape == _TURNING else ""
    return format_html(
        '<span class="status status-{}">{} {}</span>',
        value,
        icon(shape, turning),
        word or value.capitalize(),
    )


_LIKE = {"ready": "queued", "done": "deployed", "errored": "failed", "cancelled": "aborted"}


@register.simple_tag
@cache
def build_status(state: str) -> SafeString:
    """The state of a build, in the shape and colour of the status of a deployment like it."""
    return status(_LIKE.get(state, state), state.capitalize())


@register.simple_tag
@lru_cache(maxsize=4096)
def environment_address(account: str, env_id: str) -> str:
    """The page of an environment; for long lists, where making it anew for each row is felt."""
    return reverse("environment", args=[account, env_id])


@register.simple_tag
@lru_cache(maxsize=4096)
def ago(moment: datetime | None) -> SafeString | str:
    """A moment, told as how long ago by the browser; exact without it and on hover."""
    if moment is None:
        return ""
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', moment.isoformat(), exact, exact
    )


@register.simple_tag
def left(moment: datetime | None) -> SafeString | str:
    """How long it is until a moment, in the largest unit that fits; exact on hover."""
    if moment is None:
        return ""
    seconds = (moment - timezone.now()).total_seconds()
    units = (("d", 86400), ("h", 3600), ("min", 60))
    told = next((f"in {seconds // size:.0f} {name}" for name, size in units if seconds >= size), "")
    exact = moment.strftime("%Y-%m-%d %H:%M UTC")
    return format_html('<span title="{}">{}</span>', exact, told or "now")


@register.simple_tag
@lru_cache(maxsize=4096)
def ref(branch: str, commit: str | None = None) -> SafeString:
    """A branch and its commit; a long branch is cut on the page and whole on hover."""
    name = format_html('<span class="ref-name" title="{}">{}</span>', branch, branch or "–")
    if not commit:
        return format_html('<span class="mono ref">{}</span>', name)
    return format_html(
        '<span class="mono ref">{} <span class="muted">@</span> <span title="{}">{}</span></span>',
        name,
        commit,
        commit[:7],
    )


@register.simple_tag
def copy(text: str) -> SafeString:
    """A button that copies the text."""
    return format_html(
        '<button class="copy" type="button" data-copy="{}" aria-label="Copy">{}</button>',
        text,
        icon("copy"),
    )


@register.simple_tag(takes_context=True)
def renaming(context: template.Context, fix: Mapping[str, str]) -> str:
    """Where the renaming that a fix proposes is looked at and saved.

    A member that exists has a template of its own; what comes is made from its application's.
    """
    account = context["account"].name
    plan: Mapping[str, Any] = context["plan"] or {}
    existing = {
        member["application"]: member["env_id"]
        for member in plan.get("members", ())
        if not member["comes"]
    }
    there = (
        reverse("environment-settings", args=[account, existing[fix["application"]]])
        if fix["application"] in existing
        else reverse("application-settings", args=[account, fix["application"]])
    )
    return f"{there}?{urlencode({'rename': fix['service'], 'to': fix['to']})}"


@register.filter
def rule(value: str) -> str:
    """A branch rule in words."""
    return RULES.get(value, value)


@register.filter
def seconds(value: float | None) -> str:
    """A duration: "3.1 s", "2 min 4 s"."""
    if value is None:
        return ""
    if value < 60:
        return f"{value:.1f} s"
    if value < 3600:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{int(value // 3600)} h {int(value % 3600 // 60)} min"


@register.simple_tag
def lasted(begun: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or takes until now; "" where it has not begun."""
    return seconds((ended or now).timestamp() - begun.timestamp()) if begun else ""


@register.filter
def megabytes(value: int | None) -> str:
    """Bytes as MB."""
    return "–" if value is None else f"{value / 1_048_576:.0f} MB"


@register.filter
def percent(value: float | None) -> str:
    """CPU in percent of one core."""
    return "–" if value is None else f"{value:.0f} %"


@register.filter
def image(value: str) -> str:
    """An image, its digest cut to the twelve digits that people quote, its registry left out."""
    name, found, digest = value.rpartition("sha256:")
    return f"{name.rpartition('/')[2]}{digest[:12]}" if found else value


@register.simple_tag
def field_name(application: str, parameter: str) -> str:
    """The name of the field that holds a parameter of an application."""
    return f"parameter.{application}.{parameter}"


@register.simple_tag
def own_field_name(parameter: str) -> str:
    """The name of the field that holds a parameter of the page's own environment."""
    return f"parameter.{parameter}"


@register.filter
def of_level(problems: Iterable[Mapping[str, Any]], level: str) -> list[Mapping[str, Any]]:
    """Those of the problems that are errors, or warnings."""
    return [problem for problem in problems if problem["level"] == level]


@register.filter
def get(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """One value of a mapping, None where there is no mapping either."""
    return mapping.get(key) if mapping else None
