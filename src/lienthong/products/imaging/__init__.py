"""Products that read pictures: from DICOM to a suggestion with its explanation, and their evaluation."""
