"""Doors: first visit, signing in and out, and the way home."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare

from environments.actions.accounts import open_installation
from environments.actions.asking import Refused
from environments.forms.accounts import FirstVisit
from environments.models import Account
from environments.queries.accounts import accounts_for, nobody_is_here
from releaseclone import setup_token

_TRIES = 10
_WINDOW_SECONDS = 300
_HERE = ("127.0.0.1", "::1")


def home(request: HttpRequest) -> HttpResponse:
    """To the first visit, to sign in, or to the person's first account."""
    if nobody_is_here():
        return redirect("first-visit")
    if not request.user.is_authenticated:
        return redirect("sign-in")
    account = accounts_for(request.user).first()
    if account is None:
        return render(request, "accounts/none.html")
    return redirect("applications", account.name)


def first_visit(request: HttpRequest) -> HttpResponse:
    """One page that makes the first owner and the account, once."""
    if not nobody_is_here():
        return redirect("sign-in")
    here = request.META.get("REMOTE_ADDR") in _HERE
    existing = Account.objects.first()
    form = FirstVisit(request.POST or None, initial={"account": existing or "default"})
    problems: list[Any] = []
    if request.method == "POST" and form.is_valid():
        token = setup_token.read_or_make(settings.RELEASECLONE.data)
        if not here and not constant_time_compare(form.cleaned_data["token"], token):
            form.add_error("token", "This is not the token that `make run` prints.")
        else:
            try:
                person = open_installation(
                    username=form.cleaned_data["username"],
                    password=form.cleaned_data["password"],
                    account_name=form.cleaned_data["account"],
                )
            except Refused as refused:
                problems = list(refused.problems)
            else:
                login(request, person)
                return redirect("home")
    status = 422 if form.errors or problems else 200
    context = {"form": form, "here": here, "problems": problems}
    return render(request, "accounts/first_visit.html", context, status=status)


class SignInForm(AuthenticationForm):
    """Name and password; ten failures in five minutes, of a name or from a place, mean a wait."""

    def clean(self) -> dict[str, Any]:
        """Check the password, unless there were too many tries."""
        name = self.cleaned_data.get("username", "")
        place = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        keys = [f"sign-in:{kind}:{value.casefold()}" for kind, value in (("n", name), ("p", place))]
        if any(cache.get(key, 0) >= _TRIES for key in keys):
            self.add_error(None, "Too many tries. Wait five minutes, then try again.")
            return self.cleaned_data
        try:
            return super().clean()
        finally:
            if self.user_cache is None:
                for key in keys:
                    cache.add(key, 0, _WINDOW_SECONDS)
                    cache.incr(key)
            else:
                cache.delete(keys[0])


class SignIn(LoginView):
    """The sign-in page."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        """Nobody can sign in before there is somebody."""
        if nobody_is_here():
            return redirect("first-visit")
        return super().get(request, *args, **more)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The same page again, with 422."""
        answer = super().form_invalid(form)
        answer.status_code = 422
        return answer
