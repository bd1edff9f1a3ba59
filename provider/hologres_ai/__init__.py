"""Hologres AI nodes for infrastructure programs."""
