"""Starts cfn-lint in less time; it says the same. Run as a program with its arguments: nothing of Sealift is imported.

Rules read their schemas when they are first asked, for a template has few of the types that rules are about; and
nothing looks for garbage while modules are loaded, nor among them afterwards.
"""

import gc
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

_RULE = "cfnlint.rules.jsonschema.CfnLintJsonSchema"


class _Unread:
    """A schema that was not read yet."""

    def __init__(self, *place: Any, **named: Any) -> None:
        self.place, self.named = place, named


def read_schemas_late() -> None:
    """Have rules read their schemas when these are used; a cfn-lint that is built otherwise is left as it is."""
    with suppress(ImportError, AttributeError):
        module = import_module(_RULE)
        read, rule = module.load_resource, module.CfnLintJsonSchema

        def schema(self: Any) -> Any:
            found = self.__dict__["_schema"]
            if isinstance(found, _Unread):
                found = self.__dict__["_schema"] = read(*found.place, **found.named)
            return found

        def set_schema(self: Any, value: Any) -> None:
            self.__dict__["_schema"] = value

        rule._schema = property(schema, set_schema)
        module.load_resource = _Unread  # type: ignore[attr-defined]


def main() -> int:
    """Run cfn-lint and return its exit code."""
    gc.disable()
    read_schemas_late()
    from cfnlint.runner import main as lint

    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    code: int = lint()
    return code


if __name__ == "__main__":
    sys.exit(main())
