"""What the tests share: databases, servers, Redis, clients, and prices made for a purpose."""
