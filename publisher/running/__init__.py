"""Supervisor of `publisher run`: starts and supervises the processes of one machine."""
