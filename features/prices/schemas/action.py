"""Schemas of corporate actions and of a series' bases."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, ValidationInfo, field_validator, model_validator

from api.schemas import Body, IsoDate, Page, RootAnswer, TickerPath, whole
from features.prices.actions import ListedAction, TickerFooting, ToldAction
from models.corporate_action import ActionKind, CorporateAction
from models.footing import Basis

LARGEST_TERM, LARGEST_AMOUNT = 1_000, 1e9
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


_Term = Annotated[int, Field(ge=1, le=LARGEST_TERM)]
Term = Annotated[_Term, BeforeValidator(whole, json_schema_input_type=_Term)]


_CURRENCY = re.compile("[A-Z]{3}")


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise ValueError("A currency is written as three capitals, as USD or EUR.")
    return text


Currency = Annotated[str, AfterValidator(_currency), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]

_WHOLE: JsonValue = {"type": "integer"}
_NUMBER: JsonValue = {"type": "number"}
_NOTHING: JsonValue = {"type": "null"}
# What each kind has and has not; the fields alone would allow any mixture. No `oneOf`, of which generators of clients make two classes.
_KINDS: dict[str, JsonValue] = {
    "if": {"properties": {"kind": {"const": "split"}}},
    "then": {
        "properties": {"numerator": _WHOLE, "denominator": _WHOLE, "amount": _NOTHING, "currency": _NOTHING},
        "required": ["numerator", "denominator"],
    },
    "else": {
        "properties": {"numerator": _NOTHING, "denominator": _NOTHING, "amount": _NUMBER},
        "required": ["amount"],
    },
}


class ActionRequest(Body):
    """A split, with numerator and denominator, or a distribution, with its amount per share."""

    model_config = ConfigDict(json_schema_extra=_KINDS)

    kind: ActionKind = Field(strict=False)
    effective_day: IsoDate = Field(ge=FIRST_DAY, le=LAST_DAY, description="The first day on which the price is without it: the ex-date.")
    numerator: Term | None = Field(None, description="3 of a split 3:2, which makes three shares of two.")
    denominator: Term | None = Field(None, description="2 of a split 3:2; another number than the numerator.")
    amount: float | None = Field(None, gt=0, le=LARGEST_AMOUNT, description="Per share, as paid on that day.")
    currency: Currency | None = Field(None, description="Of the amount, as in ISO 4217.")
    source: Literal["user", "upload", "merge"] = Field(
        "user", description="Where it was told: only who puts a deleted action back names another source than `user`."
    )

    @field_validator("denominator")
    @classmethod
    def check_ratio(cls, denominator: int | None, known: ValidationInfo) -> int | None:
        """A split changes the number of shares."""
        if denominator is not None and denominator == known.data.get("numerator"):
            raise ValueError("a split has two different numbers")
        return denominator

    @model_validator(mode="after")
    def check_kind(self) -> Self:
        """A split has its two terms, a distribution an amount, and neither what the other has."""
        terms = (self.numerator, self.denominator)
        if self.kind is ActionKind.SPLIT:
            if None in terms or self.amount is not None or self.currency is not None:
                raise ValueError("a split has numerator and denominator, and neither amount nor currency")
        elif self.amount is None or terms != (None, None):
            raise ValueError(f"a {self.kind.value.replace('_', ' ')} has an amount, and neither numerator nor denominator")
        return self

    @property
    def told(self) -> ToldAction:
        """The action that is told."""
        action = CorporateAction(self.effective_day, self.kind, self.numerator, self.denominator, self.amount, self.currency)
        return ToldAction(action, self.source)


class ActionPath(TickerPath):
    """The ticker and the id of an action in a path."""

    action_id: str = Field(description="The `id` of an action.")


class ActionAnswer(RootAnswer[ListedAction]):
    """A corporate action. `applied_to` tells what of the stored bars before it an analysis restates: price, volume, or nothing."""


class ActionPage(Page):
    """A page of a ticker's actions, oldest first, and the bases of its series."""

    items: list[ListedAction]
    price_basis: Basis
    volume_basis: Basis


class BasesRequest(Body):
    """On what bases a series stands; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["price_basis"], "properties": {"price_basis": {"type": "string"}}},
            "then": {},
            "else": {"required": ["volume_basis"], "properties": {"volume_basis": {"type": "string"}}},
        }
    )

    price_basis: Basis | None = Field(None, strict=False)
    volume_basis: Basis | None = Field(None, strict=False)

    @model_validator(mode="after")
    def check_something_is_said(self) -> Self:
        """A body that says nothing is a mistake of the sender."""
        if self.price_basis is None and self.volume_basis is None:
            raise ValueError("say price_basis, volume_basis or both")
        return self


class FootingAnswer(RootAnswer[TickerFooting]):
    """The bases and actions of a ticker."""
