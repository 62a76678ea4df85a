"""The form of a connection."""

from django import forms

from environments.actions.connections import PUBLIC, ConnectionDraft
from environments.forms.accounts import MONO, password_field, text_field


class ConnectionForm(forms.Form):
    """A token, or an App; nothing that is stored is shown again."""

    web = text_field(
        "Where it is",
        max_length=253,
        initial=PUBLIC,
        attrs=MONO,
        help_text="https://github.com, or the address of a GitHub Enterprise.",
    )
    token = password_field(
        "Token",
        "off",
        required=False,
        help_text="A fine-grained personal token: Contents and Metadata to read; Pull requests, "
        "Commit statuses and Deployments to write.",
    )
    app_id = text_field("Number of the App", max_length=20, required=False, attrs=MONO)
    installation_id = text_field(
        "Number of its installation", max_length=20, required=False, attrs=MONO
    )
    private_key = forms.CharField(
        label="Its private key",
        required=False,
        widget=forms.Textarea({"class": "form-control mono", "rows": 4, "spellcheck": "false"}),
        help_text="The whole .pem file.",
    )

    def clean_app_id(self) -> str:
        """A number, if anything."""
        return _number(self.cleaned_data["app_id"])

    def clean_installation_id(self) -> str:
        """A number, if anything."""
        return _number(self.cleaned_data["installation_id"])

    def draft(self) -> ConnectionDraft:
        """What was asked for."""
        asked = self.cleaned_data
        key = asked["private_key"].replace("\r\n", "\n").strip()
        return ConnectionDraft(
            web=asked["web"],
            token=asked["token"].strip(),
            app_id=asked["app_id"],
            private_key=f"{key}\n" if key else "",
            installation_id=asked["installation_id"],
        )


class AppForm(forms.Form):
    """Where to have an App made."""

    web = text_field("Where it is", max_length=253, initial=PUBLIC, attrs=MONO)
    organisation = text_field(
        "Organisation",
        max_length=39,
        required=False,
        attrs=MONO,
        help_text="Whose App it is to be. Blank: your own.",
    )


def _number(text: str) -> str:
    if text and not (text.isascii() and text.isdecimal()):
        raise forms.ValidationError("Write the number alone.")
    return text
