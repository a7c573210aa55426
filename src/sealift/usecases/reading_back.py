"""Read the code of functions back after a deployment, and compare it with the release."""

from collections.abc import Collection, Iterator

from sealift.errors import CloudError, IntegrityError
from sealift.model.release import Release
from sealift.usecases.site import Site
from sealift.usecases.stacks.settling import UNSEEN_S
from sealift.usecases.surroundings import physical_functions

Compared = tuple[str, str, str]
"""Reference of a function, its physical name, and the SHA-256 that the release holds."""


def read_back(site: Site, release: Release, *, made: Collection[str]) -> Iterator[tuple[str, str]]:
    """Return reference and SHA-256 of each function that was compared; raise IntegrityError where one differs.

    A function of which nothing is listed has a Condition that is false, unless the deployment just made it: `made`
    has the path of all that it did. Reads may be older than the deployment, so what differs is looked at again.
    """
    clock = site.services.clock
    until = clock.monotonic() + (0.0 if site.cloud.local else UNSEEN_S)
    wrong, compared = _compared(site, release, made)
    while wrong and clock.monotonic() < until:
        clock.sleep(3.0)
        wrong, compared = _compared(site, release, made)
    if wrong:
        raise IntegrityError(
            "Functions do not run the code of the release: " + "; ".join(wrong),
            code="code-mismatch",
            hint="Somebody changed them outside the pipeline. Deploy again with --force.",
            context={"environment": site.name},
        )
    return iter([(ref, sha) for ref, _, sha in compared])


def _compared(site: Site, release: Release, made: Collection[str]) -> tuple[list[str], list[Compared]]:
    """Return what is wrong, and each function that was looked at."""
    compared: list[Compared] = []
    wrong: list[str] = []
    try:
        for stack in release.stacks:
            physical = dict(physical_functions(site.cloud, site.stack_name(stack))) if stack.functions else {}
            compared += [(ref, physical[ref], sha) for ref, sha in stack.functions if ref in physical]
            unlisted = (ref for ref, _ in stack.functions if ref not in physical and f"{stack.name}/{ref}" in made)
            wrong += [f"{ref} was made, but is not listed" for ref in unlisted]
        states = site.cloud.functions.state([name for _, name, _ in compared])
    except CloudError as error:
        if error.code not in {"stack-not-found", "not-found"}:
            raise
        return [error.message], []
    wrong += [
        f"{ref} ({state.name}) runs {state.code_sha256[:12]}, the release holds {sha[:12]}"
        for (ref, _, sha), state in zip(compared, states, strict=True)
        if state.code_sha256 != sha
    ]
    return wrong, compared
