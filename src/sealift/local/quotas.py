"""CloudFormation's quotas of a template, counted in what AWS would get: not in what our own expansions add to it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from sealift.errors import CloudError
from sealift.local.expand import Body

_MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_MOST_BYTES = 1_000_000
"""Of a template that is given by its address in S3."""


def refuse_over_quota(translated: Body, sealed: bytes, stack_name: str) -> None:
    """Raise CloudError when AWS would not take a template for its size. SAM's own resources count on AWS, too."""
    problem = ""
    if len(sealed) > _MOST_BYTES:
        problem = f"Template may not exceed {_MOST_BYTES} bytes in size: it has {len(sealed)}"
    for section, most in _MOST.items():
        members = translated.get(section)
        if isinstance(members, dict) and len(members) > most:
            problem = f"Number of {section.lower()}, {len(members)}, is greater than maximum allowed, {most}"
    if problem:
        raise CloudError(
            f"AWS would refuse the template of {stack_name}: {problem}",
            code="template-quota",
            hint="Take a part of it into a stack of its own ([[stacks]]) or into a nested stack.",
            context={"stack": stack_name},
        )
