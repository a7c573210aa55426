"""Rules of AWS IoT: AWS takes a topic in double quotes as well, the emulator in single ones alone."""

import re

from sealift.cfn.values import mapped, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import with_properties, with_resources
from sealift.model.template import Json

_TOPIC = re.compile(r'(\bFROM\s+)"([^"\']*)"', re.IGNORECASE)


def topic_rules(body: Body, context: Context) -> Expanded:
    """Write the topic of each rule in single quotes."""
    del context
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body, "AWS::IoT::TopicRule"):
        payload = mapping_at(properties(resource).get("TopicRulePayload"))
        sql = mapped(payload.get("Sql"), _single)
        changed[logical_id] = with_properties(resource, {"TopicRulePayload": {**payload, "Sql": sql}})
    return Expanded(body=with_resources(body, changed))


def _single(value: Json) -> Json:
    return _TOPIC.sub(r"\1'\2'", value) if isinstance(value, str) else value
