"""What the code of a function reads of its configuration."""

from collections.abc import Mapping
from typing import Literal

from sealift.model.values import value

Kind = Literal["variable", "setting", "region"]


@value
class Read:
    """One reading of a name. In that of a setting `${X}` is the environment variable X, `${X|19}` with its default."""

    kind: Kind
    name: str
    """`TAX`, or `ssm:/shop/tax`, `secretsmanager:shop/token`, `dynamodb:eu-west-1`; empty when it is undecidable.

    `ssm-path:/shop/` is all parameters below a path: which of them are needed is undecidable.
    """
    required: bool
    line: int
    at_import: bool = False
    """Whether it is read when the module is loaded."""
    unit: str = ""
    """The function or class that reads it, as the module names it."""
    file: str = ""
    any_case: bool = False
    """Whether the variable may be given in letters of any case."""


@value
class FunctionReads:
    """What the code of one function reads, as far as its own modules and those of its layers go."""

    logical_id: str
    reads: tuple[Read, ...]
    sources: Mapping[str, str]
    """The text of every file of its folder and of the template's layers, by path, where a name may stand."""
