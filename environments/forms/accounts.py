"""The forms of people and accounts."""

import hashlib
import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from environments.models import Role
from environments.queries.contexts import found_sockets

_WINDOW_SECONDS = 300
_TRIES_OF_A_NAME_FROM_A_PLACE = 10
_TRIES_FROM_A_PLACE = 50
"""More: several people may stand behind one address."""
_TRIES_OF_A_NAME = 100
"""More still: a stranger who guesses elsewhere should not lock the door of its owner."""

BROWSER_COOKIE = "releaseclone_browser"
BROWSER_AGE = 365 * 24 * 3600


MONO = {"class": "form-control mono", "spellcheck": "false", "autocapitalize": "off"}
"""Of an input for what a machine reads."""


def text_field(label: str, **more: Any) -> forms.CharField:
    """One line of text in the product's look; ``attrs`` go to the input."""
    attrs = {"class": "form-control", **more.pop("attrs", {})}
    return forms.CharField(label=label, widget=forms.TextInput(attrs), **more)


def password_field(label: str, autocomplete: str, **more: Any) -> forms.CharField:
    """A password; ``autocomplete`` tells the browser whether it is a new one."""
    attrs = {"class": "form-control", "autocomplete": autocomplete}
    return forms.CharField(label=label, strip=False, widget=forms.PasswordInput(attrs), **more)


def role_field(**more: Any) -> forms.ChoiceField:
    """One of the roles."""
    return forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        initial=Role.MEMBER,
        widget=forms.Select({"class": "form-select"}),
        **more,
    )


class FirstVisit(forms.Form):
    """The first owner and the account. ``token``: what must be given, "" where none is needed.

    Where a container engine is found on this machine, it is offered.
    """

    account = text_field(
        "Account",
        max_length=63,
        help_text="The name of your organisation in addresses: lower-case letters, digits, "
        "hyphens.",
    )
    username = text_field("Your user name", max_length=150, attrs={"autocomplete": "username"})
    password = password_field("Password", "new-password")
    given_token = text_field(
        "Set-up token",
        help_text="You come from another machine than the product's; `make run` prints it there.",
        attrs={"autocomplete": "off"},
    )
    containers = forms.BooleanField(
        label="Run environments in containers",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, token: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self._token = token
        if not token:
            del self.fields["given_token"]
        found = next(iter(found_sockets()), "")
        self.fields["containers"].help_text = (
            f"There is a container engine at {found}. Images and databases need one; without it, "
            "services run as processes. It can be added and changed later."
        )
        if not found and not self.is_bound:
            del self.fields["containers"]

    def clean_given_token(self) -> str:
        """The token, if it is the right one."""
        given: str = self.cleaned_data["given_token"]
        if not constant_time_compare(given, self._token):
            raise forms.ValidationError("This is not the token that `make run` prints.")
        return given


class You(forms.Form):
    """What a person says of themselves."""

    email = forms.EmailField(
        label="E-mail",
        required=False,
        max_length=254,
        widget=forms.EmailInput({"class": "form-control", "autocomplete": "email"}),
        help_text="A day before an environment of yours ends, you are told there.",
    )


class EphemeralDays(forms.Form):
    """How long ephemeral environments live."""

    days = forms.IntegerField(
        label="Days after the last deployment",
        min_value=0,
        max_value=3650,
        widget=forms.NumberInput({"class": "form-control"}),
        help_text="Then an ephemeral environment is removed. 0: never by itself.",
    )


class SignInForm(AuthenticationForm):
    """Name and password. After too many failures, of a name or from a place, both must wait."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        """Check the password, unless there were too many failures."""
        limits = self._limits()
        if any(cache.get(key, 0) >= limit for key, limit in limits.items()):
            raise forms.ValidationError("Too many tries. Wait five minutes, then try again.")
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            for key in limits:
                cache.add(key, 0, _WINDOW_SECONDS)
                cache.incr(key)
            raise
        cache.delete(next(iter(limits)))
        return cleaned

    def _limits(self) -> dict[str, int]:
        """How many failures each counter may have; the one that success clears comes first.

        A browser in which this person signed in before has a counter of its own: whoever guesses
        elsewhere, or behind the same proxy, cannot lock its person out.
        """
        name = self.cleaned_data.get("username", "").casefold()
        if self.request and (browser := browser_of(self.request, name)):
            return {_counter("browser", browser): _TRIES_OF_A_NAME_FROM_A_PLACE}
        place = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        return {
            _counter("both", f"{place} {name}"): _TRIES_OF_A_NAME_FROM_A_PLACE,
            _counter("place", place): _TRIES_FROM_A_PLACE,
            _counter("name", name): _TRIES_OF_A_NAME,
        }


def browser_of(request: HttpRequest, name: str) -> str:
    """The mark of a browser in which the person of this name signed in, "" for any other."""
    mark = request.get_signed_cookie(BROWSER_COOKIE, "", salt=BROWSER_COOKIE, max_age=BROWSER_AGE)
    known, _, browser = str(mark).partition(".")
    return browser if known == _digest(name.casefold()) else ""


def mark_browser(answer: HttpResponse, name: str) -> None:
    """Let ``browser_of`` know the browser that gets this answer."""
    answer.set_signed_cookie(
        BROWSER_COOKIE,
        f"{_digest(name.casefold())}.{secrets.token_urlsafe(12)}",
        salt=BROWSER_COOKIE,
        max_age=BROWSER_AGE,
        path="/sign-in",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class NewPassword(PasswordChangeForm):
    """The password that one has, and twice the one that one wants."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
        self.fields["new_password1"].help_text = "Eight characters at least, not one of the usual."


def _counter(kind: str, value: str) -> str:
    return f"sign-in:{kind}:{_digest(value)}"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


class AccountName(forms.Form):
    """Another name for the account."""

    name = text_field(
        "Name",
        max_length=63,
        help_text="It is the first part of every address: links that were shared before lead "
        "nowhere afterwards.",
    )


class NewMember(forms.Form):
    """Somebody who joins the account."""

    username = text_field("User name", max_length=150, attrs={"autocomplete": "off"})
    password = password_field(
        "First password",
        "new-password",
        required=False,
        help_text="A person who is known already keeps the password that they have.",
    )
    role = role_field()


class RoleChange(forms.Form):
    """Another role for a member."""

    role = role_field()
