"""Platforms: one folder for each, which nothing else imports; channels/plugins.py names them."""
