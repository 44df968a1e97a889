"""The failover drill: every step of an order is cut or killed while the outside misbehaves, and the result is verified.

`virtual/` plays random schedules in virtual time: real workflow, activities, edge and record over a fake outside.
`real/` kills real processes. Both end with `verify/`, which imports nothing of the product.
"""
