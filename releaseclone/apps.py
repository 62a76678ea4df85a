"""Parts of Django that the project sets up its own way."""

from django.contrib.admin.apps import AdminConfig


class AdminSiteConfig(AdminConfig):
    """The admin site with the project's own door."""

    default_site = "releaseclone.admin_site.SuperusersSite"
