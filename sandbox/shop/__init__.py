"""A shop with its goods, its buyers and the orders it places."""
