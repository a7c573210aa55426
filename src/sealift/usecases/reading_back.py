"""Read the code of functions back after a deployment, and compare it with the release."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sealift.errors import CloudError, IntegrityError
from sealift.model.release import Release
from sealift.usecases.site import Site
from sealift.usecases.stacks.settling import shown
from sealift.usecases.surroundings import physical_functions

Compared = tuple[str, str, str]
"""Reference of a function, its physical name, and the SHA-256 that the release holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The compared code hashes, by reference of the function. `functions` counts all functions of the stacks."""

    compared: Mapping[str, str]
    functions: int

    @property
    def count(self) -> str:
        """Return how many were compared, in words."""
        of, all_of_them = len(self.compared), self.functions
        if of < all_of_them:
            return f"the code hashes of {of} of {all_of_them} functions"
        return f"the code hash{'es' * (of != 1)} of {of} function{'s' * (of != 1)}"


def read_back(site: Site, release: Release, *, made: Collection[str]) -> Codes:
    """Return the compared code hashes. Raises IntegrityError when a function differs.

    A function of which nothing is listed has a Condition that is false, unless the deployment just made it: `made`
    has the path of all that it did. Reads may be older than the deployment, so what differs is looked at again.
    """
    wrong, compared, functions = shown(lambda: compare(site, release, made), site, good=lambda seen: not seen[0])
    if wrong:
        raise IntegrityError(
            "Functions do not run the code of the release: " + "; ".join(wrong),
            code="code-mismatch",
            hint="Somebody changed them outside the pipeline. Deploy again with --force.",
            context={"environment": site.name},
        )
    return Codes(compared={ref: sha for ref, _, sha in compared}, functions=functions)


def compare(site: Site, release: Release, made: Collection[str] = ()) -> tuple[list[str], list[Compared], int]:
    """Return the differences, the compared functions, and the number of functions."""
    functions = 0
    compared: list[Compared] = []
    wrong: list[str] = []
    try:
        for stack in release.stacks:
            physical = dict(physical_functions(site.cloud, site.stack_name(stack)))
            functions += len(physical)
            compared += [(ref, physical[ref], sha) for ref, sha in stack.functions if ref in physical]
            unlisted = (ref for ref, _ in stack.functions if ref not in physical and f"{stack.name}/{ref}" in made)
            wrong += [f"{ref} was made, but is not listed" for ref in unlisted]
        states = site.cloud.functions.state([name for _, name, _ in compared])
    except CloudError as error:
        if error.code not in {"stack-not-found", "not-found"}:
            raise
        return [error.message], [], 0
    wrong += [
        f"{ref} ({state.name}) runs {state.code_sha256[:12]}, the release holds {sha[:12]}"
        for (ref, _, sha), state in zip(compared, states, strict=True)
        if state.code_sha256 != sha
    ]
    return wrong, compared, functions
