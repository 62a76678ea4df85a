"""Addresses of the product's pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
