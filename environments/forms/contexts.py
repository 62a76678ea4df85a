"""The form of a context."""

from typing import Any

from django import forms
from django.conf import settings

from environments.actions.contexts import CONTAINER_ENGINES, ContextDraft
from environments.forms.accounts import password_field, text_field
from environments.models import Context
from environments.queries.contexts import found_sockets, known_clusters


class ContextForm(forms.Form):
    """Domains stand one a line, the one that is used first.

    The address of an engine is required of those that have one: the browser does not know which.
    """

    use_required_attribute = False

    name = text_field("Name", max_length=63, help_text="A template chooses it with context: NAME.")
    engine = forms.ChoiceField(widget=forms.Select({"class": "form-select"}))
    domains = forms.CharField(
        widget=forms.Textarea({"class": "form-control mono", "rows": 3, "spellcheck": "false"}),
        help_text="One a line. New environments get the first; a wildcard record of each leads "
        "to where the context runs.",
    )
    is_default = forms.BooleanField(
        label="The default",
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
        help_text="For templates that name no context.",
    )

    socket = text_field(
        "Address of the engine",
        max_length=200,
        help_text="Of Docker Engine or Podman's service, such as unix:///var/run/docker.sock. "
        "Whoever may use it may do everything on that machine.",
    )
    pushes_to = text_field(
        "Push images to",
        max_length=300,
        required=False,
        help_text="A registry with a path. Without it, built images stay in the engine's store, "
        "where no cluster fetches them.",
    )
    cluster = forms.ChoiceField(
        label="Cluster",
        required=False,
        widget=forms.Select({"class": "form-select"}),
        help_text="Of the kubeconfig that the installation was started with.",
    )
    ingress_class = text_field(
        "Ingress class",
        max_length=63,
        required=False,
        help_text="Such as nginx or traefik. Left empty, the cluster's default.",
    )
    public_scheme = forms.ChoiceField(
        label="Environments are reached by",
        required=False,
        choices=[("http", "http"), ("https", "https")],
        widget=forms.Select({"class": "form-select"}),
    )
    public_port = forms.IntegerField(
        label="At the port",
        required=False,
        widget=forms.NumberInput({"class": "form-control"}),
        help_text="Of the cluster's ingress, seen from outside. Left empty, 80 or 443.",
    )
    tls_secret = text_field(
        "Certificate",
        max_length=63,
        required=False,
        help_text="With https: a TLS secret that each namespace gets. Left empty, the ingress "
        "controller's own certificate is used.",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.is_bound and self.data.get("engine") not in CONTAINER_ENGINES:
            self.fields["socket"].required = False
        likely = next(iter(found_sockets()), "")
        if likely and not self.initial.get("socket"):
            self.initial["socket"] = likely
        if known := known_clusters():
            self.fields["cluster"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]
        else:
            del self.fields["cluster"]
        self.fields["engine"].choices = [(name, name) for name in settings.ENGINES]  # type: ignore[attr-defined]

    def draft(self) -> ContextDraft:
        """What was asked for."""
        asked = self.cleaned_data
        lines = (line.strip().lower() for line in asked["domains"].splitlines())
        return ContextDraft(
            name=asked["name"],
            engine=asked["engine"],
            domains=tuple(line for line in lines if line),
            is_default=asked["is_default"],
            socket=asked["socket"].strip(),
            pushes_to=asked["pushes_to"].strip().rstrip("/"),
            cluster=asked.get("cluster", ""),
            ingress_class=asked["ingress_class"].strip(),
            public_scheme=asked["public_scheme"] or "http",
            public_port=asked["public_port"],
            tls_secret=asked["tls_secret"].strip(),
        )


class LoginForm(forms.Form):
    """How a context signs in to a registry; the password is never shown again."""

    registry = text_field("Registry", max_length=253)
    username = text_field("User name", max_length=200)
    password = password_field(
        "Password or token",
        "new-password",
        required=False,
        help_text="Left empty, the one that is stored stays.",
    )


def fields_of(context: Context | ContextDraft) -> dict[str, Any]:
    """What the form shows of a context."""
    return {
        "name": context.name,
        "engine": context.engine,
        "domains": "\n".join(context.domains),
        "is_default": context.is_default,
        "socket": context.configuration.get("socket", ""),
        "pushes_to": context.pushes_to,
        "cluster": context.configuration.get("cluster", ""),
        "ingress_class": context.configuration.get("ingress_class", ""),
        "public_scheme": context.public_scheme or "http",
        "public_port": context.public_port,
        "tls_secret": context.configuration.get("tls_secret", ""),
    }
