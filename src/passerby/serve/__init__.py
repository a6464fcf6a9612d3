"""What people and programs see of a running site: the API, pictures, health."""
