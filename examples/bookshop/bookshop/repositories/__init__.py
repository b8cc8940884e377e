"""The only modules that speak to the database."""
