"""What a repository says about its application, at the head of its default branch."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from environments.actions.asking import Refused
from environments.core.ports import GitHost, GitHostError, GitHostRefused, Refs
from environments.core.problems import Place, Problem, error
from environments.core.yamlfile import Document, Mapping, Scalar, UnreadableError, load, resolved

TEMPLATE_PATH = ".release/application_template.yaml"
VARIABLES_PATH = ".release/environment_variables.yaml"
RELEASE_FILE = ".release.yaml"
GIT_HOST = "git"


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One text of the repository; None: there is no such file.

    ``named``: where ``.release.yaml`` names its path, None for a standard path.
    """

    path: str
    named: Place | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a repository holds."""

    source: str
    host: GitHost
    refs: Refs
    template_file: RepositoryFile
    variables_file: RepositoryFile

    @property
    def template(self) -> str | None:
        """The Application Template's text."""
        return self.template_file.text

    @property
    def template_path(self) -> str:
        """Where the Application Template is looked for."""
        return self.template_file.path

    @property
    def variables(self) -> str | None:
        """The variables file's text; ``Refused`` where it is named and not there."""
        file = self.variables_file
        if file.text is None and file.named is not None:
            raise Refused(self.missing(file))
        return file.text

    def content(self, path: str) -> bytes | None:
        """Any other file; None where there is none that could be read: a folder, a link."""
        commit = self.refs.branches[self.refs.default_branch]
        try:
            return self.host.read_file(self.source, commit=commit, path=path)
        except GitHostRefused:
            return None
        except GitHostError as wrong:
            raise Refused(error("repository.unread", reason=str(wrong))) from wrong

    def missing(self, file: RepositoryFile) -> Problem:
        """The error that a file is not there."""
        branch = self.refs.default_branch
        return error(
            "application.named-missing" if file.named else "application.no-template",
            place=file.named,
            path=file.path,
            branch=branch,
            commit=self.refs.branches[branch][:7],
        )


def read_repository(source: str, host: GitHost) -> Reading:
    """The texts at the head of the default branch; ``Refused`` where it cannot be read."""
    try:
        refs = host.refs(source)
        commit = refs.branches[refs.default_branch]
        template, variables = _files(_text(host, source, commit, RELEASE_FILE))
        return Reading(
            source,
            host,
            refs,
            RepositoryFile(
                template.path, template.named, _text(host, source, commit, template.path)
            ),
            RepositoryFile(
                variables.path, variables.named, _text(host, source, commit, variables.path)
            ),
        )
    except GitHostError as wrong:
        raise Refused(error("repository.unread", reason=str(wrong))) from wrong


def _files(release: str | None) -> tuple[RepositoryFile, RepositoryFile]:
    """Where ``.release.yaml`` says that the texts are, else the standard places."""
    try:
        document = load(release or "", file=RELEASE_FILE)
    except UnreadableError as wrong:
        raise Refused(*wrong.problems) from wrong
    root = resolved(document.root) if document.root is not None else None
    if root is not None and not isinstance(root, Mapping):
        place = document.place(root.start)
        raise Refused(error("application.release-file", place=place, reason="it is no mapping"))
    return (
        _named(document, "application_template", TEMPLATE_PATH),
        _named(document, "environment_variables", VARIABLES_PATH),
    )


def _named(document: Document, key: str, standard: str) -> RepositoryFile:
    node = document.at((key,))
    value = resolved(node) if node is not None else None
    if value is None or (isinstance(value, Scalar) and not value.text.strip()):
        return RepositoryFile(standard)
    place = document.place_of((key,))
    if not isinstance(value, Scalar):
        raise Refused(error("application.release-file", place=place, reason=f"{key} is no path"))
    path = PurePosixPath(value.text.strip())
    if path.is_absolute() or ".." in path.parts:
        raise Refused(error("application.release-path", place=place, path=value.text))
    return RepositoryFile(str(path), place)


def _text(host: GitHost, source: str, commit: str, path: str) -> str | None:
    content = host.read_file(source, commit=commit, path=path)
    if content is None:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Refused(error("application.not-text", path=path)) from wrong
