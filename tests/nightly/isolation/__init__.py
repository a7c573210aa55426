"""The proof at night: a million decisions, and the collection of mechanisms whose table stands in docs/corpus.md."""
