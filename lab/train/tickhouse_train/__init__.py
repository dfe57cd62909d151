"""Trains models of the lab from the rows of `tickhouse lab features`: docs/lab-models.md."""
