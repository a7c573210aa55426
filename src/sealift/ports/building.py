"""Ports that read templates, build releases, and analyse and test them."""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from typing import TYPE_CHECKING, Protocol

from sealift.model.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sealift.model.app import App
    from sealift.model.finding import Lack, SuiteResult
    from sealift.model.loading import Loading
    from sealift.model.reads import FunctionReads
    from sealift.model.release import BuiltArtifact, Finished, Looked
    from sealift.model.template import Asset, Location, Outside, Rendered, Template


class Templates(Protocol):
    """Reads, seals and renders templates."""

    def load(
        self, root: Path, file: str, *, buildable: bool = ..., given: Mapping[str, Mapping[str, str]] = ...
    ) -> Template:
        """Parse a template and everything it includes. Raises TemplateError with file and line.

        Unless it has to be `buildable`, code of functions may be missing or be a container image. `given` has the
        values of parameters by environment: what decides a build has to be the same in all of them.
        """

    def harden(
        self, root: Path, template: Template, lacks: Mapping[str, Sequence[Lack]]
    ) -> tuple[tuple[str, Lack], ...]:
        """Write what resources lack into the template's file; return, by logical id, what its author has to write.

        Raises TemplateError when the file cannot be written.
        """

    def shared_layers(self, template: Template) -> tuple[Asset, ...]:
        """Return the layers that could hold what functions of this template share; nested ones are not looked into."""

    def seal(self, template: Template, blobs: Mapping[str, str], layers: Mapping[str, str] = ...) -> bytes:
        """Return the environment-neutral template, each asset (by key) replaced by `blobs/<sha256>`.

        `layers` gives the key of the shared layer to each asset of a function that uses one.
        """

    def outside(
        self, body: bytes, *, parameters: Mapping[str, str], read: Callable[[str], bytes]
    ) -> tuple[Outside, ...]:
        """Return what a sealed template, and those nested in it, read from outside the release.

        `parameters` has pseudo parameters, too, and `read` returns a nested template by its SHA-256.
        """

    def render(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation with these parameters. Deterministic."""


class Trials(Protocol):
    """Loads finished functions on this machine, without network, credentials and settings."""

    def runtime(self, name: str) -> str:
        """Return what runs functions of a runtime here: as long as that is the same, so is what comes of a trial."""

    def load(self, functions: Sequence[Finished]) -> tuple[Loading, ...]:
        """Load each function once, in the given order; `skipped` gives the reason if it was not loaded."""


class Builder(Protocol):
    """Builds artifacts."""

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Build each asset, reuse what did not change, return them by asset key. Raises BuildError."""

    def store(self, data: bytes) -> Path:
        """Keep bytes in the cache under their SHA-256 and return the path."""

    def look(self, functions: Sequence[Finished]) -> Looked:
        """Inspect finished functions and load each once. Raises BuildError for a function that fails at every call."""

    def texts(self, root: Path, assets: Sequence[Asset]) -> Mapping[str, Mapping[str, Location]]:
        """Return the text literals in the own source of each asset by its key, each with its first place."""


class Analyzer(Protocol):
    """Static analysis of source and template."""

    def analyse(self, app: App, templates: Mapping[str, Template], *, local: bool) -> SuiteResult:
        """Run the linters. Each finding states whether it stops the journey."""

    def audit(self, app: App, pins: Sequence[str], *, npm: bool) -> SuiteResult:
        """Look for known vulnerabilities of these packages of Python (`name==version`), and of npm's locked ones.

        All of it is advice; `reason` says what was not checked.
        """

    def reads(self, app: App, template: Template) -> tuple[FunctionReads, ...]:
        """Return what the code of each function reads of its configuration, as far as that is static."""


class Tester(Protocol):
    """Runs the application's own tests in an environment made from its own requirements."""

    def unit(self, app: App, *, again: bool = False) -> SuiteResult:
        """Run the unit tests, unless they passed on the same files in the same environment; `again` runs them then."""

    def acceptance(self, app: App, environment: Mapping[str, str]) -> SuiteResult:
        """Run the acceptance tests with these environment variables added."""


@value
class Checkout:
    """A commit in a folder of its own, with what builds it there and believes nothing that earlier builds left."""

    app: App
    builder: Builder
    templates: Templates


class Checkouts(Protocol):
    """Commits of the repository, each in a folder of its own for a while."""

    def at(self, root: Path, commit: str, *, locks: Mapping[str, str]) -> AbstractContextManager[Checkout]:
        """Check a commit out. Raises UserError when this clone does not have it.

        What its declarations leave open is resolved as `locks` say: versions and hashes by the name of a declaration.
        """
