"""The forms of applications."""

from typing import Any

from django import forms

from environments.forms.accounts import text_field

_CODE = {"class": "form-control mono", "spellcheck": "false", "autocapitalize": "off"}


class Registration(forms.Form):
    """A repository, and what it is to be called."""

    source = text_field(
        "Repository",
        max_length=500,
        attrs={**_CODE, "placeholder": "https://git.example.org/team/app.git"},
        help_text="What git clone takes. The template at the head of its default branch is read "
        "once.",
    )
    name = text_field(
        "Name",
        required=False,
        max_length=200,
        help_text="Blank: the template's own name, else the repository's.",
    )
    template = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(
            {
                "class": "form-control code",
                "rows": 18,
                "spellcheck": "false",
                "aria-label": "Application Template",
                "data-editor": "Application Template",
            }
        ),
    )

    def clean_template(self) -> str | None:
        """The text, None where it is blank: then the repository's own is read."""
        text = plain(self.cleaned_data["template"])
        return text if text.strip() else None

    def starting_from(self, template: str) -> "Registration":
        """The same form with a template to start from."""
        return Registration({**self.cleaned_data, "template": template})


class SavedText(forms.Form):
    """The text of an editor and the version that it was opened on."""

    text = forms.CharField(required=False, strip=False)
    opened_on = forms.IntegerField(min_value=0)

    def clean_text(self) -> str:
        """The text with the line ends that it had before the browser sent it."""
        return plain(self.cleaned_data["text"])


class Deletion(forms.Form):
    """The name of what is to go, typed by hand."""

    name = text_field("Its name", attrs={**_CODE, "autocomplete": "off"})

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
