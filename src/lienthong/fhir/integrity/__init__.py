"""What must hold between the parts of a resource: inner references, Bundles, extensions, narratives.

`inspection` sees one element after the other; here a resource is seen as a whole. Nothing is looked up outside of it.
"""

from lienthong.fhir.integrity.examination import examine, examine_local

__all__ = ["examine", "examine_local"]
