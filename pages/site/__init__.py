"""The page "Your hospital": local images, how many of them it takes, and how well the model does on them."""
