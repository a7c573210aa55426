"""The `sealift` command: parse, call a use case, render its events. The only importer of click."""
