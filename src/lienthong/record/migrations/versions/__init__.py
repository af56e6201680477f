"""One module a schema version, named v<number>_<what>; a migration that was given out is never changed."""
