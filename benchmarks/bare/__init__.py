"""A dynamic resource and a plugin that return a constant, to measure Pulumi without a read."""
