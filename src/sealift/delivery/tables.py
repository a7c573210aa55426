"""What a DynamoDB table loses that is not the table itself: indexes, the expiry of its items, its stream. Pure.

CloudFormation does all of it without replacing the table, so a change set calls it harmless.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from collections.abc import Iterator, Mapping

from sealift.model.template import Json

TABLES = frozenset({"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"})
Properties = Mapping[str, Json]


def lost_indexes(before: Properties, after: Properties) -> Iterator[str]:
    """Yield a phrase for each global secondary index that is removed, or created again with another key."""
    now = _indexes(after)
    for name, index in _indexes(before).items():
        if name not in now:
            yield f"would lose its index {name}, and every query on it fails"
        elif _keys(index) != _keys(now[name]):
            was, becomes = _keys(index), _keys(now[name])
            yield f"would have its index {name} rebuilt with another key ({was} → {becomes}); queries fail meanwhile"


def lost_features(before: Properties, after: Properties) -> Iterator[str]:
    """Yield a phrase for each feature that is removed or changed: expiry of items, the stream."""
    ttl, new_ttl = (_text(p.get("TimeToLiveSpecification"), "AttributeName") for p in (before, after))
    if ttl and new_ttl and ttl != new_ttl:
        yield f"would expire items by {new_ttl}, no longer by {ttl} (TimeToLiveSpecification)"
    view, new_view = (_text(p.get("StreamSpecification"), "StreamViewType") for p in (before, after))
    if view and new_view and view != new_view:
        yield (
            f"would get another stream ({view} → {new_view}), and lose the old one with the records that are still "
            "in it (StreamSpecification)"
        )


def _indexes(properties: Properties) -> dict[str, Mapping[str, Json]]:
    found = properties.get("GlobalSecondaryIndexes")
    return {
        str(index["IndexName"]): index
        for index in (found if isinstance(found, list) else ())
        if isinstance(index, dict) and isinstance(index.get("IndexName"), str)
    }


def _keys(index: Mapping[str, Json]) -> str:
    schema = index.get("KeySchema")
    keys = (k for k in (schema if isinstance(schema, list) else ()) if isinstance(k, dict))
    return ", ".join(f"{k.get('AttributeName')} {k.get('KeyType')}" for k in keys)


def _text(value: Json, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
