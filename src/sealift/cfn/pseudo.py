"""Pseudo parameters: what every template may refer to without declaring it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
"""

from functools import lru_cache
from typing import Final

from sealift.model.template import Json

PSEUDO_PARAMETERS: Final = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_PARTITIONS: Final = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
)
"""Beginning of the region, partition, domain: https://docs.aws.amazon.com/general/latest/gr/rande.html"""


@lru_cache(maxsize=64)
def partition_of(region: str) -> str:
    """Return the AWS partition of a region: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    return next((partition for beginning, partition, _ in _PARTITIONS if region.startswith(beginning)), "aws")


def pseudo_parameters(*, account: str, region: str, stack_name: str) -> dict[str, Json]:
    """Return the pseudo parameters that are known before a deployment."""
    domain = next((domain for beginning, _, domain in _PARTITIONS if region.startswith(beginning)), "amazonaws.com")
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition_of(region),
        "AWS::Region": region,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": domain,
    }
