"""Files are read by the rules of YAML 1.2, and everything wrong is said at once with its place."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from environments.core.yamlfile import UnreadableError, load, read
from environments.core.yamlfile.reading import ALIAS_LIMIT, DEPTH_LIMIT, SIZE_LIMIT
from environments.core.yamlfile.scalars import meaning, quoted_like, written, written_in_flow


def places(source: str | bytes) -> list[tuple[str, int, int]]:
    """Id, line and column of every problem."""
    found = read(source).problems
    return [(each.id, each.place.line, each.place.column) for each in found if each.place]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("22:22", "22:22"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("+12", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("=", "="),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("!!int 1", 1),
        ("!!null null", None),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    read_value = load(f"a: {text}\n").value()
    assert read_value == {"a": value}
    assert isinstance(read_value, dict) and type(read_value["a"]) is type(value)


def test_a_scalar_keeps_its_text_as_written() -> None:
    document = load("a: 0x1F\nb: True\nc: 1.50\n")
    nodes = [document.at((key,)) for key in "abc"]
    assert [getattr(node, "text", None) for node in nodes] == ["0x1F", "True", "1.50"]


def test_keys_are_text() -> None:
    assert load("1: a\ntrue: b\n").value() == {"1": "a", "true": "b"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff"])
def test_a_file_without_content_is_nothing(text: str) -> None:
    assert load(text).value() is None


def test_a_byte_order_mark_and_carriage_returns_are_read_over() -> None:
    document = load(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert document.value() == {"a": 1, "b": 2}
    assert document.place_of_key(("b",)).line == 2
    assert document.place_of_key(("a",)).column == 1


def test_lines_and_columns_count_characters_from_one() -> None:
    document = load("é: 😀\nlist:\n- {k: ü, v: x}\n")
    place = document.place_of_key(("list", 0, "v"))
    assert (place.line, place.column) == (3, 10)
    assert document.place_of(("list", 0, "none", "deeper")) == document.place_of(("list", 0))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            "a: 1\na: 2\nb: {c: 1, c: 2}\n",
            [("yaml.duplicate-key", 2, 1), ("yaml.duplicate-key", 3, 11)],
        ),
        ("x: !!python/object:os.system y\n", [("yaml.tag", 1, 4)]),
        (
            "- !main\n- !!binary aaaa\n- !!set {a}\n",
            [("yaml.tag", 1, 3), ("yaml.tag", 2, 3), ("yaml.tag", 3, 3)],
        ),
        ("x: !!int y\n", [("yaml.tag", 1, 4)]),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", [("yaml.merge-key", 3, 3)]),
        ("a: *none\n", [("yaml.alias-unknown", 1, 4)]),
        ("a: &x [1, *x]\n", [("yaml.alias-cycle", 1, 11)]),
        ("? [a]\n: b\n", [("yaml.key", 1, 3)]),
        ("a: 1\n---\nb: 2\n", [("yaml.documents", 2, 1)]),
        ("a:\n\tb: 1\n", [("yaml.tab", 2, 1)]),
        ("\ta: 1\n", [("yaml.tab", 1, 1)]),
        ("é: ü\nb: \x01\n", [("yaml.character", 2, 4)]),
        ("a: \x00\n", [("yaml.character", 1, 4)]),
        ("b: 1\na: \ud800\n", [("yaml.character", 2, 4)]),
        ('a: "\\0"\n', [("yaml.character", 1, 4)]),
        (b"\xff\xfea\x00", [("yaml.not-text", 1, 1)]),
        (b"a: \xe4\n", [("yaml.not-text", 1, 4)]),
        ("\ufeffa: é\r\nb: ü".encode() + b"\xff", [("yaml.not-text", 2, 5)]),
        ("a: 1\nb: 'x\n", [("yaml.syntax", 2, 4)]),
        ("a: [1,\nb: 2\n", [("yaml.syntax", 3, 1)]),
        ("a: b: c\n", [("yaml.syntax", 1, 5)]),
        ("a: @x\n", [("yaml.syntax", 1, 4)]),
        ("%YAML 1.3\n---\na: 1\n", [("yaml.syntax", 1, 1)]),
        ("a:\n  - b\n c: 1\n", [("yaml.syntax", 3, 2)]),
        ("[" * 10_000, [("yaml.too-deep", 1, DEPTH_LIMIT + 1)]),
        ("- " * 10_000, [("yaml.too-deep", 1, 2 * DEPTH_LIMIT + 1)]),
        ("x" * (SIZE_LIMIT + 1), [("yaml.too-large", 1, 1)]),
        (b"x" * (10 * SIZE_LIMIT), [("yaml.too-large", 1, 1)]),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_what_is_wrong_is_said_with_its_place(
    source: str | bytes, found: list[tuple[str, int, int]]
) -> None:
    assert places(source) == found
    with pytest.raises(UnreadableError):
        load(source)


def test_a_billion_laughs_stay_small() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert [each[0] for each in places("\n".join(lines))] == ["yaml.alias-limit"]
    many = "a: &a [x]\nb: [" + "*a, " * ALIAS_LIMIT + "]\n"
    assert [each[0] for each in places(many)] == ["yaml.alias-limit"]


def test_aliases_do_not_hide_depth() -> None:
    lines = [f"a{n}: &a{n} " + "[" * 20 + (f"*a{n - 1}" if n else "x") + "]" * 20 for n in range(4)]
    assert [each[0] for each in places("\n".join(lines))] == ["yaml.too-deep"]


def test_an_alias_stands_for_its_value() -> None:
    assert load("a: &a [1]\nb: {c: *a}\n").value() == {"a": [1], "b": {"c": [1]}}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("app_imports\n- name: x\n", [(1, 1)]),
        ("a: 1\napp_imports\n- name: x\n", [(2, 1)]),
        ("a: 1\napp_imports  # mine\n- name: x\n", [(2, 1)]),
        ("services:\n- name: x\n  ports\n  - 1\njobs\n- name: y\n", [(3, 3), (5, 1)]),
        ("app_imports\nservices:\n- name: x\n", [(1, 1)]),
        ("services:\n- name: x\napp_imports\n", [(3, 1)]),
    ],
)
def test_a_key_without_its_colon_is_named_and_the_rest_is_read(
    text: str, keys: list[tuple[int, int]]
) -> None:
    assert places(text) == [("yaml.colon", *key) for key in keys]
    assert "Write app_imports: instead." in read("app_imports\n- name: x\n").problems[0].message


def test_a_file_with_a_missing_colon_is_still_looked_into() -> None:
    document = read("app_imports\n- name: x\n").document
    assert document is not None and document.value() == {"app_imports": [{"name": "x"}]}


def test_several_kinds_of_problem_are_said_at_once() -> None:
    text = "a: !x 1\na: 2\nservices\n- name: x\nb: *none\n"
    assert [each[0] for each in places(text)] == [
        "yaml.tag",
        "yaml.duplicate-key",
        "yaml.colon",
        "yaml.alias-unknown",
    ]


def test_a_tag_that_was_meant_as_text_is_explained() -> None:
    assert '"!main"' in read("refs:\n- !main\n").problems[0].message


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_input_is_read_or_refused(source: str | bytes) -> None:
    reading = read(source)
    assert reading.document is not None or reading.problems


@given(st.text(alphabet="ab:-#[]{}&*!|>'\" \n\t,?%@", max_size=40))
def test_any_mixture_of_marks_is_read_or_refused(source: str) -> None:
    reading = read(source)
    assert reading.document is not None or reading.problems


PLAIN = st.text(max_size=30) | st.integers() | st.booleans() | st.none()


@given(PLAIN.filter(lambda value: "\0" not in str(value)))
def test_what_is_written_reads_as_the_same(value: str | int | bool | None) -> None:
    texts = [f"k: {written(value)}\n", f"k: [{written_in_flow(value)}]\n"]
    texts += [f"k: {quoted_like(value, style)}\n" for style in ("'", '"')]
    for text in texts:
        found = load(text).value()
        assert found in ({"k": value}, {"k": [value]})
        # Older readers, for whom "on" is true, must not read anything else either.
        assert yaml.safe_load(text) == found


@pytest.mark.parametrize(
    "text", ["main", "feature/x-1", "postgres:14", "a b", "${env_id}.x", "v1.2.x"]
)
def test_plain_words_are_written_without_quotes(text: str) -> None:
    assert written(text) == text


@given(st.from_regex(r"[-+0-9.eExo_:a-f]{1,12}", fullmatch=True))
def test_numbers_mean_a_number_or_text(text: str) -> None:
    value = meaning(text)
    assert value == text or float(str(value)) == value
