"""Artifacts named by their SHA-256, and the release that seals them."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from sealift.model.template import AssetKind, ParameterSpec
from sealift.model.values import value

ARTIFACT_BUCKET_PARAMETER = "SealiftArtifactBucket"
"""The parameter of a sealed template that names the environment's own artifacts bucket."""

MANIFEST_FORMAT = 1
UNBUILT = "0" * 64
"""Stands for the SHA-256 of what was not built."""


@value
class Artifact:
    """A zip or file of a release. `logical_ids` are `<stack>/<LogicalId>`."""

    sha256: str
    size_bytes: int
    kind: AssetKind
    logical_ids: tuple[str, ...]
    runtime: str | None = None
    architecture: str | None = None


@value
class BuiltArtifact:
    """An artifact on this machine, and why it was or was not built again."""

    artifact: Artifact
    path: Path
    built: bool
    reason: str
    unzipped_bytes: int = 0
    warnings: tuple[str, ...] = ()
    lock: str | None = None
    """The resolved dependencies as a hash-locked requirements file, when there are any."""
    declaration: str | None = None
    """The name of the declaration that `lock` resolves, where that leaves versions open."""
    dependencies: tuple[tuple[str, int], ...] = ()
    """Pairs of `name==version` and unzipped size in bytes."""
    layer: str | None = None
    """The key of the layer's asset that holds those of its dependencies which it shares with other functions."""
    left_out: tuple[str, ...] = ()
    """What is in the source's folder but not in the package."""
    own: tuple[str, ...] = ()
    """Names of the source's files in the package, where it was packed as it is."""


STAND_IN = "known-at-deployment"
"""The value of a function's variable that is not known before a deployment."""


@value
class Finished:
    """A function with the packages that it consists of, named by their SHA-256, to be looked at before it is sealed."""

    logical_id: str
    handler: str | None
    runtime: str | None
    architecture: str | None
    package: Path
    layers: tuple[Path, ...] = ()
    foreign: bool = False
    """Whether it has layers or file systems that are not part of the release, or not known before a deployment."""
    own: tuple[str, ...] = ()
    """Names of its own files in the package; none where a tool made it."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Its environment variables; stand-ins where only a deployment knows the value."""
    unused: bool = False
    """Whether no environment has it."""
    inline: str | None = None
    """Its code, where the template holds that and no package does."""


@value
class Looked:
    """The result of inspecting finished functions."""

    warnings: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    """What was not inspected, and why."""


@value
class SealedStack:
    """One environment-neutral template of a release."""

    name: str
    template_sha256: str
    needs: tuple[str, ...]
    parameters: tuple[ParameterSpec, ...]
    settings: tuple[str, ...] = ()
    versioned: tuple[str, ...] = ()
    """References to settings whose versions are parameters of the template; not in the manifest when there is none."""
    functions: tuple[tuple[str, str], ...] = ()
    """Pairs of function logical id and the SHA-256 (hex) of its code, for those with code of their own."""


@value
class Release:
    """A sealed set of artifacts and templates. `digest` is the SHA-256 of its manifest's bytes.

    The manifest holds content only: no commit, time, path or machine, so the same content is the same release.
    """

    digest: str
    app: str
    stacks: tuple[SealedStack, ...]
    artifacts: tuple[Artifact, ...]
    manifest: bytes = field(repr=False)

    def short(self) -> str:
        """Return the first twelve digits of the digest, for people."""
        return self.digest[:12]

    @property
    def blobs(self) -> tuple[str, ...]:
        """The SHA-256 of everything stored under `blobs/`, templates included, sorted."""
        names = {a.sha256 for a in self.artifacts} | {s.template_sha256 for s in self.stacks}
        return tuple(sorted(names))


@value
class Origin:
    """Where a release came from, kept beside its manifest and in every ledger entry."""

    commit: str | None
    branch: str | None
    dirty: bool
    subject: str | None = None
    author: str | None = None


@value
class Commit:
    """A commit of the repository. `at` is when it was committed, aware UTC."""

    sha: str
    at: datetime
    author: str
    subject: str
    body: str = ""


@value
class BuiltRelease:
    """A release whose blobs are on this machine."""

    release: Release
    origin: Origin
    artifacts: tuple[BuiltArtifact, ...]
    files: Mapping[str, Path]
    """Path on this machine of every blob, by SHA-256."""
    template_sha256: str
    duration_s: float
    looked: Looked = field(default_factory=Looked)
