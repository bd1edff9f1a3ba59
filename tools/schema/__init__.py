"""Build schema.json from the models and the settings; `make schema` writes the file."""
