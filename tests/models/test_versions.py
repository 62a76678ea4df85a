"""Saved versions never change; what they belong to may still go."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import F, Model

from environments.models import ApplicationVersion, EnvironmentVersion
from tests.world import World

VERSIONS = (ApplicationVersion, EnvironmentVersion)
COLUMNS = ("number", "template", "variables", "change", "saved_at", "saved_by_name")


def _refused(model: type[Model], column: str) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        model._default_manager.update(**{column: F(column)})


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("model", VERSIONS)
def test_the_database_refuses_to_change_a_saved_version(
    world: World, model: type[Model], column: str
) -> None:
    world.deployed(world.application("backend"))
    assert model._default_manager.exists()
    _refused(model, column)


def test_a_person_may_be_deleted_and_the_name_stays(world: World) -> None:
    application = world.application("backend")
    world.deployed(application)
    for model in VERSIONS:
        model.objects.update(saved_by=None)
    assert all(version.saved_by_name for version in application.versions.all())


def test_an_application_goes_with_its_versions(world: World) -> None:
    application = world.application("backend")
    application.delete()
    assert not ApplicationVersion.objects.exists()


def test_migrating_again_keeps_the_refusal(world: World) -> None:
    world.application("backend")
    call_command("migrate", verbosity=0)
    _refused(ApplicationVersion, "template")
