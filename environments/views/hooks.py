"""The door for webhooks: looked at whether the host signed it, kept, and answered at once."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from environments import wiring
from environments.automation import deliveries
from environments.automation.tasks import send_delivery
from environments.core.hooks import NotRead, hint_of, is_signed, payload_of
from environments.models import GitConnection, Verdict

LARGEST = 25 * 1024 * 1024
"""Bytes; GitHub sends no more."""
_ID_LENGTH = 64


@csrf_exempt  # the signature says who sends it
@require_POST
def take(request: HttpRequest, key: str) -> HttpResponse:
    """Take a delivery of the connection with this key."""
    connection = GitConnection.objects.filter(hook_key=key).first()
    if connection is None:
        return HttpResponseNotFound("There is no webhook at this address.\n", "text/plain")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return _refuse(connection, 413, f"it has more than {LARGEST // 1024**2} MiB")
    content = request.read(LARGEST + 1)
    secret = wiring.unseal(connection.hook_secret, belongs_to=connection.hook_seal_name)
    signature = request.headers.get("X-Hub-Signature-256", "")
    if not signature:
        return _refuse(connection, 401, "it has no X-Hub-Signature-256: give the webhook a secret")
    if not is_signed(content, signature, secret):
        return _refuse(
            connection, 401, "its signature is not this connection's: compare the secrets"
        )
    delivery_id = request.headers.get("X-GitHub-Delivery", "")
    event = request.headers.get("X-GitHub-Event", "")
    if not 0 < len(delivery_id) <= _ID_LENGTH or not 0 < len(event) <= _ID_LENGTH:
        return _refuse(connection, 400, "it does not say its id and its event")
    try:
        hint = hint_of(event, payload_of(content, request.headers.get("Content-Type", "")))
    except NotRead as wrong:
        return _refuse(connection, 400, str(wrong))
    delivery = deliveries.keep(connection, delivery_id=delivery_id, event=event, hint=hint)
    if delivery is None:
        return _said(200, "It was taken before.")
    if delivery.verdict == Verdict.WAITING:
        send_delivery(delivery.pk)
    return _said(202, hint.idle or "It is taken.")


def _refuse(connection: GitConnection, status: int, why: str) -> HttpResponse:
    """Say why it was not taken, here and on the connection's page."""
    GitConnection.objects.filter(pk=connection.pk).update(
        refused_at=timezone.now(), refused_why=why
    )
    return _said(status, f"It is not taken: {why}.")


def _said(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", "text/plain; charset=utf-8", status=status)
