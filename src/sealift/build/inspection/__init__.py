"""A look at each finished package, with its layers, before it is sealed. Nothing is run."""
