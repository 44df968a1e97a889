"""What the product is compared with. Frozen: `frozen.py` says how a change is made on purpose.

Nothing here imports the product, so that no change of the product makes a baseline faster or slower.
"""
