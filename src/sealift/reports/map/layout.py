"""Where everything of the drawing stands: rooms in rows, corridors, and a way for every crossing that meets no other.

Rooms side by side are crossed in the gutter between them. Every other crossing gets a lane of its own beneath the row
(above all rooms for what is outside), and a channel at the right edge when it has to change rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sealift.isolation.model import OUTSIDE
from sealift.reports.map.crossings import Crossing
from sealift.reports.map.inventory import Group, Item, Room

WIDTH, GUTTER, MARGIN, TOP = 350.0, 200.0, 40.0, 118.0
HEAD, GROUP, LINE, PAD, LANE, CORRIDOR = 92.0, 30.0, 20.0, 14.0, 32.0, 44.0
MOST_ITEMS = 7


@dataclass(slots=True)
class Placed:
    """A room with its place. `lines` holds the middle of each drawn resource's line by logical id."""

    room: Room
    row: int
    column: int
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    groups: list[tuple[Group, list[Item], int]] = field(default_factory=list)
    lines: dict[str, float] = field(default_factory=dict)

    def anchor(self, item: str | None) -> float | None:
        """Return the height of a resource's line, when it is drawn."""
        return None if item is None or item not in self.lines else self.y + self.lines[item]


@dataclass(slots=True)
class Arrow:
    """A crossing with its way: points joined by lines, or by curves in a gutter; and the middle of its badge."""

    crossing: Crossing
    points: list[tuple[float, float]]
    badge: tuple[float, float]
    curved: bool = False


@dataclass(slots=True)
class Layout:
    """Everything placed. `above` and `below` are the corridors' upper edges, None when nothing leads there."""

    width: float
    height: float
    rooms: list[Placed]
    arrows: list[Arrow]
    above: float | None = None
    below: float | None = None


def layout(rooms: Sequence[Room], crossings: Sequence[Crossing]) -> Layout:
    """Return where everything stands."""
    plan = _Layout(rooms, crossings)
    return plan.made()


class _Layout:
    def __init__(self, rooms: Sequence[Room], crossings: Sequence[Crossing]) -> None:
        self._columns = _columns(len(rooms))
        touched = {(c.source, c.source_item) for c in crossings} | {(c.target, c.target_item) for c in crossings}
        few = 4 if sum(room.count for room in rooms) > 300 else MOST_ITEMS
        self._rooms = [_placed(room, i, self._columns, touched, few) for i, room in enumerate(rooms)]
        self._by_name = {placed.room.name: placed for placed in self._rooms}
        self._beside: dict[tuple[int, int], list[Crossing]] = {}
        self._lanes: dict[int, list[Crossing]] = {}
        """By row, -1 above all; a crossing between rows has a lane at both."""
        self._channels: list[Crossing] = []
        self._ports: dict[tuple[str, bool], list[Crossing]] = {}
        self._crossings = [c for c in crossings if c.source in self._by_name or c.target in self._by_name]
        for crossing in self._crossings:
            self._sort(crossing)
        self._rows = 1 + max((r.row for r in self._rooms), default=0)

    def _sort(self, crossing: Crossing) -> None:
        """Decide which way a crossing goes."""
        source, target = self._by_name.get(crossing.source), self._by_name.get(crossing.target)
        if source and target and source is not target and source.row == target.row:
            left = min(source.column, target.column)
            if abs(source.column - target.column) == 1:
                self._beside.setdefault((source.row, left), []).append(crossing)
                return
        up = OUTSIDE in (crossing.source, crossing.target)
        ends = [placed for placed in (source, target) if placed is not None]
        for placed in dict.fromkeys(p.room.name for p in ends):
            self._ports.setdefault((placed, up), []).append(crossing)
        rows = {placed.row for placed in ends}
        edge = 0 if up else self._last
        to_corridor = up or source is None or target is None
        straight = rows == {edge} if to_corridor else len(rows) == 1
        for row in rows:
            self._lanes.setdefault(-1 if up and row == 0 else row, []).append(crossing)
        if not straight:
            self._channels.append(crossing)

    @property
    def _last(self) -> int:
        return max((r.row for r in self._rooms), default=0)

    def made(self) -> Layout:
        """Place rooms and corridors from top to bottom, then the crossings."""
        up = any(OUTSIDE in (c.source, c.target) for c in self._crossings)
        down = any(
            c.source != OUTSIDE and c.target != OUTSIDE and not {c.source, c.target} <= self._by_name.keys()
            for c in self._crossings
        )
        y, above = TOP, None
        if up:
            above, y = y, y + CORRIDOR + LANE * (len(self._lanes.get(-1, ())) + 1)
        for row in range(self._rows):
            own = [r for r in self._rooms if r.row == row]
            busiest = max((len(self._beside.get((row, c), ())) for c in range(self._columns)), default=0)
            height = max([HEAD + LANE * (busiest + 1), *(r.height for r in own)])
            for placed in own:
                placed.x, placed.y = MARGIN + placed.column * (WIDTH + GUTTER), y
                placed.height = height
            y += height + 28 + LANE * len(self._lanes.get(row, ()))
        below = None
        if down:
            below, y = y, y + CORRIDOR + 20
        columns = min(self._columns, max(len(self._rooms), 1))
        inner = MARGIN + columns * (WIDTH + GUTTER) - GUTTER
        width = inner + MARGIN + (12.0 * len(self._channels) + 20 if self._channels else 0)
        arrows = [self._way(c, inner, above, below) for c in self._crossings]
        return Layout(width=max(width, 940), height=y, rooms=self._rooms, arrows=arrows, above=above, below=below)

    def _way(self, crossing: Crossing, inner: float, above: float | None, below: float | None) -> Arrow:
        source, target = self._by_name.get(crossing.source), self._by_name.get(crossing.target)
        if source and target and source is not target and source.row == target.row:
            key = (source.row, min(source.column, target.column))
            if crossing in self._beside.get(key, ()):
                return self._through_gutter(crossing, source, target, key)
        return self._by_lanes(crossing, inner, above, below)

    def _through_gutter(self, crossing: Crossing, source: Placed, target: Placed, key: tuple[int, int]) -> Arrow:
        rightwards = source.column < target.column
        start_x = source.x + (WIDTH if rightwards else 0)
        end_x = target.x + (0 if rightwards else WIDTH)
        badge_y = _spread(self._beside[key], self._by_name, source)[crossing]
        start_y, end_y = source.anchor(crossing.source_item), target.anchor(crossing.target_item)
        inset = -14 if rightwards else 14
        start = (start_x + (inset if start_y is not None else 0), badge_y if start_y is None else start_y)
        end = (end_x - (inset if end_y is not None else 0), badge_y if end_y is None else end_y)
        middle = ((start_x + end_x) / 2, badge_y)
        return Arrow(crossing, [start, (start_x, start[1]), middle, (end_x, end[1]), end], middle, curved=True)

    def _by_lanes(self, crossing: Crossing, inner: float, above: float | None, below: float | None) -> Arrow:
        up = OUTSIDE in (crossing.source, crossing.target)
        legs = [
            self._leg(self._by_name[name], crossing, up) if name in self._by_name else None
            for name in (crossing.source, crossing.target)
        ]
        first, second = legs
        channel = inner + 24 + 12 * self._channels.index(crossing) if crossing in self._channels else None
        corridor = ((above or 0) + CORRIDOR) if up else (below or 0)
        if first and second and crossing.source != crossing.target:
            turn = [(channel, first[1][1]), (channel, second[1][1])] if channel is not None else []
            points = [*first, *turn, *reversed(second)]
        else:
            leg = first or second or [(inner, corridor)]
            turn = [(channel, leg[1][1])] if channel is not None else []
            points = [*leg, *turn]
            points.append((points[-1][0], corridor))
            if first is None:
                points.reverse()
        lane = (first or second or [(inner, corridor)])[-1]
        onwards = next((x for x, y in points if y == lane[1] and x != lane[0]), lane[0])
        return Arrow(crossing, points, (_beside(lane[0], onwards), lane[1]))

    def _leg(self, placed: Placed, crossing: Crossing, up: bool) -> list[tuple[float, float]]:
        """Return the way from a room's edge to its lane."""
        ports = self._ports[(placed.room.name, up)]
        x = placed.x + WIDTH * (ports.index(crossing) + 1) / (len(ports) + 1)
        if up and placed.row == 0:
            return [(x, placed.y), (x, placed.y - LANE * (self._lanes[-1].index(crossing) + 1))]
        edge = placed.y + placed.height
        return [(x, edge), (x, edge + LANE * (self._lanes[placed.row].index(crossing) + 0.8))]


