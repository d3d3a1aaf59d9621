"""Closes for members whose prices were removed: what the published levels leave for them beside the other members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.bars import BoolArray, FloatArray
from analysis.panel import CARRIED, Closes, panel_of
from features.indexes.calendars import Published, held_in
from features.indexes.levels import Levels
from features.indexes.loading import Material, Member
from models.exchange import WEEKDAYS
from models.index import Rebalancing, RebalancingKind

_STILL = 1e-9  # a change of a value, as a fraction, that is none


def gone_from(material: Material, published: Published) -> list[str]:
    """Who was ever held and has no prices any more, ascending."""
    return sorted({ticker for line in published.ledger for ticker in held_in(line)} - set(material.tickers))


def with_gone(material: Material, published: Published) -> Material:
    """The material with closes of members whose prices are gone, up to the last published day, so that they leave as others do.

    Without them where the published levels do not follow from the prices of the others.
    """
    gone = gone_from(material, published)
    worth = _worth(material, published, gone) if gone else None
    if worth is None:
        return material
    price, total = worth
    members = list(material.members)
    for ticker in gone:
        rows = _rows_of(ticker, published, price)
        if rows.any():
            days = published.levels.days[rows]
            scores = dict.fromkeys(material.members[0].closes.scores, np.full(len(days), np.nan))
            closes = Closes(days, price[rows], total[rows], scores)
            members.append(Member(ticker, None, None, closes, (), WEEKDAYS, "unknown"))
    return replace(material, members=tuple(sorted(members, key=lambda member: member.ticker)))


def _stretches(published: Published) -> list[tuple[Rebalancing, int, int]]:
    """Each line of the ledger with the rows of the first and the last day on which it holds."""
    days = np.array([line.day for line in published.ledger], dtype="datetime64[D]")
    rows = [*np.searchsorted(published.levels.days, days).tolist(), len(published.levels) - 1]
    return [(line, rows[number], rows[number + 1]) for number, line in enumerate(published.ledger)]


def _worth(material: Material, published: Published, gone: Sequence[str]) -> tuple[FloatArray, FloatArray] | None:
    """What all that are gone are worth by published day, without and with distributions, where 1 is what they began with."""
    levels: Levels = published.levels
    reference = np.datetime64(published.ledger[0].reference_day, "D")
    panel = panel_of([member.closes for member in material.members], np.concatenate([[reference], levels.days]))
    price, growth = panel.price[:, 1:], panel.growth[:, 1:]
    own, grown = np.ones(len(levels)), np.ones(len(levels))
    for line, row, last in _stretches(published):
        after = {each.ticker: each.after for each in line.positions}
        share = sum(after.get(ticker, 0.0) for ticker in gone)
        own[row : last + 1] = own[row]
        if not share:
            continue
        weights = np.array([after.get(ticker, 0.0) for ticker in material.tickers])
        held = weights > 0
        others = weights[held, None] * price[held, row : last + 1] / price[held, row : row + 1]
        whole = levels.price[row : last + 1] / levels.price[row]
        left = whole - others.sum(axis=0)
        rates = levels.total[row + 1 : last + 1] / levels.total[row:last] * whole[:-1]
        left_grown = (rates - (others[:, :-1] * growth[held, row + 1 : last + 1]).sum(axis=0)) / left[:-1]
        if not ((left > 0).all() and (left_grown > 0).all()):
            return None
        own[row : last + 1] *= left / share
        grown[row + 1 : last + 1] = left_grown
    total: FloatArray = np.multiply.accumulate(grown)
    return own, total


def _rows_of(ticker: str, published: Published, price: FloatArray) -> BoolArray:
    """The published days on which a ticker that is gone had a close: while it was held, but not those on which the last one stood."""
    rows = np.zeros(len(published.levels), dtype=bool)
    is_held = False
    for line, row, last in _stretches(published):
        if is_held and ticker not in held_in(line) and line.kind is RebalancingKind.REMOVAL:
            rows[max(row - CARRIED, 0) : row + 1] = False
        is_held = ticker in held_in(line)
        if is_held:
            rows[row : last + 1] = True
    if is_held:
        moved = np.abs(np.diff(price[-CARRIED - 1 :])) > _STILL * price[-1]
        standing = int(np.argmax(moved[::-1])) if moved.any() else len(moved)
        rows[len(rows) - standing :] = False
    return rows
