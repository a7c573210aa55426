"""What is changed in the emulator before it starts, one patch a file.

Patches reach into private names. The emulator is pinned exactly, and a test shows for each patch that it still bites.
"""

from sealift.local.interpreters import Places
from sealift.local.patches.aliases import weighted_aliases
from sealift.local.patches.conditions import resources_under_conditions
from sealift.local.patches.importing import after_import
from sealift.local.patches.loading import logged_load_failures
from sealift.local.patches.logs import exact_logs
from sealift.local.patches.metrics import counted_apis, counted_functions, own_alarms
from sealift.local.patches.quotas import lifted_counts, lifted_size
from sealift.local.patches.raising import survived_errors
from sealift.local.patches.replies import proxy_replies
from sealift.local.patches.runtimes import declared_runtimes, functions_made
from sealift.local.patches.validators import request_validators


def apply(where: Places, runtime_packages: str) -> None:
    """Apply every patch. `where` is where interpreters are looked for; `runtime_packages` holds what Lambda brings."""
    exact_logs()
    logged_load_failures()
    prepare = declared_runtimes(where, runtime_packages)
    weighted_aliases()
    proxy_replies()
    survived_errors()
    counted_functions()
    counted_apis()
    own_alarms()
    after_import("ministack.services.cloudformation.engine", lifted_counts)
    after_import("ministack.services.cloudformation.helpers", lifted_size)
    after_import("ministack.services.cloudformation.changesets", resources_under_conditions)
    after_import("ministack.services.cloudformation.provisioners", request_validators)
    after_import(
        "ministack.services.cloudformation.provisioners", lambda provisioners: functions_made(provisioners, prepare)
    )
