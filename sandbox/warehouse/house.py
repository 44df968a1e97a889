"""The warehouse as a whole: the counter that is asked, the desk that decides, the floor that packs."""

from collections.abc import Mapping

from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.warehouse.counter import Counter, unavailable
from sandbox.warehouse.floor import Floor
from sandbox.warehouse.messages import MessagePost
from sandbox.warehouse.orders import OrderDesk
from sandbox.warehouse.returns import ReturnDesk
from sandbox.world import Accounts


class Warehouse:
    def __init__(
        self, accounts: Accounts, stock: Mapping[str, int], faults: FaultBook, courier: Courier, crew: Crew
    ) -> None:
        self.door = Door(Place.WAREHOUSE, faults, unavailable)
        self.post = MessagePost(accounts.warehouse_secret, courier)
        self.floor = Floor(self.door, self.post, faults=faults, pace=courier.pace, crew=crew)
        self.desk = OrderDesk(stock, self.floor.start)
        self.returns = ReturnDesk(self.desk.shelves, self.post, faults=faults, pace=courier.pace, crew=crew)
        self.counter = Counter(accounts.warehouse_token, self.desk, self.returns, self.door)

    def shown(self) -> dict[str, object]:
        return {
            "outbound": [order.shown() for order in self.desk],
            "calls": [call.shown() for call in self.counter.calls],
            "messages": [message.shown() for message in self.post.sent],
            "returns": [back.shown() for back in self.returns.returns.values()],
            "stock": self.desk.shelves.levels,
        }
