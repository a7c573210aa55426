"""How long Sealift's part of a pipeline takes."""
