"""Where real adapters are built and handed to use cases. The only place that does, and that reads the environment."""
