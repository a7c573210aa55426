"""How the start of a function went that was not invoked."""

from sealift.model.values import value


@value
class Loading:
    """A function by its physical name. `error_type` is empty when its handler was loaded."""

    name: str
    error_type: str = ""
    message: str = ""
    trace: tuple[str, ...] = ()
    """Frames of the error, the innermost last for Python and first for Node.js."""
    absent_layers: tuple[str, ...] = ()
    """ARNs of layers whose content could not be had."""
    skipped: str = ""
    """Why it was not started at all."""
    stand_in: str = ""
    """The runtime that it was started on, when that is not the one it declares."""
