"""What acceptance tests and hooks find in their environment, and the functions of a deployed stack."""

import re
from collections.abc import Iterator, Mapping

from sealift.ports import Cloud
from sealift.usecases.site import Site


def variables(site: Site, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say where something runs, with the outputs and the right to reach it."""
    return {
        "SEALIFT_ENV": site.name,
        "SEALIFT_APP": site.app.name,
        "SEALIFT_REGION": site.cloud.region,
        "SEALIFT_LOCAL": "1" if site.cloud.local else "0",
        "AWS_REGION": site.cloud.region,
        "AWS_DEFAULT_REGION": site.cloud.region,
        **{f"SEALIFT_OUTPUT_{re.sub(r'[.-]', '_', key)}": value for key, value in outputs.items()},
        **(site.cloud.credentials or {}),
    }


def physical_functions(cloud: Cloud, stack_name: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (`Nested/LogicalId`, physical name) of each function; those under a false Condition have none."""
    for resource in cloud.stacks.resources(stack_name):
        if resource.physical_id is None:
            continue
        if resource.type == "AWS::Lambda::Function":
            yield (f"{prefix}{resource.logical_id}", resource.physical_id)
        elif resource.type == "AWS::CloudFormation::Stack":
            yield from physical_functions(cloud, resource.physical_id, f"{prefix}{resource.logical_id}/")
