"""``${parameters.NAME}`` in the values where it may stand: the name must be a parameter."""

import re
from collections.abc import Iterator

from environments.core.problems import Problem, error
from environments.core.template.fields import Entry, Word
from environments.core.template.suggesting import Known

_PLACEHOLDER = re.compile(r"\$\{parameters\.([^${}]*)(\}?)")


def placeholder_problems(root: Entry) -> Iterator[Problem]:
    """An error for each placeholder that is unclosed or names no parameter of the template."""
    known = Known(parameter.name for parameter in root.entries("parameters"))
    for key in ("services", "jobs", "cron_jobs"):
        for workload in root.entries(key):
            for word in _values(workload):
                yield from _in_word(word, known)


def _values(workload: Entry) -> Iterator[Word]:
    for env in workload.entries("envs"):
        yield Word(env.text("value"), env.place_of("value"))
    yield from workload.words("command")
    yield from workload.words("args")
    build = workload.entry("build")
    if build is not None:
        yield from build.words("args")


def _in_word(word: Word, known: Known) -> Iterator[Problem]:
    for found in _PLACEHOLDER.finditer(word.text):
        name, end = found[1], found[2]
        if not end:
            yield error("template.placeholder-open", place=word.place, name=name)
        elif name not in known:
            hint = known.nearest(name, "Add it to parameters.")
            yield error("template.placeholder-unknown", place=word.place, name=name, hint=hint)
