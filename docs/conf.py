"""Configuration of the documentation site, `make docs`: the pages in this folder and the docstrings of public names."""

from importlib.metadata import version as installed_version

project = "Hologres AI nodes"
project_copyright = "the hologres_ai contributors, Apache-2.0"
release = version = installed_version("hologres_ai")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_index.md"]  # index.md includes it
root_doc = "index"

# Pages
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

# Docstrings: `name` is code, types come from the signatures
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"show-inheritance": True}
python_maximum_signature_line_length = 100
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Site
html_theme = "furo"
html_title = f"Hologres AI nodes {release}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"source_repository": None}
