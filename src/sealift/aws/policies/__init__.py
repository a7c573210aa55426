"""Readers of what is in force, one module a service. Each reads and never writes; a denied call raises CloudError."""
