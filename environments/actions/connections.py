"""Asking for connections: as whom an account reads the repositories of a GitHub."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from environments import wiring
from environments.actions.asking import Actor, Refused, note, require_owner
from environments.core.addresses import leads_to_this_machine
from environments.core.ports import GitHostError
from environments.core.problems import error
from environments.models import Account, Application, Delivery, GitConnection

PUBLIC = "https://github.com"
_SECRET_BYTES = 32


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
