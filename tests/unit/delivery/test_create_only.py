"""What only can be given at creation: from the registry's schemas, in the guard's own judgement."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.create_only import recreation
from sealift.delivery.guard import GuardInput, judge
from sealift.delivery.stateful import IDENTITIES, STORES
from sealift.model.stack import Change, ChangeDetail, ChangeSet, Replacement
from tools.create_only import TARGET, lines
from tools.identities import schemas


def always() -> list[tuple[str, str]]:
    """Return what the registry lets be given at creation only, of each type that the guard looks at."""
    return sorted(
        (kind, path.removeprefix("/properties/"))
        for kind in {*STORES, *IDENTITIES} & set(schemas())
        for path in schemas()[kind].get("createOnlyProperties", ())
        if path not in schemas()[kind].get("readOnlyProperties", ())
    )


ALWAYS = st.deferred(lambda: st.sampled_from(always()))  # read when a test draws, not by each collection


def test_the_data_is_what_cfn_lint_ships() -> None:
    assert Path(TARGET).read_text() == "\n".join(lines()) + "\n", "python -m tools.create_only"


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("AWS::S3::Bucket", "BucketName", "Always"),
        ("AWS::S3::Bucket", "VersioningConfiguration", "Never"),
        ("AWS::S3::Bucket", "NotificationConfiguration", "Never"),
        ("AWS::DynamoDB::Table", "KeySchema", "Conditionally"),
        ("AWS::DynamoDB::Table", "TableName", "Always"),
        ("AWS::ApiGateway::RestApi", "Body", "Never"),
        ("AWS::SecretsManager::Secret", "Description", "Never"),
        ("AWS::ECR::Repository", "RepositoryName/Of", "Always"),
        ("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions", "Conditionally"),
        ("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions/KmsKeyId/Of", "Conditionally"),
        ("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions/Other", "Never"),
        ("AWS::ApiGateway::Account", "Anything", "Never"),
        ("AWS::DynamoDB::Table", "mportSourceSpecification", "Never"),
        ("Custom::Thing", "Anything", None),
    ],
)
def test_it_is_known_what_makes_a_new_resource(kind: str, name: str, found: str | None) -> None:
    assert recreation(kind, name) == found


@given(ALWAYS, st.sampled_from([None, "False", "True", "Conditional"]))
def test_a_change_of_what_only_can_be_given_at_creation_is_stopped_whatever_the_change_set_says(
    changed: tuple[str, str], replacement: Replacement | None
) -> None:
    kind, path = changed
    assert findings(kind, path, replacement, before="a", after="b") != []


@given(ALWAYS, st.sampled_from([None, "False", "True", "Conditional"]))
def test_what_stays_as_it_was_replaces_nothing(changed: tuple[str, str], replacement: Replacement | None) -> None:
    kind, path = changed
    assert findings(kind, path, replacement, before="a", after="a") == []


def findings(kind: str, path: str, replacement: Replacement | None, *, before: str, after: str) -> list[str]:
    detail = ChangeDetail(
        attribute="Properties", name=path.split("/")[0], path=f"/Properties/{path}", before=before, after=after
    )
    change = Change(
        action="Modify", logical_id="It", physical_id="it", type=kind, replacement=replacement, details=(detail,)
    )
    change_set = ChangeSet(
        name="c", id="c", stack_name="s", status="CREATE_COMPLETE", execution_status="AVAILABLE", changes=(change,)
    )
    found = judge(GuardInput(stack="app", change_set=change_set))
    return [f.id for f in found if f.id.endswith("-replaced")]
