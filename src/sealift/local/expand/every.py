"""Every expansion, in order."""

from sealift.local.expand.context import Expansion
from sealift.local.expand.dropped import dropped_types
from sealift.local.expand.environment_values import environment_values
from sealift.local.expand.gradual import gradual
from sealift.local.expand.graphql import graphql
from sealift.local.expand.http_api import http_api
from sealift.local.expand.in_name_only import in_name_only
from sealift.local.expand.integrations import integrations
from sealift.local.expand.left_out import left_out
from sealift.local.expand.own_settings import own_settings
from sealift.local.expand.policies import policies
from sealift.local.expand.rest_api import rest_api
from sealift.local.expand.state_machine import state_machine
from sealift.local.expand.topic_rules import topic_rules

EXPANSIONS: tuple[Expansion, ...] = (
    http_api,
    rest_api,
    integrations,
    state_machine,
    graphql,
    topic_rules,
    environment_values,
    own_settings,
    policies,
    gradual,
    in_name_only,
    left_out,
    dropped_types,
)
"""What makes new resources first, what takes some away last."""
