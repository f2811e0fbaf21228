"""Pneumonia detection on chest radiographs, from data to diagnosis, without a user interface."""
