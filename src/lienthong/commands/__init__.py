"""Commands of the operator's door with a file of their own; `cli` puts them in their places."""
