"""The product: environments-as-a-service."""
