"""The parcels: which there are, whose they are and where."""

import json
from pathlib import Path

import keeping

SEED = json.loads((Path(__file__).parent / "parcels.json").read_text())
GREETING: str = SEED["greeting"]
STATES = ("packed", "on its way", "delivered")


def prepare() -> int:
    """Keep the first parcels where they are missing; how many there are.

    Safe to call again: the job does it before all services, and each service for itself where
    it has a disk of its own.
    """
    kept = keeping.chosen()
    kept.wait()
    for row in SEED["parcels"]:
        kept.add(row["number"], json.dumps({**row, "state": STATES[0]}))
    return len(kept.all())


def parcels() -> list[dict[str, str]]:
    """All parcels, by number."""
    return [json.loads(text) for text in keeping.chosen().all().values()]


def move(number: str) -> str:
    """Bring a parcel one step on, from delivered back to packed; its new state."""
    kept = keeping.chosen()
    parcel: dict[str, str] = json.loads(kept.all()[number])
    following = STATES[(STATES.index(parcel["state"]) + 1) % len(STATES)]
    kept.change(number, json.dumps({**parcel, "state": following}))
    return following
