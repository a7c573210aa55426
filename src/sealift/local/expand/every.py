"""Every expansion, in order."""

from sealift.local.expand.context import Expansion
from sealift.local.expand.dropped import dropped_types
from sealift.local.expand.http_api import http_api
from sealift.local.expand.left_out import left_out
from sealift.local.expand.otherwise import environment_values, gradual, own_settings, policies, topic_rules
from sealift.local.expand.rest_api import rest_api
from sealift.local.expand.stored import graphql, state_machine

EXPANSIONS: tuple[Expansion, ...] = (
    http_api,
    rest_api,
    state_machine,
    graphql,
    topic_rules,
    environment_values,
    own_settings,
    policies,
    gradual,
    left_out,
    dropped_types,
)
"""What makes new resources first, what takes some away last."""