def _beside(port: float, onwards: float) -> float:
    """Return where a badge stands on a lane: in the next gutter, where nothing goes down, if the lane gets there."""
    column = (port - MARGIN) // (WIDTH + GUTTER)
    left = MARGIN + column * (WIDTH + GUTTER)
    gutter = left + WIDTH + GUTTER / 2 if onwards > port else left - GUTTER / 2
    if onwards == port:
        return port
    return gutter if min(port, onwards) < gutter < max(port, onwards) else (port + onwards) / 2


def _columns(count: int) -> int:
    return 2 if count in (2, 4) else 3 if count > 2 else 1


def _spread(crossings: list[Crossing], rooms: dict[str, Placed], source: Placed) -> dict[Crossing, float]:
    """Return a height for each badge of a gutter: near its ends, and never on another one."""
    top, bottom = source.y + HEAD - 10, source.y + source.height - 16

    def wished(crossing: Crossing) -> float:
        ends = (
            rooms[crossing.source].anchor(crossing.source_item),
            rooms[crossing.target].anchor(crossing.target_item),
        )
        known = [y for y in ends if y is not None]
        return sum(known) / len(known) if known else top + 10

    ordered = sorted(enumerate(crossings), key=lambda pair: (wished(pair[1]), pair[0]))
    heights: dict[Crossing, float] = {}
    for left, (_, crossing) in enumerate(ordered):
        last = bottom - LANE * (len(ordered) - 1 - left)
        y = min(max(wished(crossing), top), last)
        heights[crossing] = max(y, top)
        top = heights[crossing] + LANE
    return heights


def _placed(room: Room, index: int, columns: int, touched: set[tuple[str, str | None]], few: int) -> Placed:
    placed = Placed(room=room, row=index // columns, column=index % columns)
    y = HEAD
    for group in room.groups:
        must = [item for item in group.items if (room.name, item.logical_id) in touched]
        rest = [item for item in group.items if (room.name, item.logical_id) not in touched]
        shown = [*must, *rest[: max(few - len(must), 0)]]
        left = len(group.items) - len(shown)
        placed.groups.append((group, sorted(shown, key=lambda i: (i.type, i.logical_id, i.stack)), left))
        y += GROUP
        for item in placed.groups[-1][1]:
            placed.lines.setdefault(item.logical_id, y + LINE / 2)
            y += LINE
        y += (LINE if left else 0) + 6
    placed.height = y + PAD
    return placed
