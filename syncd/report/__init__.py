"""Reports of a run: the same facts as text, JSON or HTML."""
