"""Read AI nodes: regions, filters, totals, sessions; the core behind every interface."""
