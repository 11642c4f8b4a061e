"""Operator commands on deliveries: approve, pause, hold, cancel, resolve, withdraw."""
