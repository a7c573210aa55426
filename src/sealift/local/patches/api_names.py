"""Names of APIs: the emulator knows those below its own name alone, and functions get the ones that AWS would give."""

from sealift.local.doors import API_NAME


def api_names() -> None:
    """Let an API answer to `ID.execute-api.REGION.amazonaws.com`."""
    from ministack import app

    app._EXECUTE_API_RE = API_NAME
