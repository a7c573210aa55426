"""`check --fix`: what stores lack in production is written into the template."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("shared_cache")
TEMPLATE = """\
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST  # cheap
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Files: {Type: AWS::S3::Bucket}
"""


def stores_advised(shown) -> set[str]:
    """Return the stores that something is said of."""
    return {f["data"]["logical_id"] for f in shown.json["findings"] if f["rule"] == "production-defaults"}


def test_lines_are_added_and_the_rest_is_left_to_its_author(sealift, folder: Path):
    (folder / "template.yaml").write_text(TEMPLATE)
    assert stores_advised(sealift("check", "--no-tests", "-C", folder, "--json")) == {"Orders", "Files"}
    assert (folder / "template.yaml").read_text() == TEMPLATE
    assert stores_advised(sealift("check", "--fix", "--no-tests", "-C", folder, "--json")) == {"Files"}
    text = (folder / "template.yaml").read_text()
    assert "    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n" in text
    assert "      BillingMode: PAY_PER_REQUEST  # cheap\n" in text
    assert text.endswith("  Files: {Type: AWS::S3::Bucket}\n")


def test_it_is_said_what_was_written_and_what_was_not(sealift, folder: Path):
    (folder / "template.yaml").write_text(TEMPLATE)
    said = sealift("check", "--fix", "--no-tests", "-C", folder).err
    assert "Orders got DeletionPolicy: Retain; UpdateReplacePolicy: Retain; PointInTime" in " ".join(said.split())
    assert "Files must be added by hand: DeletionPolicy: Retain" in " ".join(said.split())


def test_a_second_time_there_is_nothing_to_add(sealift, folder: Path):
    (folder / "template.yaml").write_text(TEMPLATE)
    sealift("check", "--fix", "--no-tests", "-C", folder)
    before = (folder / "template.yaml").read_text()
    shown = sealift("check", "--fix", "--no-tests", "-C", folder)
    assert "Orders got" not in shown.err
    assert (folder / "template.yaml").read_text() == before
