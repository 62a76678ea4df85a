"""Addresses of the whole project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("environments.urls")),
]
handler500 = "environments.views.broken.broken"
