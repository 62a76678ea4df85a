"""Doors: first visit, signing in and out, and the way home."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_safe

from environments.actions.accounts import DEFAULT_ACCOUNT, open_installation
from environments.actions.asking import Refused
from environments.core.problems import Problem
from environments.forms.accounts import FirstVisit, NewPassword, SignInForm, You, mark_browser
from environments.queries.accounts import accounts_for, first_account, nobody_is_here
from environments.views.gate import see_other
from releaseclone import setup_token

_HERE = ("127.0.0.1", "::1")
_BROUGHT_BY_A_PROXY = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first visit, to sign in, or to the person's account; several are a choice."""
    if nobody_is_here():
        return redirect("first-visit")
    if not request.user.is_authenticated:
        return redirect("sign-in")
    accounts = list(accounts_for(request.user))
    if len(accounts) == 1:
        return redirect("applications", accounts[0].name)
    return render(request, "accounts/choose.html", {"accounts": accounts})


@require_http_methods(["GET", "HEAD", "POST"])
def first_visit(request: HttpRequest) -> HttpResponse:
    """One page that makes the first owner and the account, once."""
    if not nobody_is_here():
        return see_other(request, redirect("sign-in"))
    token = "" if is_here(request) else setup_token.read_or_make(settings.RELEASECLONE.data)
    initial = {"account": first_account() or DEFAULT_ACCOUNT}
    form = FirstVisit(request.POST or None, token=token, initial=initial)
    if not form.is_valid():
        return _welcome(request, form, 422 if form.is_bound else 200)
    try:
        person = open_installation(
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password"],
            account_name=form.cleaned_data["account"],
            containers=form.cleaned_data.get("containers", False),
        )
    except Refused as refused:
        return _welcome(request, form, 422, refused.problems)
    login(request, person)
    answer = see_other(request, redirect("home"))
    mark_browser(answer, person.get_username())
    return answer


def _welcome(
    request: HttpRequest, form: FirstVisit, status: int, problems: tuple[Problem, ...] = ()
) -> HttpResponse:
    context = {"form": form, "problems": problems}
    return render(request, "accounts/first_visit.html", context, status=status)


def is_here(request: HttpRequest) -> bool:
    """Whether the person sits at this machine; whom a proxy brings may sit anywhere."""
    brought = any(name in request.META for name in _BROUGHT_BY_A_PROXY)
    return request.META.get("REMOTE_ADDR") in _HERE and not brought


class SignIn(LoginView):
    """The sign-in page."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        """Nobody can sign in before there is somebody."""
        if nobody_is_here():
            return see_other(request, redirect("first-visit"))
        return see_other(request, super().dispatch(request, *args, **more))

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signed in; the browser is known to have been let in."""
        answer = super().form_valid(form)
        mark_browser(answer, form.cleaned_data["username"])
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The same page again, with 422."""
        answer = super().form_invalid(form)
        answer.status_code = 422
        return answer


class SignOut(LogoutView):
    """Ends the session."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        """To the sign-in page."""
        return see_other(request, super().post(request, *args, **more))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def you(request: HttpRequest) -> HttpResponse:
    """One's own address."""
    person = request.user
    assert isinstance(person, User)
    form = You(request.POST or None, initial={"email": person.email})
    if request.method == "POST" and form.is_valid():
        person.email = form.cleaned_data["email"]
        person.save(update_fields=["email"])
        messages.success(request, "Saved.")
        return redirect("you")
    sends_mail = settings.RELEASECLONE.mail is not None
    context = {"form": form, "sends_mail": sends_mail}
    return render(request, "accounts/you.html", context, status=422 if form.errors else 200)


class Password(PasswordChangeView):
    """One's own password. Other sessions of the person end with the old one."""

    template_name = "accounts/password.html"
    form_class = NewPassword
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Keep it, and stay signed in here."""
        answer = super().form_valid(form)
        messages.success(self.request, "Your password is changed; you are signed out elsewhere.")
        return see_other(self.request, answer)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        """The same page again, with 422."""
        answer = super().form_invalid(form)
        answer.status_code = 422
        return answer
