"""What an organization owns: portfolios, their ledgers, and what is held."""
