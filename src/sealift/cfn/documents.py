"""Reads mappings in JSON or YAML beside templates (parameters, samconfig.yaml, workspaces); anything else is empty."""

import json
from collections.abc import Mapping

MAX_BYTES = 2_000_000


def mapping_in(text: str, *, file: str) -> Mapping[object, object]:
    """Return the mapping that a text is, in JSON or YAML by the name of its file; empty when it is none.

    CloudFormation's short intrinsics are nothing here.
    """
    import yaml

    from sealift.cfn.loader import with_loader

    def load(loader: type[yaml.SafeLoader]) -> object:
        tolerant: type[yaml.SafeLoader] = type("Tolerant", (loader,), {})
        tolerant.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
        return yaml.load(text, tolerant)  # noqa: S506

    if len(text) > MAX_BYTES:
        return {}
    try:
        document = json.loads(text) if file.endswith(".json") else with_loader(load)
    except (ValueError, yaml.YAMLError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
