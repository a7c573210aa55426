"""How long the proof takes: environments, resources, and one environment changed."""
