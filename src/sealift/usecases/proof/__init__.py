"""The proof as a use case: templates and accounts seen as the pure prover wants them, its verdict gated and kept."""
