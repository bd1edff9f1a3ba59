"""What the repository needs to build and test itself; no part of the package."""
