"""The one stack that an environment needs first: bucket, roles, boundary, trust. Pure: from values to a template."""
