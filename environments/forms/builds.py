"""The form of a build argument."""

from django import forms

from environments.forms.accounts import text_field


class ArgumentForm(forms.Form):
    """A secret's value is never shown again."""

    name = text_field("Name", max_length=200, attrs={"class": "form-control mono"})
    value = text_field(
        "Value",
        max_length=10_000,
        required=False,
        attrs={"class": "form-control mono", "autocomplete": "off"},
        help_text="Left empty, the value that is stored of a secret stays.",
    )
    secret = forms.BooleanField(
        label="Secret",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        help_text="Its value is left in no log and in no image, and is never shown again.",
    )
