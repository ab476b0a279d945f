"""Pure functions and small helpers that models share. No model is defined here."""
