"""Read AI nodes: regions, filters, totals and sessions. Every interface uses this package."""
