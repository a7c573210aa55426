"""The nouns of Sealift as frozen dataclasses. Standard library only; no I/O."""
