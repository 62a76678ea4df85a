"""The form of a context."""

from typing import Any

from django import forms
from django.conf import settings

from environments.actions.contexts import ContextDraft
from environments.forms.accounts import text_field
from environments.models import Context


class ContextForm(forms.Form):
    """Domains stand one a line, the one that is used first."""

    name = text_field("Name", max_length=63, help_text="A template chooses it with context: NAME.")
    engine = forms.ChoiceField(widget=forms.Select({"class": "form-select"}))
    domains = forms.CharField(
        widget=forms.Textarea({"class": "form-control mono", "rows": 3, "spellcheck": "false"}),
        help_text="One a line. New environments get the first; a wildcard record of each leads "
        "to where the context runs.",
    )
    is_default = forms.BooleanField(
        label="The default",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        help_text="For templates that name no context.",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["engine"].choices = [(name, name) for name in settings.ENGINES]  # type: ignore[attr-defined]

    def draft(self) -> ContextDraft:
        """What was asked for."""
        asked = self.cleaned_data
        lines = (line.strip().lower() for line in asked["domains"].splitlines())
        return ContextDraft(
            name=asked["name"],
            engine=asked["engine"],
            domains=tuple(line for line in lines if line),
            is_default=asked["is_default"],
        )


def fields_of(context: Context) -> dict[str, Any]:
    """What the form shows of a context."""
    return {
        "name": context.name,
        "engine": context.engine,
        "domains": "\n".join(context.domains),
        "is_default": context.is_default,
    }
