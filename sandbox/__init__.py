"""The local world: stand-ins and the launcher of `./run demo`. Nothing here imports the product."""
