"""Hosted URLs: which services get one, what it is called, and what is said about it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.core.names import is_label
from environments.core.plan import Plan
from environments.core.problems import Level
from tests.core.plans import ids, imported, member, plan, service, variables

NODE = "ports: [{type: node_port, target_port: 3000, port: 80}]"
INSIDE = "ports: [{type: container_port, port: 5432}]"


def template(*more: str, ports: str = NODE) -> str:
    """One service ``web``, and what else the template says."""
    return "\n".join((f"services:\n- name: web\n  image: x\n  {ports}", *more)) + "\n"


def hosted(text: str, **more: Any) -> Plan:
    return plan(member("shop", text, env_id="ted0001"), **more)


def addresses(made: Plan) -> list[tuple[str, str, str]]:
    return [(host.service, host.host, host.path) for host in made.hosts]


def test_without_hostnames_each_service_with_a_node_port_is_exposed() -> None:
    text = template(f"- name: api\n  image: x\n  {NODE}", f"- name: db\n  image: x\n  {INSIDE}")
    assert addresses(hosted(text)) == [
        ("web", "web-shop-ted0001.example.org", "/"),
        ("api", "api-shop-ted0001.example.org", "/"),
    ]


def test_with_hostnames_only_what_they_name_is_exposed() -> None:
    text = template(
        f"- name: api\n  image: x\n  {NODE}", "hostnames:\n- api: api-${env_id}.${domain}"
    )
    assert addresses(hosted(text)) == [("api", "api-ted0001.example.org", "/")]


@pytest.mark.parametrize("key", ["hostnames: []", "rules: []"])
def test_an_empty_list_exposes_nothing(key: str) -> None:
    assert not hosted(template(key)).hosts


def test_a_rule_may_have_several_names_and_a_path() -> None:
    text = template(
        "rules:\n- service: web\n  hostnames: ['a-${env_id}.${domain}', 'b.example.org']"
        "\n  path: /api"
    )
    made = hosted(text)
    assert addresses(made) == [
        ("web", "a-ted0001.example.org", "/api"),
        ("web", "b.example.org", "/api"),
    ]
    assert made.hosts[0].url == "https://a-ted0001.example.org/api"


def test_with_several_rules_the_first_gives_the_variables_with_its_path() -> None:
    text = template(
        "rules:\n- {service: web, hostnames: [first.example.org], path: /api}\n"
        "- {service: web, hostnames: [second.example.org]}"
    )
    values = variables(service(hosted(text), "shop", "web"))
    assert values["WEB_INGRESS_URL"] == "https://first.example.org/api"
    assert values["WEB_INGRESS_HOST"] == "first.example.org"


def test_all_placeholders_are_filled() -> None:
    text = template("hostnames:\n- web: ${app_name}-${env_name}-${env_id}.${domain}")
    assert addresses(hosted(text))[0][1] == "shop-demo-ted0001.example.org"


def test_a_host_name_is_lower_case() -> None:
    text = template("hostnames:\n- web: Web-${env_id}.Example.ORG")
    made = hosted(text)
    assert addresses(made)[0][1] == "web-ted0001.example.org"
    assert not made.problems


@pytest.mark.parametrize(
    ("scheme", "port", "url"),
    [
        ("https", 443, "https://web-shop-ted0001.example.org"),
        ("http", 80, "http://web-shop-ted0001.example.org"),
        ("http", 8080, "http://web-shop-ted0001.example.org:8080"),
        ("https", 80, "https://web-shop-ted0001.example.org:80"),
    ],
)
def test_the_url_has_a_port_where_it_is_not_the_schemes_own(
    scheme: str, port: int, url: str
) -> None:
    made = hosted(template(), ingress_scheme=scheme, ingress_port=port)
    values = variables(service(made, "shop", "web"))
    assert values["WEB_INGRESS_URL"] == made.hosts[0].url == url
    assert values["WEB_INGRESS_HOST"] == "web-shop-ted0001.example.org"


class TestGeneratedNames:
    """They are always labels, stay apart, and show the handle."""

    LONG = "a-service-with-a-rather-long-name"

    def test_a_long_name_is_cut_and_keeps_its_handle(self) -> None:
        made = plan(
            member(
                "an-application-with-a-long-name-too",
                f"services:\n- name: {self.LONG}\n  image: x\n  {NODE}\n",
                env_id="ted0001f",
            )
        )
        first, _, rest = made.hosts[0].host.partition(".")
        assert len(first) <= 63
        assert first.endswith("-ted0001f")
        assert rest == "example.org"
        assert not made.problems

    def test_two_long_names_that_begin_alike_stay_apart(self) -> None:
        text = "".join(
            f"- name: {self.LONG}-{end}\n  image: x\n  {NODE}\n" for end in ("one", "two")
        )
        made = plan(member("an-application-with-a-long-name-too", f"services:\n{text}"))
        assert len({host.host for host in made.hosts}) == 2
        assert not made.problems

    NAMES = st.text("abcXYZ019_.-é", min_size=1, max_size=80).filter(lambda name: name != "-")

    @given(NAMES, st.from_regex(r"[a-z]([a-z0-9-]{0,60}[a-z0-9])?", fullmatch=True))
    def test_whatever_a_service_is_called_its_host_is_valid(self, name: str, app: str) -> None:
        text = f"services:\n- name: '{name}'\n  image: x\n  {NODE}\n"
        (host,) = plan(member(app, text, env_id="ted0001f")).hosts
        assert all(is_label(part) for part in host.host.split("."))
        assert host.host.split(".")[0].endswith("-ted0001f")


class TestWhatIsRefused:
    """Each with the line of the pattern."""

    @pytest.mark.parametrize(
        ("pattern", "problem"),
        [
            ("x" * 64 + ".example.org", "host.label-too-long"),
            ("${app_name}-" + "x" * 60 + ".example.org", "host.label-too-long"),
            ("a_b.example.org", "host.not-a-name"),
            ("-a.example.org", "host.not-a-name"),
            ("a..example.org", "host.not-a-name"),
            ("${nothing}.example.org", "host.placeholder"),
            (".".join(["x" * 50] * 5) + ".example.org", "host.too-long"),
        ],
    )
    def test_a_name_that_cannot_be_one(self, pattern: str, problem: str) -> None:
        made = hosted(template(f"hostnames:\n- web: {pattern}"))
        (found,) = made.problems
        assert (found.id, found.level) == (problem, Level.ERROR)
        assert found.place is not None
        assert (found.place.file, found.place.line) == ("shop.yaml", 6)

    def test_a_name_that_another_namespace_holds(self) -> None:
        made = hosted(
            template("hostnames:\n- web: shop.example.org"),
            held_hosts={"shop.example.org": "it leads to ted0002-shop-main"},
        )
        (found,) = made.problems
        assert (found.id, found.level) == ("host.held", Level.ERROR)
        assert "ted0002-shop-main" in found.message


class TestWhatIsWarnedAbout:
    """It is carried out all the same, as far as it can be."""

    def test_a_name_outside_the_domains_is_routed_and_the_better_spelling_told(self) -> None:
        made = hosted(template("hostnames:\n- web: shop-${env_id}.example.com"))
        (found,) = made.problems
        assert (found.id, found.level) == ("host.outside", Level.WARNING)
        assert "shop-${env_id}.${domain}" in found.message
        assert found.place is not None and found.place.line == 6
        assert len(made.hosts) == 1

    @pytest.mark.parametrize("host", ["example.org", "notexample.org"])
    def test_the_domain_itself_and_one_that_only_ends_alike_are_outside(self, host: str) -> None:
        assert ids(hosted(template(f"hostnames:\n- web: {host}"))) == ["host.outside"]

    def test_each_domain_of_the_context_is_inside(self) -> None:
        text = template("hostnames:\n- web: shop.other.example")
        assert not hosted(text, domains=("example.org", "other.example")).problems

    def test_a_service_without_a_port_is_not_exposed(self) -> None:
        made = hosted(template("hostnames:\n- web: a.example.org", ports="replicas: 1"))
        assert ids(made) == ["host.no-port"]
        assert not made.hosts
        assert "WEB_INGRESS_URL" not in variables(service(made, "shop", "web"))

    def test_a_service_that_the_template_does_not_have(self) -> None:
        assert ids(hosted(template("hostnames:\n- wbe: a.example.org"))) == ["host.unknown-service"]

    def test_other_ports_that_would_be_reached_from_outside(self) -> None:
        ports = (
            "ports: [{type: container_port, port: 9}, {type: node_port, port: 3000},"
            " {type: node_port, port: 3001}]"
        )
        made = hosted(template(ports=ports))
        (found,) = made.problems
        assert (found.id, found.level) == ("host.other-ports", Level.WARNING)
        assert "3001" in found.message and "3000" not in found.message
        assert made.hosts[0].target_port == 3000

    def test_the_host_of_an_excluded_service_is_silently_not_there(self) -> None:
        text = template(
            f"- name: api\n  image: x\n  {NODE}", "hostnames:\n- api: api-${env_id}.${domain}"
        )
        made = plan(imported("backend", text, exclude_services=("api",)), member("shop", "{}"))
        assert not made.hosts and not made.problems


def test_a_host_may_lead_to_a_port_that_is_only_inside_if_there_is_no_other() -> None:
    made = hosted(template("hostnames:\n- web: a.example.org", ports=INSIDE))
    assert made.hosts[0].target_port == 5432


def test_a_static_service_is_exposed_without_a_port() -> None:
    made = hosted("services:\n- {name: site, static: true}\n")
    assert addresses(made) == [("site", "site-shop-ted0001.example.org", "/")]
    assert not made.problems


def test_a_pattern_of_its_own_is_what_the_digest_sees() -> None:
    (host,) = hosted(template()).hosts
    assert host.pattern == "web-shop-${env_id}.${domain}"
    assert not re.search("ted[0-9a-f]{4}", host.pattern)
