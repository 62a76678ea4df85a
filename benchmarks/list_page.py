"""The Environments page with 10,000 environments against an empty page of the same stack."""

import os
import shutil
import statistics
from secrets import token_hex

from benchmarks.measuring import interleaved, own_data_folder, tell

FOLDER = own_data_folder()
os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django  # noqa: E402 - the settings read the folder that was just made

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from environments.actions.accounts import open_installation  # noqa: E402
from environments.models import Account, Application, Environment, Namespace  # noqa: E402

COUNT = 10_000
ROUNDS = 30


def fill() -> None:
    """An account with one application and very many environments, each with an import."""
    open_installation(username="bench", password=token_hex(), account_name="bench")
    account = Account.objects.get()
    context = account.contexts.get()
    own, other = (
        Application.objects.create(
            account=account, name=name, repository_url="x", default_branch="main"
        )
        for name in ("frontend", "backend")
    )
    Namespace.objects.bulk_create(
        Namespace(name=f"ns-{number}", context=context, domain="localhost")
        for number in range(COUNT)
    )
    namespaces = list(Namespace.objects.order_by("pk"))
    owner = User.objects.get()

    def row(application: Application, number: int, **more: object) -> Environment:
        return Environment(
            application=application,
            namespace=namespaces[number],
            name=f"env-{number}",
            type="ephemeral",
            branch=f"feature-{number}",
            rule="chosen",
            owner=owner,
            owner_name="bench",
            application_number=1,
            **more,
        )

    Environment.objects.bulk_create(
        (row(own, number, env_id=f"ted{number:04x}") for number in range(COUNT)), batch_size=500
    )
    importers = list(Environment.objects.filter(application=own).order_by("pk"))
    Environment.objects.bulk_create(
        (
            row(other, number, env_id=f"ted{number:05x}", importer=importers[number])
            for number in range(COUNT)
        ),
        batch_size=500,
    )


def main() -> None:
    """Print the ratio."""
    call_command("migrate", verbosity=0)
    fill()
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get())
    page = "/bench/applications/frontend/"
    empty = "/bench/empty-page"

    def show(address: str) -> bytes:
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        return bytes(answer.content)

    content = show(page)
    with CaptureQueriesContext(connection) as queries:
        show(page)
    asked = len(queries)
    listed, bare = interleaved(lambda: show(page), lambda: show(empty), rounds=ROUNDS)
    ratio = statistics.median(listed) / statistics.median(bare)
    tell(
        "Environments page of 10,000 / an empty page of the same stack",
        ratio,
        "<= 3, <= 12 queries, < 100 KB",
        f"{statistics.median(listed) * 1e3:.1f} ms against {statistics.median(bare) * 1e3:.1f} ms; "
        f"{asked} queries; {len(content) / 1024:.0f} KB",
    )


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
