"""Group 5: files that are no template, and those that are meant to hurt.

Held elsewhere, line by line, in tests/core/test_yamlfile_reading.py: billion laughs
(``test_a_billion_laughs_stay_small``), anchor cycles, 10 MB, depth 10,000, duplicate keys, tabs,
``!!python/object``, merge keys, text that is not UTF-8 and the missing colon
(``test_what_is_wrong_is_said_with_its_place`` and those after it); ``no``, ``on``, octal numbers
and dates (``test_scalars_mean_what_yaml_1_2_says``); CRLF and a byte order mark; any other bytes by
hypothesis. An empty file, a list at the top and unknown keys in
tests/core/test_template_parsing.py. Here: that nothing of it is ever saved.
"""

import pytest
from django.test import Client

from environments.actions.applications import register_application, save_application_template
from environments.actions.asking import Refused
from environments.actions.environments import save_environment_template
from environments.core.problems import has_errors
from environments.models import Application
from environments.services import members
from tests.world import TEMPLATE, World, services

LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
)
BAD = {
    "yaml.alias-limit": LAUGHS,
    "yaml.alias-cycle": "services: &x [*x]\n",
    "yaml.too-large": "# " + "x" * (10 * 1024 * 1024) + "\n",
    "yaml.too-deep": "[" * 10_000,
    "yaml.duplicate-key": "services: []\nservices: []\n",
    "yaml.tab": "services:\n\t- name: x\n",
    "yaml.tag": "services: !!python/object:os.system x\n",
    "yaml.merge-key": "app_imports: &a []\nx:\n  <<: *a\n",
    "yaml.colon": "app_imports\n- name: backend\n",
    "template.unknown-key": "servces: []\n",
    "template.expected": "- name: x\n",
    "yaml.character": "app: a\0b\n",
}


@pytest.mark.parametrize("problem", BAD)
def test_it_is_never_registered_or_saved(world: World, problem: str) -> None:
    text = BAD[problem]
    application = world.application("shop")
    environment = world.create(application)
    asked = (
        lambda: register_application(
            world.operator, source=application.repository_url, name="other", template=text
        ),
        lambda: save_application_template(world.operator, application, text=text, opened_on=1),
        lambda: save_environment_template(world.operator, environment, text=text, opened_on=1),
    )
    for ask in asked:
        with pytest.raises(Refused) as refused:
            ask()
        assert has_errors(refused.value.problems)
        found = {one.id: one for one in refused.value.problems}
        assert found[problem].place is not None
    assert Application.objects.get().number == 1
    assert environment.versions.count() == 1


def test_the_editor_comes_back_with_what_was_typed(world: World, browser: Client) -> None:
    world.application("shop")
    for problem, text in BAD.items():
        if problem == "yaml.too-large":
            continue  # more than a form may have at all
        sent = {"what": "template", "text": text, "opened_on": "1"}
        answer = browser.post("/acme/applications/shop/settings", sent)
        assert answer.status_code == 422, problem
    assert Application.objects.get().number == 1


def test_the_line_and_the_next_step_of_a_missing_colon(world: World) -> None:
    application = world.application("shop")
    with pytest.raises(Refused) as refused:
        save_application_template(
            world.operator, application, text=f"{services('web')}{BAD['yaml.colon']}", opened_on=1
        )
    (problem,) = refused.value.problems
    assert problem.place is not None and problem.place.line == 8
    assert problem.message.endswith("Write app_imports: instead.")


def test_a_template_that_is_not_text_is_refused_by_its_path(world: World) -> None:
    application = world.application("source")
    repository = world.repositories["source"]
    (repository.folder / TEMPLATE).write_bytes(b"app: \xe4\n")
    repository.commit({})
    with pytest.raises(Refused, match=rf"{TEMPLATE} of the repository is not UTF-8 text\."):
        register_application(world.operator, source=application.repository_url, name="other")
    assert Application.objects.count() == 1


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(world: World) -> None:
    text = "\ufeff" + services("web").replace("\n", "\r\n")
    application = world.application("shop", text)
    environment = world.deployed(application)
    assert environment.status == "deployed"
    assert "\r\n" in members.latest(application).template
