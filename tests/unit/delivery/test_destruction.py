import pytest

from sealift.delivery.destruction import BUCKET, doomed, staying
from sealift.model.stack import StackResource

RESOURCES = tuple(
    StackResource(logical_id=name, physical_id=physical, type=kind, status="CREATE_COMPLETE")
    for name, physical, kind in (
        ("Uploads", "uploads-1", BUCKET),
        ("Kept", "kept-1", BUCKET),
        ("Never", None, BUCKET),
        ("Foreign", "foreign-1", BUCKET),
        ("Items", "items-1", "AWS::DynamoDB::Table"),
    )
)
TEMPLATE = """{"Resources": {
  "Uploads": {"Type": "AWS::S3::Bucket"},
  "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "%s"},
  "Never": {"Type": "AWS::S3::Bucket"},
  "Items": {"Type": "AWS::DynamoDB::Table"}}}"""


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_is_retained_or_in_no_template_does_not_go(policy: str):
    assert doomed(RESOURCES, TEMPLATE % policy, type=BUCKET) == ("uploads-1",)


@pytest.mark.parametrize("template", ["", "Resources: {}", "[]", '{"Resources": 1}', '{"Resources": {"Uploads": 1}}'])
def test_of_a_template_that_can_not_be_read_nothing_goes(template: str):
    assert doomed(RESOURCES, template, type=BUCKET) == ()


@pytest.mark.parametrize(
    ("policy", "stays"), [("Retain", ("Kept",)), ("RetainExceptOnCreate", ("Kept",)), ("Snapshot", ()), ("Delete", ())]
)
def test_stores_that_the_template_retains_stay(policy: str, stays: tuple[str, ...]):
    assert staying(RESOURCES, TEMPLATE % policy) == stays
    role = StackResource(logical_id="Kept", physical_id="r", type="AWS::IAM::Role", status="CREATE_COMPLETE")
    assert staying([role], TEMPLATE % policy) == ()
    assert staying(RESOURCES, "") == ()
