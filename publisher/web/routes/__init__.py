"""Routes of the web pages: one module for each address."""
