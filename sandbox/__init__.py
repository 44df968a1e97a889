"""The pretend outside world: Alipay, WeChat Pay, a warehouse and two shops, with everything they get wrong.

Demo, drills and tests run against it. It speaks only the wire formats, over HTTP, and knows nothing of the product:
what it believes about an order it has from its own ledgers, so that the two can be compared afterwards.
"""
