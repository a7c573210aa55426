"""The adapters that talk to AWS: the only importer of botocore, one module per service."""
