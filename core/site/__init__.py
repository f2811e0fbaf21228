"""Whether a model holds in one hospital: how many local images that takes, and what they show."""

from core.site.image_numbers import Evidence, Expectations, RequiredImages, evidence, required_images

__all__ = ["Evidence", "Expectations", "RequiredImages", "evidence", "required_images"]
