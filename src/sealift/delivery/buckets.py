"""The name of an environment's artifacts bucket: one pure function for those who make it and those who judge names."""

import hashlib
import re

_LONGEST = 63
_RESERVED_ENDS = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3", "-an")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


def bucket_name(account: str, region: str, stack_name: str) -> str:
    """Return the name of an environment's artifacts bucket. It is stable, and unique to the stack.

    A stack name that S3 would not take as it is (capitals, too long) is cut and told apart by a part of its hash.
    """
    start = f"sealift-{account}-{region}-"
    slug = re.sub(r"[^a-z0-9-]", "-", stack_name.lower()).rstrip("-")
    if slug != stack_name or len(start + slug) > _LONGEST or (start + slug).endswith(_RESERVED_ENDS):
        tail = "-" + hashlib.sha256(stack_name.encode()).hexdigest()[:8]
        slug = slug[: _LONGEST - len(start) - len(tail)].rstrip("-") + tail
    return start + slug
