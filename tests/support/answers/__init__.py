"""What platforms answer, and what it must mean."""
