"""Currencies: exchange rates against the euro, and the rates between any two that follow from them."""
