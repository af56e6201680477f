"""OMOP CDM 5.4: the tables' schema (generated), and one SQL file a table over the views."""
