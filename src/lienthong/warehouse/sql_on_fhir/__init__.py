"""SQL on FHIR v2: a ViewDefinition compiled to one typed plan that every engine runs."""
