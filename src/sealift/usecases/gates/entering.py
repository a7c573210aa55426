"""What wants to enter an environment, and what the gates read of it, each thing once.

What takes a release apart (proof, plan, rebuild) is imported where it is asked for: `status` asks for none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sealift.delivery.health import Judgement, judge
from sealift.delivery.history import Deployed, Standing
from sealift.delivery.manifest import release_key
from sealift.model.release import Release
from sealift.usecases.health import observe, send_probes
from sealift.usecases.probes import probes_of
from sealift.usecases.site import Site
from sealift.usecases.store import local_blob, stored_blob, stored_release

if TYPE_CHECKING:
    from sealift.usecases.deploy import Plan
    from sealift.usecases.proof.prove import Proof
    from sealift.usecases.rebuilding import Rebuilt


@dataclass(kw_only=True)
class Entering:
    """A release that wants to enter `site`; promoted out of `source`, or deployed when there is none."""

    site: Site
    source: Site | None = None
    release: str
    built: Release | None = None
    """The release itself where it was just built."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Blobs of one that was just built, by their SHA-256."""
    built_from: str | None = None
    """The commit of one that was just built."""
    proved: "Proof | None" = None
    """The proof of one that was just built."""
    adopt: bool = False
    strict: bool = False
    """Whether isolation findings stop on the embedded cloud, too."""
    rehearsal: bool = False
    """On the embedded cloud alone: a closed window is told, and passed."""
    soak_s: float | None = None
    """A shorter soak, on the embedded cloud alone."""
    probing: bool = True
    """Whether probes may make up for traffic that did not come."""
    rebuilding: bool = True
    """Whether the release is built again from its commit."""

    def refresh(self) -> None:
        """Forget what ledgers said: it may have changed. A release, its proof and its configuration do not."""
        for name in ("standing", "soaked", "verified"):
            self.__dict__.pop(name, None)

    @cached_property
    def standing(self) -> Standing:
        """Return where the environment stands that is entered."""
        return self.site.standing()

    @cached_property
    def soaked(self) -> Standing:
        """Return where the source stands."""
        return (self.source or self.site).standing()

    @cached_property
    def verified(self) -> Deployed | None:
        """Return the newest verified deployment of the release in the source."""
        return self.soaked.verified(self.release) if self.source is not None else None

    @property
    def commit(self) -> str | None:
        """Return the commit that the release was made from, as the source's ledger says."""
        if self.source is None:
            return self.built_from
        return self.verified.commit if self.verified is not None else None

    @cached_property
    def sealed(self) -> Release:
        """Return the release. Raises UserError when the source does not hold it."""
        if self.built is not None:
            return self.built
        return stored_release(self.release, (self.source or self.site).cloud)

    def blob(self, sha256: str) -> bytes:
        """Return a blob of the release. Raises UserError where it is missing, IntegrityError where it is damaged."""
        if sha256 in self.files:
            return local_blob(sha256, self.files)
        return stored_blob(sha256, (self.source or self.site).cloud)

    @cached_property
    def evidence(self) -> bytes | None:
        """Return the stored evidence of its analysis and tests; None where nobody recorded any."""
        if self.source is None:
            return None
        stored = self.source.cloud.bucket.get(release_key(self.release, "evidence"))
        return stored.body if stored is not None else None

    @cached_property
    def rebuilt(self) -> "Rebuilt":
        """Return what its commit builds here and now. Raises SealiftError when it cannot be built."""
        from sealift.usecases.rebuilding import rebuild

        assert self.source is not None
        assert self.commit is not None
        return rebuild(self.sealed, self.commit, self.source)

    @cached_property
    def proof(self) -> "Proof":
        """Return the proof of its isolation."""
        from sealift.usecases.proof.prove import prove_stored

        return self.proved or prove_stored(self.sealed, self.source or self.site)

    @cached_property
    def plan(self) -> "Plan":
        """Return the release with its configuration resolved. Raises ConfigError."""
        from sealift.usecases.deploy import plan_deployment

        kind: Literal["promotion", "deployment"] = "promotion" if self.source is not None else "deployment"
        return plan_deployment(self.site, self.sealed, commit=self.commit, kind=kind, adopt=self.adopt)

    @cached_property
    def judgement(self) -> Judgement | None:
        """Return how the release does where it soaks; None when it is not promoted. Traffic is made by probes."""
        if self.source is None:
            return None
        declared, now = self.source.environment.health, self.soaked
        seen = observe(self.source, now, start=now.soaking_since or self.source.services.clock.now())
        judgement = judge(seen, declared)
        if judgement.verdict == "waiting" and self.probing and probes_of(self.source):
            count = declared.min_requests - judgement.requests
            sent, problems = send_probes(self.source, self.source.outputs(), count=count)
            judgement = judge(seen, declared, synthetic=sent, problems=problems)
        return judgement
