"""Pictures of the teaching notebooks: arrays and functions in, tables and drawings out."""
