"""Asking for connections: as whom an account reads the repositories of a GitHub."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction

from environments import wiring
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.addresses import leads_to_this_machine
from environments.core.ports import GitHostError
from environments.core.problems import error
from environments.models import Account, Application, Delivery, GitConnection

PUBLIC = "https://github.com"
_SECRET_BYTES = 32
_MADE, _INSTALLED = "app made", "app installed"
_STATE_SECONDS = 3600
_NAME_LENGTH = 34
"""Of an App, at the host."""
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """A connection as it is wanted. With neither token nor App, those that are stored stay."""

    web: str = PUBLIC
    token: str = ""
    app_id: str = ""
    private_key: str = ""
    installation_id: str = ""
    hook_secret: str = ""
    """Of an App, which has one already; "": one is made."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """What the host is asked with; empty where nothing was given."""
        if self.app_id and self.private_key and self.installation_id:
            return {
                "app_id": self.app_id,
                "private_key": self.private_key,
                "installation_id": self.installation_id,
            }
        return {"token": self.token} if self.token else {}


def save_connection(actor: Actor, connection: GitConnection, draft: ConnectionDraft) -> str:
    """Keep a connection, new or changed, once its host has answered; what that says.

    Applications whose repositories are there are read through it from now on.
    """
    require_owner(actor, "change connections")
    web = _checked(draft.web)
    if draft.credentials:
        sealed = wiring.seal(json.dumps(draft.credentials), belongs_to=connection.seal_name)
        connection.credentials = sealed
    elif not connection.pk:
        raise Refused(error("connection.credentials", host=web))
    connection.account, connection.web = actor.account, web
    said = _asked(connection)
    act = "changed" if connection.pk else "added"
    if draft.hook_secret or not connection.pk:
        secret = draft.hook_secret or secrets.token_hex(_SECRET_BYTES)
        connection.hook_secret = wiring.seal(secret, belongs_to=connection.hook_seal_name)
    try:
        with transaction.atomic():
            connection.save()
            _attach(connection)
            note(actor, f"{act} the connection to {connection.host}")
    except IntegrityError as taken:
        raise Refused(error("connection.taken", host=connection.host)) from taken
    return said


@dataclass(frozen=True, slots=True)
class AppRequest:
    """What a person brings to the host, to have an App made there."""

    address: str
    manifest: str
    """JSON."""


def ask_for_app(actor: Actor, *, web: str, organisation: str) -> AppRequest:
    """What to send to the host; it sends the person back with a code and this state."""
    require_owner(actor, "add connections")
    web, organisation = _checked(web), organisation.strip()
    if organisation and not _ORGANISATION.fullmatch(organisation):
        raise Refused(error("connection.organisation", name=organisation))
    wanted = GitConnection(web=web)
    if actor.account.git_connections.filter(web=web).exists():
        raise Refused(error("connection.taken", host=wanted.host))
    home, account = settings.RELEASECLONE.public_url, actor.account.name
    manifest = wiring.manifest(
        name=f"releaseclone {account}"[:_NAME_LENGTH],
        home=home,
        hook=wanted.hook_url,
        made=f"{home}/{account}/app-made",
        installed=f"{home}/{account}/app-installed",
    )
    state = signing.dumps({"web": web, "key": wanted.hook_key, **_bound(actor)}, salt=_MADE)
    below = f"organizations/{organisation}/" if organisation else ""
    address = f"{web}/{below}settings/apps/new?{urlencode({'state': state})}"
    return AppRequest(address, json.dumps(manifest))


def take_app(actor: Actor, *, code: str, state: str) -> str:
    """Keep the App that the host made; the address where the person installs it."""
    require_owner(actor, "add connections")
    told = _told(actor, state, _MADE)
    if not _CODE.fullmatch(code):
        raise Refused(error("connection.state"))
    connection = GitConnection(account=actor.account, web=told["web"], hook_key=told["key"])
    try:
        made = wiring.made_app(connection.web, code)
    except GitHostError as wrong:
        raise Refused(error("connection.away", host=connection.host, reason=str(wrong))) from wrong
    connection.app_page = made.page
    kept = {"app_id": made.app_id, "private_key": made.private_key}
    connection.credentials = wiring.seal(json.dumps(kept), belongs_to=connection.seal_name)
    connection.hook_secret = wiring.seal(made.hook_secret, belongs_to=connection.hook_seal_name)
    try:
        with transaction.atomic():
            connection.save()
            note(actor, f"added an App of {connection.host}")
    except IntegrityError as taken:
        raise Refused(error("connection.taken", host=connection.host)) from taken
    return install_address(actor, connection)


def install_address(actor: Actor, connection: GitConnection) -> str:
    """Where the App of this connection is installed; "" where it has none of its own."""
    if not connection.app_page:
        return ""
    state = signing.dumps({"pk": connection.pk, **_bound(actor)}, salt=_INSTALLED)
    return f"{connection.app_page}/installations/new?{urlencode({'state': state})}"


def take_installation(actor: Actor, *, installation_id: str, state: str) -> GitConnection:
    """From now on the App is asked as this installation of it, which the host confirms."""
    require_owner(actor, "change connections")
    told = _told(actor, state, _INSTALLED)
    connection = actor.account.git_connections.filter(pk=told["pk"]).first()
    if connection is None or not (installation_id.isascii() and installation_id.isdecimal()):
        raise Refused(error("connection.state"))
    kept = json.loads(wiring.unseal(connection.credentials, belongs_to=connection.seal_name))
    draft = ConnectionDraft(
        web=connection.web,
        app_id=kept["app_id"],
        private_key=kept["private_key"],
        installation_id=installation_id,
    )
    save_connection(actor, connection, draft)
    return connection


def _bound(actor: Actor) -> dict[str, int | None]:
    """To whom a state was given: nobody else's browser is led anywhere with it."""
    return {"user": actor.user_id, "account": actor.account.pk}


