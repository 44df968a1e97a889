"""A pretend WeChat Pay: sealed notices signed by either of its keys, an API that signs its answers, its own book."""
