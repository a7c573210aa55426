"""What is changed in the emulator before it starts, a file for each subject.

Patches reach into private names. The emulator is pinned exactly, and a test shows for each patch that it still bites.
"""

from collections.abc import Callable
from types import ModuleType

from sealift.local.patches.aliases import weighted_aliases
from sealift.local.patches.change_sets import changed_outputs, known_recreations, resources_under_conditions
from sealift.local.patches.cors import origins
from sealift.local.patches.credentials import own_credentials
from sealift.local.patches.destinations import async_destinations
from sealift.local.patches.event_sources import consumers_of_streams, event_filters, stream_batches
from sealift.local.patches.events import http_api_events, rest_api_events, url_events
from sealift.local.patches.exports import kept_exports
from sealift.local.patches.functions import functions_made, inline_modules, refuse_without_code
from sealift.local.patches.gateway_responses import gateway_responses
from sealift.local.patches.graphql import pipeline_functions
from sealift.local.patches.importing import after_import
from sealift.local.patches.limits import integration_timeouts, payload_limits
from sealift.local.patches.metrics import counted_apis, counted_functions, own_alarms
from sealift.local.patches.more_types import more_types
from sealift.local.patches.parameter_mappings import parameter_mappings
from sealift.local.patches.permissions import (
    conditional_writes,
    known_boundaries,
    managed_policies,
    paths_of_roles,
    rights_on_functions,
    rights_on_parameters,
    tagged_apis,
    tags_in_boundaries,
)
from sealift.local.patches.pipes import pipes
from sealift.local.patches.properties import (
    kept_integrations,
    registered_targets,
    set_boundaries,
    set_on_functions,
    tagged_buckets,
)
from sealift.local.patches.quotas import lifted_counts, lifted_size
from sealift.local.patches.replies import nested_contexts, preflights, proxy_replies
from sealift.local.patches.roles import assumable_roles
from sealift.local.patches.sdk_models import models_read_once
from sealift.local.patches.service_integrations import refused_uris, service_integrations
from sealift.local.patches.settings import names_of_settings
from sealift.local.patches.simulation import simulations
from sealift.local.patches.state_machine_logs import logged_executions
from sealift.local.patches.state_machines import (
    calls_of_apis,
    checked_definitions,
    dates_of_nested_executions,
    objects_of_buckets,
)
from sealift.local.patches.states_data import ends_of_executions, state_data
from sealift.local.patches.taken import taken_names
from sealift.local.patches.validators import request_validators
from sealift.local.patches.web_sockets import web_sockets


def apply(prepare: Callable[[str], None]) -> None:
    """Apply every patch. `prepare` is told the runtime of each function that a stack makes."""
    for patch in (
        own_credentials,  # first
        models_read_once,
        weighted_aliases,
        http_api_events,
        rest_api_events,
        url_events,
        event_filters,
        gateway_responses,
        service_integrations,
        parameter_mappings,
        web_sockets,
        async_destinations,
        stream_batches,
        proxy_replies,
        nested_contexts,
        preflights,
        origins,
        payload_limits,
        integration_timeouts,
        counted_functions,
        counted_apis,
        own_alarms,
        rights_on_parameters,
        rights_on_functions,
        conditional_writes,
        managed_policies,
        known_boundaries,
        paths_of_roles,
        simulations,
        tags_in_boundaries,
        tagged_apis,
        dates_of_nested_executions,
        calls_of_apis,
        objects_of_buckets,
        logged_executions,
        state_data,
        ends_of_executions,
    ):
        patch()
    for module, patches in _CLOUDFORMATION.items():
        for change in patches:
            after_import(f"ministack.services.cloudformation.{module}", change)
    after_import(
        "ministack.services.cloudformation.provisioners",
        lambda provisioners: functions_made(provisioners, prepare, refuse_without_code),
    )


_CLOUDFORMATION: dict[str, tuple[Callable[[ModuleType], None], ...]] = {
    "engine": (lifted_counts,),
    "helpers": (lifted_size,),
    "stacks": (known_recreations, kept_exports),
    "changesets": (resources_under_conditions, changed_outputs),
    "provisioners": (
        request_validators,
        checked_definitions,
        names_of_settings,
        assumable_roles,
        set_boundaries,
        tagged_buckets,
        taken_names,
        inline_modules,
        kept_integrations,
        refused_uris,
        pipes,
        more_types,
        pipeline_functions,
        consumers_of_streams,
        registered_targets,
        set_on_functions,
    ),
}
"""What is changed in each module of the emulator's CloudFormation, when it is imported."""
