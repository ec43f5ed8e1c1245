"""One picture a file: `table(...)` gives the frame, `draw(frame, ax)` draws it."""
