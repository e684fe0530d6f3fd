"""Amazon's Selling Partner API for Acorn: sites, feeds, listings."""
