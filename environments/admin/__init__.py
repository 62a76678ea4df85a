"""The admin site: a second way to edit and deploy, for the operators of the installation.

Django imports this room by its name; each module registers its own models.
"""

from django.contrib import admin

from environments.admin import (
    accounts,
    applications,
    connections,
    contexts,
    deployments,
    environments,
)

__all__ = ["accounts", "applications", "connections", "contexts", "deployments", "environments"]

admin.site.site_header = "releaseclone"
admin.site.site_title = "releaseclone"
admin.site.disable_action("delete_selected")
admin.site.index_title = "Everything of this installation"
