"""Names that are not there because their plugin is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SHOWN = 3


def absent_hint(missing: Mapping[str, str], hint: str | None) -> str | None:
    """Return ``hint`` with the plugins that are off, any of which may provide an unknown name.

    ``missing`` maps a plugin (or a name that one would provide) to the cause.
    """
    if not missing:
        return hint
    shown = "; ".join(f"{name} ({cause})" for name, cause in list(missing.items())[:_MOST_SHOWN])
    if len(missing) > _MOST_SHOWN:
        shown += f"; and {len(missing) - _MOST_SHOWN} more"
    told = f"it may come from a plugin that is off: {shown}"
    return f"{hint} Or {told}" if hint and hint.endswith("?") else f"{hint}; {told}" if hint else told
