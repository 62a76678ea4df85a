"""The product as a Django application."""

from django.apps import AppConfig


class EnvironmentsConfig(AppConfig):
    """Named as its folder."""

    name = "environments"
