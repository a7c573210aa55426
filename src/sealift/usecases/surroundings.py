"""What acceptance tests and hooks find in their environment, and the functions of a deployed stack."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sealift.delivery.causes import STACK_TYPE
from sealift.model.stack import StackResource
from sealift.ports import Cloud
from sealift.usecases.site import Site


def variables(site: Site, outputs: Mapping[str, str], *, only_reads: bool = False) -> dict[str, str]:
    """Return the variables that say where something runs, with the outputs and the right to reach it.

    With `only_reads` that is a right to read, where credentials can be narrowed.
    """
    reading = site.cloud.reading if only_reads else None
    return {
        "SEALIFT_ENV": site.name,
        "SEALIFT_APP": site.app.name,
        "SEALIFT_REGION": site.cloud.region,
        "SEALIFT_LOCAL": "1" if site.cloud.local else "0",
        "SEALIFT_PROTECTED": "1" if site.environment.protected else "0",
        "AWS_REGION": site.cloud.region,
        "AWS_DEFAULT_REGION": site.cloud.region,
        **{f"SEALIFT_OUTPUT_{re.sub(r'[.-]', '_', key)}": value for key, value in outputs.items()},
        **(reading or site.cloud.credentials or {}),
    }


def resources_of(cloud: Cloud, stack_name: str, prefix: str = "") -> Iterator[StackResource]:
    """Yield what was made in a stack and those nested in it, each under its path of logical ids."""
    for resource in cloud.stacks.resources(stack_name):
        if resource.physical_id is None:
            continue
        path = f"{prefix}{resource.logical_id}"
        if resource.type == STACK_TYPE:
            yield from resources_of(cloud, resource.physical_id, f"{path}/")
        else:
            yield replace(resource, logical_id=path)


def physical_functions(cloud: Cloud, stack_name: str) -> Iterator[tuple[str, str]]:
    """Yield (`Nested/LogicalId`, physical name) of each function; those under a false Condition have none."""
    for resource in resources_of(cloud, stack_name):
        if resource.type == "AWS::Lambda::Function":
            yield resource.logical_id, str(resource.physical_id)
