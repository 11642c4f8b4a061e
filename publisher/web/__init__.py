"""The web pages.

`app.create` puts them together; each room (today, posts, log, …) is a module with its routes. They
read and change the ledger through the same functions as the commands.
"""
