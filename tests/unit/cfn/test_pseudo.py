"""Pseudo parameters follow the partition of the region."""

import pytest

from sealift.cfn.pseudo import PSEUDO_PARAMETERS, pseudo_parameters


@pytest.mark.parametrize(
    ("region", "partition", "domain"),
    [
        ("eu-central-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ],
)
def test_partition_and_domain_are_those_of_the_region(region: str, partition: str, domain: str) -> None:
    values = pseudo_parameters(account="123456789012", region=region, stack_name="shop")
    assert (values["AWS::Partition"], values["AWS::URLSuffix"]) == (partition, domain)
    assert values.keys() <= PSEUDO_PARAMETERS
