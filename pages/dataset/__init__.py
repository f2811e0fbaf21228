"""The dataset page and its sections, one file each."""
