"""Moves one parcel after the other, for ever."""

import itertools
import os
import time

import store


def main() -> None:
    """Move a parcel every ``STEP_SECONDS``."""
    store.prepare()
    pause = float(os.environ.get("STEP_SECONDS", "5"))
    numbers = [parcel["number"] for parcel in store.parcels()]
    print(f"The worker moves {len(numbers)} parcels, one every {pause:g} s.")
    for number in itertools.cycle(numbers):
        time.sleep(pause)
        print(f"{number} is {store.move(number)} now.")


if __name__ == "__main__":
    main()
