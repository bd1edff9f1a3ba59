"""Tools to build and test the repository; not part of the package."""