def _told(actor: Actor, state: str, salt: str) -> dict[str, Any]:
    try:
        told = signing.loads(state, salt=salt, max_age=_STATE_SECONDS)
    except signing.BadSignature as wrong:
        raise Refused(error("connection.state")) from wrong
    if {key: told.get(key) for key in _bound(actor)} != _bound(actor):
        raise Refused(error("connection.state"))
    return dict(told)


def _checked(web: str) -> str:
    """The address as it is kept; ``Refused`` for one that leads nowhere that may be asked."""
    text = web.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused(error("connection.web", web=web)) from None
    host = (parts.hostname or "").lower()
    is_whole = parts.scheme in ("https", "http") and host and not parts.path and not parts.query
    if not is_whole or parts.username or parts.fragment:
        raise Refused(error("connection.web", web=web))
    here = settings.RELEASECLONE.local_repositories
    if leads_to_this_machine(host) and not here:
        raise Refused(error("connection.here", web=web))
    if parts.scheme == "http" and not here:
        raise Refused(error("connection.http", web=web))
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def _asked(connection: GitConnection) -> str:
    try:
        return wiring.forge(connection).check()
    except GitHostError as wrong:
        raise Refused(error("connection.away", host=connection.host, reason=str(wrong))) from wrong


def _attach(connection: GitConnection) -> None:
    forge = wiring.forge(connection)
    for application in connection.account.applications.filter(connection=None):
        try:
            forge.name_of(application.repository_url)
        except GitHostError:
            continue
        Application.objects.filter(pk=application.pk).update(connection=connection)


def connection_for(account: Account, url: str) -> GitConnection | None:
    """The connection whose host has the repository of this URL."""
    for connection in account.git_connections.all():
        try:
            wiring.forge(connection).name_of(url)
        except GitHostError:
            continue
        return connection
    return None


def delete_connection(actor: Actor, connection: GitConnection) -> None:
    """Forget it and what it told; applications stay, and are read by git alone."""
    require_owner(actor, "delete connections")
    with transaction.atomic():
        note(actor, f"deleted the connection to {connection.host}")
        Delivery.objects.filter(connection=connection).delete()
        connection.delete()


def renew_secret(actor: Actor, connection: GitConnection) -> str:
    """Another secret for the webhook; shown once, the one before is taken no more."""
    require_owner(actor, "change connections")
    secret = secrets.token_hex(_SECRET_BYTES)
    connection.hook_secret = wiring.seal(secret, belongs_to=connection.hook_seal_name)
    with transaction.atomic():
        connection.save(update_fields=["hook_secret"])
        note(actor, f"renewed the webhook's secret of {connection.host}")
    return secret


def secret_of(actor: Actor, connection: GitConnection) -> str:
    """The webhook's secret, for an owner to type it there."""
    require_owner(actor, "see the webhook's secret")
    return wiring.unseal(connection.hook_secret, belongs_to=connection.hook_seal_name)
