"""The floor's steps: nothing but a word to the finish line, which has no other way to know."""

from temporalio import activity

from benchmarks.baselines.surroundings import tell


@activity.defn(name="floor.place")
async def place(order_no: str) -> str:
    tell("placed", order_no)
    return order_no


@activity.defn(name="floor.record_payment")
async def record_payment(order_no: str) -> str:
    return order_no


@activity.defn(name="floor.push")
async def push(order_no: str) -> str:
    tell("accepted", order_no)
    return order_no


@activity.defn(name="floor.record_push")
async def record_push(order_no: str) -> str:
    tell("marked", order_no)
    return order_no


RECORD = (place, record_payment, record_push)
