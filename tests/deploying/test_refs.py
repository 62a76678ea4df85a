"""What pages know of repositories: asked side by side, remembered shortly, never mistaken."""

import threading
from collections.abc import Callable, Iterator

import pytest

from environments import wiring
from environments.core.ports import GitHostError, GitHostRefused, GitHostUnreachable, Refs
from environments.models import Application
from environments.services import refs
from tests.world import World

MAIN = Refs("main", {"main": "1" * 40})
NEWER = Refs("main", {"main": "2" * 40})


@pytest.fixture
def application(world: World) -> Application:
    application = world.application("shop")
    refs.forget()
    return application


@pytest.fixture
def others(world: World, application: Application) -> list[Application]:
    """Four applications, each with a repository of its own."""
    return [application, *(world.application(name) for name in ("a", "b", "c"))]


@pytest.fixture
def answering(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[str], Refs]], None]:
    """The git host answers with this function."""

    def answering(answer: Callable[[str], Refs]) -> None:
        monkeypatch.setattr(wiring.git_host("git"), "refs", answer)

    return answering


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Until it is set, a silent host holds its answer back."""
    gate = threading.Event()
    yield gate
    gate.set()


Answering = Callable[[Callable[[str], Refs]], None]


def answer_of(application: Application) -> refs.Answer:
    return refs.known_refs([application])[application.pk]


def failing(wrong: GitHostError) -> Callable[[str], Refs]:
    def answer(url: str) -> Refs:
        raise wrong

    return answer


def test_an_answer_is_remembered_for_a_while(
    application: Application, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(lambda url: MAIN)
    assert answer_of(application).refs == MAIN
    answering(lambda url: NEWER)
    assert answer_of(application).refs == MAIN
    monkeypatch.setattr(refs, "FRESH_SECONDS", 0.0)
    assert answer_of(application).refs == NEWER


def test_a_deployment_asks_anew_and_pages_know_it_from_then_on(
    application: Application, answering: Answering
) -> None:
    answering(lambda url: MAIN)
    assert answer_of(application).refs == MAIN
    answering(lambda url: NEWER)
    assert refs.fresh_refs(application) == NEWER
    assert answer_of(application).refs == NEWER


def test_all_are_asked_side_by_side(others: list[Application], answering: Answering) -> None:
    refs.forget()
    together = threading.Barrier(len(others))

    def answer(url: str) -> Refs:
        together.wait(20)  # breaks, unless all of them are here at once
        return MAIN

    answering(answer)
    answers = refs.known_refs(others)
    assert {one.refs and one.refs.default_branch for one in answers.values()} == {"main"}


def test_who_does_not_answer_is_told_and_the_others_are_known(
    others: list[Application],
    answering: Answering,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refs.forget()
    monkeypatch.setattr(refs, "PATIENCE_SECONDS", 0.2)
    silent, *rest = others

    def answer(url: str) -> Refs:
        if url == silent.repository_url:
            gate.wait()
        return MAIN

    answering(answer)
    for one in rest:
        assert refs.fresh_refs(one) == MAIN
    answers = refs.known_refs(others)
    assert answers[silent.pk].refs is None
    assert answers[silent.pk].error == "it did not answer within 5 s"
    assert all(answers[one.pk].refs == MAIN for one in rest)


def test_a_silent_one_is_not_asked_again_before_it_answered(
    application: Application,
    answering: Answering,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refs, "PATIENCE_SECONDS", 0.02)
    asked: list[str] = []

    def answer(url: str) -> Refs:
        asked.append(url)
        gate.wait()
        return MAIN

    answering(answer)
    for _ in range(5):
        assert answer_of(application).error
    assert len(asked) == 1
    monkeypatch.setattr(refs, "PATIENCE_SECONDS", 20.0)
    gate.set()
    assert answer_of(application).refs == MAIN


def test_what_was_known_before_stays_known_with_its_age_while_a_host_is_away(
    application: Application, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(lambda url: MAIN)
    known = answer_of(application)
    monkeypatch.setattr(refs, "FRESH_SECONDS", 0.0)
    answering(failing(GitHostUnreachable("the host does not answer")))
    older = answer_of(application)
    assert (older.refs, older.error) == (MAIN, "the host does not answer")
    assert older.asked_at == known.asked_at


def test_a_refusal_is_no_silence(
    application: Application, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(lambda url: MAIN)
    answer_of(application)
    monkeypatch.setattr(refs, "FRESH_SECONDS", 0.0)
    answering(failing(GitHostRefused("there is no such repository")))
    assert answer_of(application).refs is None
