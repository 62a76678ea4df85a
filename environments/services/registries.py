"""How contexts sign in to registries."""

from environments import wiring
from environments.core.ports import RegistryCredentials
from environments.models import Context


def credentials_of(context: Context) -> list[RegistryCredentials]:
    """All sign-ins that the context knows."""
    return [
        RegistryCredentials(
            login.registry,
            login.username,
            wiring.unseal(login.password, belongs_to=login.seal_name),
        )
        for login in context.registry_logins.all()
    ]
