"""The web pages: one face of Publisher, beside the command line and blind to it.

`app.create` puts them together; each room (today, posts, log, …) is a module with its routes. They
read and change the ledger through the same functions as the commands.
"""
