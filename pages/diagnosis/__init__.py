"""The Diagnosis page: uploads, worklist, one image in full, downloads, own readings, session history."""
