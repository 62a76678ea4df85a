"""The forms of people and accounts."""

from django import forms

from environments.models import Role


class FirstVisit(forms.Form):
    """The first owner and the account."""

    account = forms.CharField(max_length=63, initial="default", label="Account")
    username = forms.CharField(max_length=150, label="Your user name")
    password = forms.CharField(widget=forms.PasswordInput, label="Password")
    token = forms.CharField(required=False, label="Set-up token")


class NewMember(forms.Form):
    """Somebody who joins the account."""

    username = forms.CharField(max_length=150)
    password = forms.CharField(widget=forms.PasswordInput, required=False)
    role = forms.ChoiceField(choices=Role.choices)
