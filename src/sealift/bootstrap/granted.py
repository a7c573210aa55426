"""What the roles of a bootstrap template may do, as far as its statements say without their conditions. Pure."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from sealift.bootstrap.footprint import Footprint
from sealift.cfn.values import list_at, mapping_at, value_at
from sealift.model.rights import Permission
from sealift.model.template import Json

_PSEUDO = re.compile(r"\$\{AWS::(\w+)\}")


def grants(body: Mapping[str, Json], role: str, permission: Permission, of: Footprint) -> bool:
    """Return whether the template gives one of its roles (`Deploy`, `CloudFormation`, …) a permission."""
    for statement in _statements(body, role):
        actions, resources = (_texts(statement.get(key)) for key in ("Action", "Resource"))
        if any(fnmatchcase(permission.action.lower(), one.lower()) for one in actions) and any(
            fnmatchcase(permission.resource, _known(one, of)) for one in resources
        ):
            return True
    return False


def _statements(body: Mapping[str, Json], role: str) -> Iterator[Mapping[str, Json]]:
    """Yield the statements of a role's own policy; the boundary is that of the CloudFormation role."""
    resources = mapping_at(dict(body), "Resources")
    boundary = value_at(resources, "Boundary", "Properties", "PolicyDocument")
    own = [mapping_at(one).get("PolicyDocument") for one in list_at(resources, role, "Properties", "Policies")]
    for document in [boundary] if role == "CloudFormation" else own:
        yield from (mapping_at(one) for one in list_at(document, "Statement"))


def _texts(value: Json) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        yield str(one.get("Fn::Sub", "") if isinstance(one, dict) else one)


def _known(text: str, of: Footprint) -> str:
    values = {"Partition": of.partition, "Region": of.region, "AccountId": of.account}
    return _PSEUDO.sub(lambda match: values.get(match[1], match[0]), text)
