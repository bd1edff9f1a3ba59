pytest_plugins = ["hologres_ai.testing.fixtures"]
