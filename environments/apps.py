"""The product as a Django application."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from environments.triggers import lay_triggers


class EnvironmentsConfig(AppConfig):
    """Named as its folder."""

    name = "environments"
    verbose_name = "releaseclone"

    def ready(self) -> None:
        """Versions are made immutable whenever their tables may have been made anew."""
        post_migrate.connect(lay_triggers, sender=self)
