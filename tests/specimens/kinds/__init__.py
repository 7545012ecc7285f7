"""The specimens, one file a kind of resource."""
