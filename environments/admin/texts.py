"""The forms of texts that are kept in versions."""

from typing import Any

from django import forms

from environments.admin.editing import Section, text_area
from environments.core.variables.file import without_secret_values
from environments.forms.applications import SavedText
from environments.models import ApplicationVersion, EnvironmentVersion
from environments.services import members

TEMPLATE, VARIABLES = "template", "variables"
SECRETS = "A secret is shown without its value; saved so, it keeps the one that it has."


class TextForm(SavedText):
    """The same as on the pages, with the fields to show here."""

    text = forms.CharField(label="", required=False, strip=False, widget=text_area(24))
    opened_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def text_section(name: str, title: str, text: str, opened_on: int, sent: Any) -> Section:
    """The section of one text."""
    form = TextForm(sent.get(name), initial={"text": text, "opened_on": opened_on})
    form.auto_id = f"id_{name}_%s"
    form.fields["text"].widget.attrs["rows"] = min(max(text.count("\n") + 3, 8), 40)
    return Section(name, title, form, note=SECRETS if name == VARIABLES else "")


def shown_variables(version: ApplicationVersion | EnvironmentVersion) -> str:
    """The variables of a version, without the values of secrets."""
    return without_secret_values(members.unsealed(version))
