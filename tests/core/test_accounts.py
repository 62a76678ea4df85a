"""Service accounts of a template."""

from typing import Any

import pytest

from environments.core.policy import refusals
from environments.core.render import render
from environments.core.template import parse_application_template
from tests.core.plans import imported, member, plan

ACCOUNTS = """service_accounts:
- {name: reader, cloud_role: "arn:aws:iam::1:role/reader"}
- {name: keeper, cloud_role: keeper@shop.iam.gserviceaccount.com}
- {name: other, cloud_role: 0000-11}
- {name: plain}
"""
SERVICES = """services:
- {name: a, image: x, service_account_name: reader}
- {name: b, image: x, service_account_name: keeper}
- {name: c, image: x, service_account_name: other}
- {name: d, image: x, service_account_name: plain}
- {name: e, image: x, service_account_name: of-a-chart}
jobs:
- {name: tell, image: x, command: [tell], service_account_name: reader}
"""


def made(text: str) -> list[Any]:
    objects = render(plan(member("shop", text)), account="acme")
    return [one for one in objects if one["kind"] == "ServiceAccount"]


def test_each_that_is_named_is_made_with_its_role_as_its_cloud_reads_it() -> None:
    found = {one["metadata"]["name"]: one["metadata"] for one in made(ACCOUNTS + SERVICES)}
    assert {name: one["annotations"] for name, one in found.items()} == {
        "reader": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/reader"},
        "keeper": {"iam.gke.io/gcp-service-account": "keeper@shop.iam.gserviceaccount.com"},
        "other": {"azure.workload.identity/client-id": "0000-11"},
        "plain": {},
    }
    assert "releaseclone/workload" not in found["reader"]["labels"]


def test_what_nobody_names_is_not_made() -> None:
    assert made(f"{ACCOUNTS}services: [{{name: a, image: x}}]") == []


def test_two_members_cannot_have_one_name() -> None:
    own = member("shop", f"app_imports: [{{name: backend}}]\n{ACCOUNTS}services: []\n")
    other = imported("backend", "service_accounts: [{name: reader}]\nservices: []\n")
    ids = [one.id for one in plan(other, own).problems if one.level == "error"]
    assert "collision.account" in ids


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("releaseclone-charts", "template.account-ours"),
        ("releaseclone", "template.account-ours"),
        ("Reader", "template.account-name"),
        ("a_b", "template.account-name"),
    ],
)
def test_a_name_that_is_the_product_s_or_none_is_refused_with_its_line(
    name: str, said: str
) -> None:
    for text in (
        f"services:\n- {{name: a, image: x, service_account_name: {name}}}\n",
        f"services: []\nservice_accounts:\n- {{name: {name}}}\n",
    ):
        (found,) = [one for one in parse_application_template(text).problems if one.id == said]
        assert found.level == "error"
        assert found.place is not None
        assert found.place.line in (2, 3)


def test_a_chart_cannot_take_the_product_s_account() -> None:
    pod = {"kind": "Pod", "spec": {"serviceAccountName": "releaseclone-charts", "containers": []}}
    (said,) = refusals([{**pod, "metadata": {"name": "p"}}], namespace="n")
    assert "the product's own" in said
