"""Pages of the admin site that change things through the acts of the product, never a row itself.

A page has sections, each a form that is sent by itself. What is refused stands above its form,
which keeps what was typed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from environments.actions.asking import Conflict, Refused
from environments.admin.gate import DeletedByAct, SuperusersOnly
from environments.core.problems import Problem

ADDING = "add"
_CODE = {"class": "vLargeTextField code", "spellcheck": "false", "autocapitalize": "off"}


def text_area(rows: int) -> forms.Textarea:
    """A field for YAML."""
    return forms.Textarea({**_CODE, "rows": rows})


@dataclass(frozen=True, slots=True)
class Section:
    """One form of a page. ``problems``: why what was sent was refused."""

    name: str
    title: str
    form: forms.Form
    note: str = ""
    button: str = "Save"
    problems: Sequence[str] = ()
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done: the row that shows it, and the sentence for the person."""

    subject: Any
    sentence: str


class ActAdmin(SuperusersOnly, DeletedByAct, admin.ModelAdmin[Any]):
    """Lists a model as Django does, and changes it through acts."""

    editor: ClassVar[str] = "admin/editor.html"

    def sections_of(self, subject: Any, sent: Mapping[str, QueryDict]) -> list[Section]:
        """The forms of a row; ``sent``: what was sent, by section. None: the new one."""
        return []

    def facts_of(self, subject: Any) -> Sequence[tuple[str, str]]:
        """What the page says of the row and does not change."""
        return ()

    def keep(self, request: HttpRequest, subject: Any, section: Section) -> Kept:
        """Do what the valid form of a section asks; raises ``Refused``."""
        raise Refused

    def answered(self, section: Section, refused: Refused) -> Section:
        """The section with why it was refused."""
        conflict = refused if isinstance(refused, Conflict) else None
        problems = [told(problem) for problem in refused.problems]
        return replace(section, problems=problems, conflict=conflict)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page that makes a new one."""
        if not self.has_add_permission(request):
            return self._back(request)
        return self._edit(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one row."""
        subject = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, subject) or subject is None:
            return self._back(request)
        return self._edit(request, subject)

    def _back(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, "There is nothing here that you may change.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:index"))

    def _edit(self, request: HttpRequest, subject: Any) -> HttpResponse:
        if request.method != "POST":
            return self._show(request, subject, self.sections_of(subject, {}), 200)
        name = request.POST.get("section", ADDING)
        sections = self.sections_of(subject, {name: request.POST})
        asked = next((one for one in sections if one.name == name), None)
        if asked is None or not asked.form.is_valid():
            return self._show(request, subject, sections, 422)
        try:
            kept = self.keep(request, subject, asked)
        except Refused as refused:
            said = self.answered(asked, refused)
            shown = [said if one is asked else one for one in sections]
            return self._show(request, subject, shown, 409 if said.conflict else 422)
        return self._done(request, subject, kept)

    def _done(self, request: HttpRequest, subject: Any, kept: Kept) -> HttpResponse:
        log = self.log_addition if subject is None else self.log_change
        log(request, kept.subject, kept.sentence)
        self.message_user(request, kept.sentence, messages.SUCCESS)
        there = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(there, args=[kept.subject.pk]))

    def _show(
        self, request: HttpRequest, subject: Any, sections: Sequence[Section], status: int
    ) -> HttpResponse:
        name = self.opts.verbose_name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": subject,
            "title": f"Add {name}" if subject is None else f"Change {name}",
            "subtitle": "" if subject is None else str(subject),
            "facts": self.facts_of(subject) if subject is not None else (),
            "sections": sections,
            "deletable": subject is not None and self.has_delete_permission(request, subject),
            "media": self.media,
        }
        return TemplateResponse(request, self.editor, context, status=status)


def told(problem: Problem) -> str:
    line = f"line {problem.place.line}: " if problem.place else ""
    return f"{line}{problem.message}"
