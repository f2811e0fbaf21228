"""The sections of the comparison page, a file each."""
