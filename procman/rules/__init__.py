"""One rule, one file; the file's docstring is the user's page."""
