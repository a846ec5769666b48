"""An exported schema of Entra in the words of config.toml, and a line for all that has no such words.

Nothing that is lost may widen the scope: a filter with a clause that cannot be carried over is left out as a whole, and
where no filter remains, one that lets nobody in takes its place.
"""

from syncd.entra_import.file import EntraSchemaError, load_entra_schema
from syncd.entra_import.objects import Imported, ImportedObjects, carry_over

__all__ = ["EntraSchemaError", "Imported", "ImportedObjects", "carry_over", "load_entra_schema"]
