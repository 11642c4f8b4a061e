"""`publisher run`: the processes of one machine, supervised."""
