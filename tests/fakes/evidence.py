"""Evidence of a commit that was analysed and tested."""

from sealift.model.evidence import Evidence
from sealift.model.release import BuiltRelease


def evidence(built: BuiltRelease) -> Evidence:
    """Return the evidence that `sealift run` would have made of it."""
    return Evidence(
        release=built.release.digest, commit=built.origin.commit, analysis="succeeded", tests="succeeded", passed=3
    )
