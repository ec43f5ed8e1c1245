"""The search: repeatable parallel studies over the trainer's settings."""
