"""The web application: pages for schedule, drafts, approvals, log and accounts.

`app.create` builds it; each page (today, posts, log, …) is a module in `routes`. The pages read
and change the ledger through the same functions as the commands.
"""
