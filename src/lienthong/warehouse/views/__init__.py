"""The ViewDefinitions that ship with the warehouse, one JSON file each."""
