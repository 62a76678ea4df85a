"""Connections to GitHub, what they told, and pull requests; a delivery can be replayed here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from environments.admin.gate import ReadOnly, tell
from environments.automation import deliveries
from environments.models import Delivery, GitConnection, PullRequest


@admin.register(GitConnection)
class GitConnectionAdmin(ReadOnly, admin.ModelAdmin[GitConnection]):
    """Whom accounts are connected to; what is sealed is not shown."""

    list_display = ("host", "account", "refused_at", "created_at")
    list_filter = ("account",)
    list_select_related = ("account",)
    search_fields = ("web", "account__name")
    fields = ("account", "web", "app_page", "refused_at", "refused_why", "created_at", "page")

    @admin.display(description="changed in")
    def page(self, connection: GitConnection) -> SafeString:
        """Its own page, which owners of the account may see."""
        address = reverse("connection", args=[connection.account.name, connection.pk])
        return format_html('<a href="{}">its page</a>', address)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin[Delivery]):
    """The ledger of all connections."""

    list_display = ("received_at", "connection", "event", "repository", "verdict", "said")
    list_filter = ("verdict", "event", "connection__account")
    list_select_related = ("connection",)
    search_fields = ("delivery_id", "repository", "ref", "said")
    actions = ("replay",)

    @admin.action(description="Replay", permissions=["view"])
    def replay(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        """Look at each anew."""
        for row in rows.select_related("connection__account"):
            deliveries.replay(row)
            tell(self, request, f"Replay of {row}: asked for", None)


@admin.register(PullRequest)
class PullRequestAdmin(ReadOnly, admin.ModelAdmin[PullRequest]):
    """What hosts told of pull requests, and the environments that they have, or why none."""

    list_display = ("__str__", "title", "branch", "is_open", "environment", "why_none", "refused")
    list_filter = ("is_open", "is_fork", "application__account")
    list_select_related = ("application", "environment")
    search_fields = ("=number", "title", "branch", "author", "commit")
