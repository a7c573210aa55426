"""What is changed in the emulator before it starts, one patch a file.

Patches reach into private names. The emulator is pinned exactly, and a test shows for each patch that it still bites.
"""

from collections.abc import Callable

from sealift.local.patches.aliases import weighted_aliases
from sealift.local.patches.conditions import resources_under_conditions
from sealift.local.patches.events import http_api_events
from sealift.local.patches.functions import functions_made, refuse_without_code_or_role
from sealift.local.patches.importing import after_import
from sealift.local.patches.metrics import counted_apis, counted_functions, own_alarms
from sealift.local.patches.quotas import lifted_counts, lifted_size
from sealift.local.patches.recreations import known_recreations
from sealift.local.patches.replies import proxy_replies
from sealift.local.patches.validators import request_validators


def apply(prepare: Callable[[str], None]) -> None:
    """Apply every patch. `prepare` is told the runtime of each function that a stack makes."""
    weighted_aliases()
    http_api_events()
    proxy_replies()
    counted_functions()
    counted_apis()
    own_alarms()
    after_import("ministack.services.cloudformation.engine", lifted_counts)
    after_import("ministack.services.cloudformation.helpers", lifted_size)
    after_import("ministack.services.cloudformation.stacks", known_recreations)
    after_import("ministack.services.cloudformation.changesets", resources_under_conditions)
    after_import("ministack.services.cloudformation.provisioners", request_validators)
    after_import(
        "ministack.services.cloudformation.provisioners",
        lambda provisioners: functions_made(provisioners, prepare, refuse_without_code_or_role),
    )
