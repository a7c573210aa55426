"""Load every function of an environment once, where that can be done without invoking it: on the embedded cloud."""

from collections.abc import Sequence

from sealift.delivery.loading import Judged, judge
from sealift.errors import CloudError
from sealift.model.release import Release
from sealift.usecases.site import Site
from sealift.usecases.surroundings import physical_functions


def load_functions(site: Site, release: Release, *, undoing: bool) -> int:
    """Load the functions of a release; return how many were. Raises CloudError when one is broken for certain.

    What cannot be decided is a warning. While a deployment is undone, everything is: there is nothing to roll back to.
    """
    stacks = [site.stack_name(stack) for stack in release.stacks]
    refs = {physical: ref for name in stacks for ref, physical in physical_functions(site.cloud, name)}
    loaded = site.cloud.functions.load(tuple(refs))
    judged = [found for one in loaded if (found := judge(one, refs[one.name]))]
    broken = [one for one in judged if one.certain and not undoing]
    for one in judged:
        if one not in broken:
            text = f"Undecided whether this function can be loaded: {one.text}"
            site.note("not-loaded", text, level="warning")
    if broken:
        raise _broken(broken, site)
    return len(loaded) - len(judged)


def _broken(broken: Sequence[Judged], site: Site) -> CloudError:
    what = "A function" if len(broken) == 1 else f"{len(broken)} functions"
    return CloudError(
        f"{what} of {site.name} cannot be loaded:\n" + "\n".join(f"  - {one.text}" for one in broken),
        code="function-not-loaded",
        hint="Lambda would answer every event of it with this error. Correct it, then deploy again.",
        context={"environment": site.name, "functions": [one.name for one in broken]},
    )
