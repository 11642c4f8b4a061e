"""What workers do with one delivery at its platform: send, reconcile, withdraw, clean up."""
