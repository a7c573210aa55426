"""Translates SAM to plain CloudFormation with AWS's own translator, offline, and keeps each resource's origin.

The translator is imported here alone and only when called: that takes a second.
"""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from sealift.cfn.values import mapping_at, scalar_text
from sealift.errors import TemplateError
from sealift.model.template import Json, Rendered
from sealift.template.late import imported_late

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_ONE_AT_A_TIME: Final = threading.Lock()
"""The translator keeps region and metrics in class attributes."""
_ORIGIN: Final = "SealiftOrigin"
_MODELS: Final = "samtranslator.internal.schema_source.aws_"
_NAMED: Final = re.compile(r"(?:id|ids) \[([^\]]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What the translator wants of a boto3 session: its region. Nothing in it may reach the network."""

    region_name: str


def translate(body: dict[str, Json], parameters: Mapping[str, Json], *, region: str) -> Rendered:
    """Return the translated template; `body` is used up.

    `parameters` has the text of every parameter, lists as lists. As on AWS, references to them stay in the template
    unless the translator has to know them. Raises TemplateError with all the translator's complaints.
    """
    marked = _mark(body)
    _stub_repository_applications(body)
    with _ONE_AT_A_TIME:
        translated = cast("dict[str, Json]", _run(body, dict(parameters), region))
    return Rendered(body=translated, origins=_origins(translated, marked))


def _run(body: dict[str, Any], parameters: dict[str, Any], region: str) -> dict[str, Any]:
    with imported_late(_MODELS):
        from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
        from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator import translator as translators
        from samtranslator.translator.arn_generator import ArnGenerator
        from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

    _silence()
    _keep_policy_templates(translators)
    metrics = Metrics("sealift", DummyMetricsPublisher())
    partition = ArnGenerator.get_partition_name(region)
    try:
        # The steps of samtranslator's own transform(), which has no way to give it a region but the environment.
        to_py27_compatible_template(body, parameters)
        translator = translators.Translator(None, Parser(), boto_session=_Session(region_name=region), metrics=metrics)
        translated = translator.translate(
            body,
            parameter_values=parameters,
            passthrough_metadata=True,
            get_managed_policy_map=lambda: get_bundled_managed_policy_map(partition) or {},
        )
        return cast("dict[str, Any]", undo_mark_unicode_str_in_template(translated))
    except InvalidDocumentException as error:
        raise _refused([cause.message for cause in error.causes]) from None
    except Exception as error:  # it answers some malformed templates with an AttributeError of its own
        raise _refused([f"{type(error).__name__} in the translator: {error}"]) from error
    finally:
        metrics.publish()


def _keep_policy_templates(translators: "ModuleType") -> None:
    """Let the translator read and validate its own policy templates once, not for each template: half of its work."""
    make = translators.make_policy_template_for_function_plugin
    if not hasattr(make, "cache_info"):
        translators.make_policy_template_for_function_plugin = cache(make)  # type: ignore[attr-defined]


def _silence() -> None:
    """Keep the translator's log lines off stderr unless somebody set up logging."""
    logger = logging.getLogger("samtranslator")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _refused(messages: "Sequence[str]") -> TemplateError:
    named = [i for message in messages for i in re.split(r"[,\s']+", "".join(_NAMED.findall(message)[:1])) if i]
    return TemplateError(
        "AWS SAM refuses the template:" + "".join(f"\n  {message}" for message in messages),
        code="template-refused",
        hint="see the SAM resource reference for what each property takes",
        context={"logical_ids": list(dict.fromkeys(named)), "problems": list(messages)},
    )


def _mark(body: dict[str, Json]) -> dict[str, dict[str, Json]]:
    """Put each SAM resource's id into its metadata, which the translator hands on; return the user's resources."""
    resources = mapping_at(body, "Resources")
    for logical_id, resource in resources.items():
        if isinstance(resource, dict) and str(resource.get("Type", "")).startswith("AWS::Serverless::"):
            resource["Metadata"] = {**mapping_at(resource, "Metadata"), _ORIGIN: logical_id}
    return {i: {**mapping_at(r)} for i, r in resources.items()}


def _origins(translated: dict[str, Json], users: dict[str, dict[str, Json]]) -> dict[str, str]:
    """Return the user's logical id for each translated one, and take the marks away again."""
    origins: dict[str, str] = {}
    for logical_id, resource in mapping_at(translated, "Resources").items():
        metadata = mapping_at(resource, "Metadata")
        mark = metadata.pop(_ORIGIN, None)
        if mark is not None and not metadata and isinstance(resource, dict):
            del resource["Metadata"]
        origins[logical_id] = mark if isinstance(mark, str) else _guess(logical_id, users)
    return origins


def _guess(logical_id: str, users: dict[str, dict[str, Json]]) -> str:
    """Return where a resource without a mark came from: itself, an implicit API, a shared helper of SAM."""
    if logical_id in users:
        return logical_id
    for prefix, event in (("ServerlessRestApi", "Api"), ("ServerlessHttpApi", "HttpApi")):
        if logical_id.startswith(prefix):
            return next((i for i, r in users.items() if event in _events(r)), logical_id)
    if logical_id in ("ServerlessDeploymentApplication", "CodeDeployServiceRole"):
        return next((i for i, r in users.items() if "DeploymentPreference" in mapping_at(r, "Properties")), logical_id)
    return max((i for i in users if logical_id.startswith(i)), key=len, default=logical_id)


def _events(resource: dict[str, Json]) -> set[str]:
    return {scalar_text(mapping_at(e).get("Type")) for e in mapping_at(resource, "Properties", "Events").values()}


def _stub_repository_applications(body: dict[str, Json]) -> None:
    """Make plain nested stacks of applications from the Serverless Application Repository.

    The translator would ask that repository over the network. AWS receives the SAM template and does so itself.
    """
    for resource in mapping_at(body, "Resources").values():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::Serverless::Application":
            continue
        properties = mapping_at(resource, "Properties")
        location = mapping_at(properties, "Location")
        if "ApplicationId" in location:
            tags = mapping_at(properties, "Tags")
            resource["Type"] = "AWS::CloudFormation::Stack"
            named = f"{_name(location['ApplicationId'])}/{_name(location.get('SemanticVersion'))}"
            kept = {k: v for k, v in properties.items() if k not in ("Location", "Tags")}
            listed: list[Json] = [{"Key": key, "Value": value} for key, value in tags.items()]
            resource["Properties"] = {"TemplateURL": f"serverlessrepo://{named}", **kept, "Tags": listed}


def _name(value: Json) -> str:
    return value if isinstance(value, str) else "unknown"
