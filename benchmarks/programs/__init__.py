"""The scripts that are compared."""
