"""What the built-in models say against their inputs, one a file, named as the model's own file."""
