"""Which database this is, so that a copy of it can be told apart.

Odoo's ``database.uuid`` alone does not tell: ``createdb --template``, ``pg_dump`` and a restored backup keep it. What a copy
can't keep is its name within the same PostgreSQL cluster, or the cluster's own identifier in another one. A physical copy (a
promoted replica, a cloned machine) that keeps its name keeps all of it: it has to be neutralised before it starts.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """``cluster`` is PostgreSQL's ``system_identifier``, empty where the role may not read it; then ``oid`` stands in."""

    uuid: str
    name: str
    cluster: str = ""
    oid: int = 0

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> DatabaseIdentity | None:
        """What :meth:`to_text` was given, None for anything else (a neutralised copy says ``neutralized``)."""
        try:
            values = json.loads(text)
            return cls(**{field.name: values[field.name] for field in fields(cls)})
        except (ValueError, TypeError, KeyError):
            return None

    def difference(self, live: DatabaseIdentity | None) -> str | None:
        """The reason code for which this is not the live database, None where it is.

        :param live: None where that is not known (any more)
        """
        if live is None or self.uuid != live.uuid:
            return "foreign_database"
        if self.name != live.name:
            return "foreign_name"
        known = self.cluster and live.cluster
        if self.cluster != live.cluster if known else self.oid != live.oid:
            return "foreign_cluster"
        return None
