"""Deployments, their tasks and lines, and who did what: read here, never changed."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from environments.actions import deployments as asks
from environments.actions.asking import Refused
from environments.admin.gate import ReadOnly, operator_of, tell
from environments.models import Deployment, Event, LogLine, Task


@admin.register(Deployment)
class DeploymentAdmin(ReadOnly, admin.ModelAdmin[Deployment]):
    """Every run, and every member's share of one."""

    list_display = ("__str__", "environment", "status", "branch", "asked_by_name", "asked_at")
    list_filter = ("status", "kind", "environment__application__account")
    list_select_related = ("environment",)
    search_fields = ("=id", "environment__name", "environment__env_id", "commit")
    actions = ("abort",)
    fields = (
        *("environment", "namespace", "part_of", "kind", "status", "reason", "lists"),
        *("branch", "commit", "rule", "ignored_by", "version"),
        *("asked_by_name", "asked_at", "abort_asked_by", "abort_asked_at"),
        *("started_at", "resolved_at", "written_at", "rendered_at", "ended_at"),
        *("fence", "lease_until", "sent_at", "lines_left_out"),
    )

    @admin.display(description="shown in")
    def lists(self, deployment: Deployment) -> SafeString:
        """Its tasks and its log here, and its own page, which members of the account may see."""
        number = deployment.pk
        lists = (reverse(f"admin:environments_{one}_changelist") for one in ("task", "logline"))
        account = deployment.environment.application.account.name
        return format_html(
            '<a href="{}?q={}">tasks</a>, <a href="{}?q={}">log</a>, <a href="{}">its page</a>',
            *(part for one in lists for part in (one, number)),
            reverse("deployment", args=[account, number]),
        )

    @admin.action(description="Abort", permissions=["view"])
    def abort(self, request: HttpRequest, rows: QuerySet[Deployment]) -> None:
        """End each: at once while it waits, at its next step while it runs."""
        for row in rows.select_related("environment__application__account", "part_of"):
            actor = operator_of(request, row.environment.application.account)
            try:
                asks.abort(actor, row)
            except Refused as refused:
                tell(self, request, f"Abort of {row}", refused)
            else:
                tell(self, request, f"Abort of {row}: asked for", None)


@admin.register(Task)
class TaskAdmin(ReadOnly, admin.ModelAdmin[Task]):
    """The boxes of the deployments."""

    list_display = ("deployment", "number", "name", "state", "reason", "applied_at", "ended_at")
    list_filter = ("state", "kind")
    list_select_related = ("deployment",)
    search_fields = ("=deployment__id", "name", "workload")
    ordering: ClassVar = ("-deployment_id", "number")


@admin.register(LogLine)
class LogLineAdmin(ReadOnly, admin.ModelAdmin[LogLine]):
    """What deployments said."""

    list_display = ("deployment", "number", "at", "text")
    list_select_related = ("deployment",)
    search_fields = ("=deployment__id", "text")
    ordering: ClassVar = ("-deployment_id", "number")


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin[Event]):
    """Who did what, when."""

    list_display = ("at", "actor_name", "what", "account", "application", "environment")
    list_filter = ("account",)
    list_select_related = ("account", "application", "environment")
    search_fields = ("actor_name", "what", "environment__env_id")
