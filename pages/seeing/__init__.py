"""The sections of the dataset page, a file each."""
