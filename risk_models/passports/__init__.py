"""The passports of the built-in models, one a file, named as the model's own file."""
