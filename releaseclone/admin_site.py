"""The admin site's door: superusers alone, through the sign-in page that everybody uses."""

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


class SuperusersSite(AdminSite):
    """A door of its own would be a second one to guess passwords at: it has none."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the person is an operator of the installation."""
        return request.user.is_active and request.user.is_superuser

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """To the sign-in page and back; who is signed in already may not come in."""
        there = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(there)
        if request.user.is_authenticated:
            raise PermissionDenied("The admin site is for superusers of this installation.")
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        return redirect_to_login(wanted if wanted.startswith(there) else there)
