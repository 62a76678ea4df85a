"""The job that runs before the services: prepares the database."""

import store

if __name__ == "__main__":
    print(f"The database is ready and has {store.prepare()} parcels.")
