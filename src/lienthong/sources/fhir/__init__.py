"""FHIR R4 as JSON: a resource, a Bundle or NDJSON, told apart by content; the object `SOURCE` reads them.

What is not carried over, and stands only in the kept file: the Bundle around its entries (its signature, its links),
the source's own versionId and lastUpdated, the version in a versioned reference, and the entries' `request` and
`search`. Addresses that are no References (`Attachment.url`, canonical addresses) stay as they came.
"""

from lienthong.sources.fhir.source import SOURCE

__all__ = ["SOURCE"]
