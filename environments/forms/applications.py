"""The forms of applications."""

from typing import Any, Self

from django import forms

from environments.forms.accounts import MONO, text_field
from environments.models import PullRequestPolicy


def _text_file(label: str, rows: int) -> forms.CharField:
    """A YAML file, in the editor of this name."""
    attrs = {"rows": rows, "spellcheck": "false", "aria-label": label, "data-editor": label}
    widget = forms.Textarea({"class": "form-control code", **attrs})
    return forms.CharField(label=label, required=False, strip=False, widget=widget)


class Registration(forms.Form):
    """A repository, and what it is to be called."""

    source = text_field(
        "Repository",
        max_length=500,
        attrs={
            **MONO,
            "placeholder": "https://git.example.org/team/app.git",
            "list": "repositories",
        },
        help_text="What git clone takes. Its template is read once, at the head of the default "
        "branch; without one, its docker-compose.yml.",
    )
    name = text_field(
        "Name",
        required=False,
        max_length=200,
        help_text="Blank: the template's own name, else the repository's.",
    )
    template = _text_file("Application Template", rows=18)
    variables = _text_file("Default variables", rows=8)

    def clean_template(self) -> str | None:
        """The text, None where it is blank: then the repository's own is read."""
        return self._text("template")

    def clean_variables(self) -> str | None:
        """As the template."""
        return self._text("variables")

    def _text(self, field: str) -> str | None:
        text = plain(self.cleaned_data[field])
        return text if text.strip() else None

    def starting_from(self, template: str, variables: str) -> Self:
        """The same form with texts to start from; variables that were typed stay."""
        given = self.cleaned_data["variables"] or variables
        return type(self)({**self.cleaned_data, "template": template, "variables": given})


class SavedText(forms.Form):
    """The text of an editor and the version that it was opened on."""

    text = forms.CharField(required=False, strip=False)
    opened_on = forms.IntegerField(min_value=0)

    def clean_text(self) -> str:
        """The text with the line ends that it had before the browser sent it."""
        return plain(self.cleaned_data["text"])


class PullRequests(forms.Form):
    """Which pull requests get an environment."""

    get = forms.ChoiceField(
        label="These get an environment",
        choices=PullRequestPolicy.choices,
        widget=forms.Select({"class": "form-select"}),
    )
    label = text_field(
        "The label", max_length=50, required=False, help_text="Of those that get one by a label."
    )
    rebinds = forms.BooleanField(
        label="Imports follow late branches",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        help_text="A branch that comes or goes in an imported repository starts a Deploy Setup of "
        "the environments that it matters to. Otherwise it is offered on their pages.",
    )


class Deletion(forms.Form):
    """The name of what is to go, typed by hand."""

    name = text_field("Its name", attrs={**MONO, "autocomplete": "off"})

    def __init__(self, *args: Any, expected: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self._expected = expected

    def clean_name(self) -> str:
        """The name, if it is the right one."""
        name: str = self.cleaned_data["name"]
        if name != self._expected:
            raise forms.ValidationError(f"Type {self._expected} to delete it.")
        return name


def plain(text: str) -> str:
    """Line ends as files have them; browsers send forms with CRLF."""
    return text.replace("\r\n", "\n")
