"""What is written into a pull request: names stay names."""

import re

from hypothesis import given
from hypothesis import strategies as st

from environments.core.comments import EnvironmentState, ImportLine, comment, gone, plain

STATE = EnvironmentState(
    name="pr-login",
    application="frontend",
    page="https://rc.example.org/acme/environments/ted1234/",
    status="Deployed",
    branch="feature/login",
    commit="a" * 40,
    links=("https://web-ted1234.env.example.org",),
    imports=(ImportLine("backend", "feature/login", "b" * 40, "same name"),),
    shared_with=("backend#7",),
)


def test_it_tells_all_that_there_is() -> None:
    text = comment(STATE)
    assert text.startswith("<!-- releaseclone -->\n**Environment [pr\\-login](https://rc.")
    assert "- https://web-ted1234.env.example.org\n" in text
    assert "| backend | feature\\/login | `bbbbbbb` | same name |" in text
    assert "Shared with backend\\#\u200b7." in text


def test_it_tells_that_it_is_gone() -> None:
    assert "removed \\(" not in gone("pr-login", "it is closed.")
    assert "removed (it is closed\\.)" in gone("pr-login", "it is closed.")


EVIL = (
    "@octocat",
    "#1",
    "GH-1",
    "owner/repo#3",
    "<script>alert(1)</script>",
    "<img src=x onerror=x>",
    "[x](javascript:x)",
    "![x](https://evil.org/x.png)",
    "https://evil.org",
    "www.evil.org",
    "`code`",
    "| a | b |",
    "**bold**",
    "a\n\n# heading",
    "a\u202eb",
    "&lt;b&gt;",
    "-->",
    "$x^2$",
    ":tada:",
)


def test_mark_up_mentions_and_links_are_text() -> None:
    for text in EVIL:
        written = plain(text)
        assert "\n" not in written
        assert not re.search(r"(?<!\\)[`*_\[\]()<>|#@&$:]", written), written
        assert not re.search(r"@\w|#\d|GH-\d|https?:|www\.", written), written


@given(st.text(max_size=500))
def test_nothing_ends_the_line_or_the_cell(text: str) -> None:
    written = plain(text)
    assert "\n" not in written
    assert "\r" not in written
    assert not re.search(r"(?<!\\)(\\\\)*\|", written)
