"""Measures the product beside other queues and lower bounds ("floors"): `./run bench [name]`."""
