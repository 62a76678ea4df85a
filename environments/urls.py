"""Addresses of the product's pages."""

from django.urls import path, register_converter

from environments.models import DeploymentKind
from environments.views import (
    account_settings,
    application_settings,
    applications,
    build_arguments,
    builds,
    connections,
    creating,
    deployments,
    environment_settings,
    environments,
    hooks,
    instances,
    members,
    pausing,
    people,
    public_addresses,
)


class KindConverter:
    """The kinds of deployment that a page can ask for."""

    regex = f"{DeploymentKind.SETUP}|{DeploymentKind.PATCH}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(KindConverter, "kind")

_APPLICATION = "<slug:account>/applications/<slug:name>/"
_ENVIRONMENT = "<slug:account>/environments/<slug:env_id>/"
_CONNECTION = "<slug:account>/connections/<int:pk>"
_BUILD = "<slug:account>/builds/<int:pk>/"
_DEPLOYMENT = "<slug:account>/deployments/<int:pk>/"

urlpatterns = [
    path("", people.home, name="home"),
    path("first-visit", people.first_visit, name="first-visit"),
    path("sign-in", people.SignIn.as_view(), name="sign-in"),
    path("you", people.you, name="you"),
    path("password", people.Password.as_view(), name="password"),
    path("webhooks/<slug:key>", hooks.take, name="webhook"),
    path("sign-out", people.SignOut.as_view(), name="sign-out"),
    path("<slug:account>/", applications.applications, name="applications"),
    path("<slug:account>/graph", applications.graph, name="graph"),
    path("<slug:account>/members", members.members, name="members"),
    path("<slug:account>/members/<int:pk>", members.member, name="member"),
    path("<slug:account>/settings", account_settings.settings, name="account-settings"),
    path(
        "<slug:account>/build-arguments",
        build_arguments.of_account,
        name="account-build-arguments",
    ),
    path("<slug:account>/ephemeral", account_settings.ephemeral, name="ephemeral-days"),
    path("<slug:account>/hours", account_settings.hours, name="account-hours"),
    path("<slug:account>/new-context", account_settings.new_context, name="new-context"),
    path("<slug:account>/contexts/<slug:name>", account_settings.context, name="context"),
    path(
        "<slug:account>/contexts/<slug:name>/connection",
        account_settings.connection,
        name="context-connection",
    ),
    path("<slug:account>/contexts/<slug:name>/logins", account_settings.login, name="add-login"),
    path(
        "<slug:account>/contexts/<slug:name>/logins/remove",
        account_settings.forget_login,
        name="remove-login",
    ),
    path(
        "<slug:account>/contexts/<slug:name>/delete",
        account_settings.remove_context,
        name="delete-context",
    ),
    path("<slug:account>/new-connection", connections.new, name="new-connection"),
    path("<slug:account>/new-app", connections.new_app, name="new-app"),
    path("<slug:account>/app-made", connections.app_made, name="app-made"),
    path("<slug:account>/app-installed", connections.app_installed, name="app-installed"),
    path(_CONNECTION, connections.connection, name="connection"),
    path(f"{_CONNECTION}/check", connections.check, name="connection-check"),
    path(f"{_CONNECTION}/secret", connections.renew, name="renew-secret"),
    path(f"{_CONNECTION}/delete", connections.delete, name="delete-connection"),
    path(f"{_CONNECTION}/end", connections.let_end, name="let-end"),
    path(f"{_CONNECTION}/told", connections.ledger, name="ledger"),
    path(f"{_CONNECTION}/told/<int:delivery>/replay", connections.replay, name="replay"),
    path("<slug:account>/repositories", applications.repositories, name="repositories"),
    path("<slug:account>/register", applications.register, name="register"),
    path(_APPLICATION, environments.listed, name="environments"),
    path(f"{_APPLICATION}new", creating.create, name="create-environment"),
    path(f"{_APPLICATION}builds", builds.of_application, name="application-builds"),
    path(
        f"{_APPLICATION}build-arguments",
        build_arguments.of_application,
        name="application-build-arguments",
    ),
    path(f"{_APPLICATION}deploys", environments.application_deploys, name="application-deploys"),
    path(f"{_APPLICATION}settings", application_settings.settings, name="application-settings"),
    path(
        f"{_APPLICATION}pull-requests",
        application_settings.pull_requests,
        name="application-pull-requests",
    ),
    path(
        f"{_APPLICATION}pull-requests/<int:number>/approve",
        environments.approve,
        name="approve",
    ),
    path(f"{_APPLICATION}public", public_addresses.addresses, name="public-addresses"),
    path(f"{_APPLICATION}public/lead", public_addresses.lead, name="lead-public"),
    path(
        f"{_APPLICATION}public/<int:number>/remove",
        public_addresses.remove,
        name="remove-public-address",
    ),
    path(f"{_APPLICATION}read-again", application_settings.read_again, name="read-again"),
    path(f"{_APPLICATION}delete", application_settings.delete, name="delete-application"),
    path(
        f"{_APPLICATION}versions/<int:number>",
        application_settings.version,
        name="application-version",
    ),
    path(_ENVIRONMENT, environments.details, name="environment"),
    path(f"{_ENVIRONMENT}imports", creating.imports, name="environment-imports"),
    path(f"{_ENVIRONMENT}settings", environment_settings.settings, name="environment-settings"),
    path(
        f"{_ENVIRONMENT}versions/<int:number>",
        environment_settings.version,
        name="environment-version",
    ),
    path(f"{_ENVIRONMENT}builds", builds.of_environment, name="environment-builds"),
    path(f"{_ENVIRONMENT}deploys", environments.deploys, name="environment-deploys"),
    path(f"{_ENVIRONMENT}deploy/<kind:kind>", environments.deploy, name="deploy"),
    path(f"{_ENVIRONMENT}pause", pausing.pause, name="pause"),
    path(f"{_ENVIRONMENT}resume", pausing.resume, name="resume"),
    path(f"{_ENVIRONMENT}hours", pausing.hours, name="environment-hours"),
    path(f"{_ENVIRONMENT}extend", environments.extend, name="extend"),
    path(f"{_ENVIRONMENT}delete", environments.delete, name="delete-environment"),
    path(f"{_ENVIRONMENT}instances/<slug:instance>", instances.log, name="instance-log"),
    path(f"{_ENVIRONMENT}instances/<slug:instance>/terminal", instances.terminal, name="terminal"),
    path(_BUILD, builds.build, name="build"),
    path(f"{_BUILD}cancel", builds.cancel, name="cancel-build"),
    path(f"{_BUILD}rebuild", builds.rebuild, name="rebuild"),
    path(f"{_BUILD}deploy", builds.deploy, name="deploy-build"),
    path(f"{_BUILD}log.txt", builds.log, name="build-log"),
    path(_DEPLOYMENT, deployments.deployment, name="deployment"),
    path(f"{_DEPLOYMENT}abort", deployments.abort, name="abort"),
    path(f"{_DEPLOYMENT}log.txt", deployments.log, name="deployment-log"),
]
