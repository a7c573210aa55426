"""Says in an error which resources of the template it is about."""

from sealift.errors import BuildError
from sealift.model.template import Asset


def naming(asset: Asset, error: BuildError) -> BuildError:
    """Return the error with the resources it is about."""
    names = ", ".join(asset.logical_ids)
    message = error.message if names in error.message else f"{names}: {error.message}"
    context = {"logical_ids": list(asset.logical_ids), "source": asset.source, **error.context}
    return BuildError(message, code=error.code, hint=error.hint, context=context, retryable=error.retryable)
