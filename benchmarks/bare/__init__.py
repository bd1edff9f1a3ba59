"""A dynamic resource and a plugin that return a constant: what Pulumi costs for as many nodes without a read."""
