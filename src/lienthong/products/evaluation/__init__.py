"""An honest evaluation of a product: a protocol fixed beforehand, cases, measures, and a run that a person signs."""
