"""The comparison page and its sections, one file each."""
