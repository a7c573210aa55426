"""The configuration: `sealift.toml`, or `[tool.sealift]` in pyproject.toml, read into `sealift.model.app.App`."""
