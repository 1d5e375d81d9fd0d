"""Measurements of the product beside its peers and its floors: `./run bench [name]`."""
