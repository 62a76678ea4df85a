"""The forms of the hours in which environments run."""

from django import forms

from environments.forms.accounts import MONO, text_field
from environments.models import Hours

_SCHEDULE = {**MONO, "placeholder": "0 20 * * 1-5"}


class AccountHours(forms.Form):
    """When ephemeral environments are paused and resumed; "": never by themselves."""

    pauses = text_field(
        "Pause at",
        max_length=100,
        required=False,
        attrs=_SCHEDULE,
        help_text="Minute, hour, day of the month, month, day of the week, in UTC: "
        "0 20 * * 1-5 is each working day at 20:00.",
    )
    resumes = text_field(
        "Resume at",
        max_length=100,
        required=False,
        attrs={**MONO, "placeholder": "0 6 * * 1-5"},
    )


class EnvironmentHours(AccountHours):
    """Whose schedule one environment follows, and its own."""

    hours = forms.ChoiceField(
        label="Schedule",
        choices=Hours.choices,
        widget=forms.Select({"class": "form-select"}),
    )
