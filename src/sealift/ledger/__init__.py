"""The append-only ledger of an environment and the lease that lets one writer in, over any bucket."""
