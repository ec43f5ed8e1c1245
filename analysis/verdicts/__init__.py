"""How far the results can be trusted and what to do next: rules, each with its number."""
