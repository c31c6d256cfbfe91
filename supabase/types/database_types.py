from __future__ import annotations

import datetime
import uuid
from typing import (
    Literal,
    NotRequired,
    TypeAlias,
    TypedDict,
)

from pydantic import BaseModel, JsonValue

StorageBuckettype: TypeAlias = Literal["STANDARD", "ANALYTICS", "VECTOR"]


class PublicCheckouts(BaseModel):
    created_at: datetime.datetime
    credits: int | None
    error: str | None
    expires_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    id: uuid.UUID
    idempotency_key: uuid.UUID
    item_key: str | None
    item_kind: Literal["pack", "subscription", "portal"]
    profile_id: uuid.UUID
    quantity: int
    status: Literal["requested", "open", "pending", "completed", "expired", "failed"]
    stripe_session_id: str | None
    url: str | None


class PublicCheckoutsInsert(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credits: NotRequired[int | None]
    error: NotRequired[str | None]
    expires_at: NotRequired[datetime.datetime | None]
    finished_at: NotRequired[datetime.datetime | None]
    id: NotRequired[uuid.UUID]
    idempotency_key: uuid.UUID
    item_key: NotRequired[str | None]
    item_kind: Literal["pack", "subscription", "portal"]
    profile_id: uuid.UUID
    quantity: NotRequired[int]
    status: NotRequired[Literal["requested", "open", "pending", "completed", "expired", "failed"]]
    stripe_session_id: NotRequired[str | None]
    url: NotRequired[str | None]


class PublicCheckoutsUpdate(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credits: NotRequired[int | None]
    error: NotRequired[str | None]
    expires_at: NotRequired[datetime.datetime | None]
    finished_at: NotRequired[datetime.datetime | None]
    id: NotRequired[uuid.UUID]
    idempotency_key: NotRequired[uuid.UUID]
    item_key: NotRequired[str | None]
    item_kind: NotRequired[Literal["pack", "subscription", "portal"]]
    profile_id: NotRequired[uuid.UUID]
    quantity: NotRequired[int]
    status: NotRequired[Literal["requested", "open", "pending", "completed", "expired", "failed"]]
    stripe_session_id: NotRequired[str | None]
    url: NotRequired[str | None]


class PublicCreditEntries(BaseModel):
    amount: int
    balance_after: int
    created_at: datetime.datetime
    debt: int
    debt_lot_id: int | None
    entry_number: int
    generation_id: uuid.UUID | None
    kind: Literal[
        "grant", "spend", "refund", "expire", "revoke", "restore", "claw_back", "repay", "reinstate"
    ]
    lot_id: int
    profile_id: uuid.UUID
    reason: str | None


class PublicCreditEntriesInsert(TypedDict):
    amount: int
    balance_after: int
    created_at: NotRequired[datetime.datetime]
    debt: NotRequired[int]
    debt_lot_id: NotRequired[int | None]
    entry_number: int
    generation_id: NotRequired[uuid.UUID | None]
    kind: Literal[
        "grant", "spend", "refund", "expire", "revoke", "restore", "claw_back", "repay", "reinstate"
    ]
    lot_id: int
    profile_id: uuid.UUID
    reason: NotRequired[str | None]


class PublicCreditEntriesUpdate(TypedDict):
    amount: NotRequired[int]
    balance_after: NotRequired[int]
    created_at: NotRequired[datetime.datetime]
    debt: NotRequired[int]
    debt_lot_id: NotRequired[int | None]
    entry_number: NotRequired[int]
    generation_id: NotRequired[uuid.UUID | None]
    kind: NotRequired[
        Literal[
            "grant",
            "spend",
            "refund",
            "expire",
            "revoke",
            "restore",
            "claw_back",
            "repay",
            "reinstate",
        ]
    ]
    lot_id: NotRequired[int]
    profile_id: NotRequired[uuid.UUID]
    reason: NotRequired[str | None]


class PublicCreditLots(BaseModel):
    amount: int
    clawed_back: int
    created_at: datetime.datetime
    exhausted_at: datetime.datetime | None
    expires_at: datetime.datetime | None
    frozen_at: datetime.datetime | None
    grant_key: str
    id: int
    owed: int
    payment_id: uuid.UUID | None
    priority: int
    profile_id: uuid.UUID
    remaining: int
    source: Literal["sign_up", "referral", "purchase", "subscription", "promotion", "operator"]
    subscription_id: uuid.UUID | None


class PublicCreditLotsInsert(TypedDict):
    amount: int
    clawed_back: NotRequired[int]
    created_at: NotRequired[datetime.datetime]
    exhausted_at: NotRequired[datetime.datetime | None]
    expires_at: NotRequired[datetime.datetime | None]
    frozen_at: NotRequired[datetime.datetime | None]
    grant_key: str
    id: NotRequired[int]
    owed: NotRequired[int]
    payment_id: NotRequired[uuid.UUID | None]
    priority: NotRequired[int]
    profile_id: uuid.UUID
    remaining: int
    source: Literal["sign_up", "referral", "purchase", "subscription", "promotion", "operator"]
    subscription_id: NotRequired[uuid.UUID | None]


class PublicCreditLotsUpdate(TypedDict):
    amount: NotRequired[int]
    clawed_back: NotRequired[int]
    created_at: NotRequired[datetime.datetime]
    exhausted_at: NotRequired[datetime.datetime | None]
    expires_at: NotRequired[datetime.datetime | None]
    frozen_at: NotRequired[datetime.datetime | None]
    grant_key: NotRequired[str]
    id: NotRequired[int]
    owed: NotRequired[int]
    payment_id: NotRequired[uuid.UUID | None]
    priority: NotRequired[int]
    profile_id: NotRequired[uuid.UUID]
    remaining: NotRequired[int]
    source: NotRequired[
        Literal["sign_up", "referral", "purchase", "subscription", "promotion", "operator"]
    ]
    subscription_id: NotRequired[uuid.UUID | None]


class PublicCreditPacks(BaseModel):
    credits: int
    credits_last: str | None
    currency: str
    description: str
    is_enabled: bool
    max_quantity: int
    pack_key: str
    price_amount: int
    title: str


class PublicCreditPacksInsert(TypedDict):
    credits: int
    credits_last: NotRequired[str | None]
    currency: NotRequired[str]
    description: NotRequired[str]
    is_enabled: NotRequired[bool]
    max_quantity: NotRequired[int]
    pack_key: str
    price_amount: int
    title: str


class PublicCreditPacksUpdate(TypedDict):
    credits: NotRequired[int]
    credits_last: NotRequired[str | None]
    currency: NotRequired[str]
    description: NotRequired[str]
    is_enabled: NotRequired[bool]
    max_quantity: NotRequired[int]
    pack_key: NotRequired[str]
    price_amount: NotRequired[int]
    title: NotRequired[str]


class PublicGenerationOptions(BaseModel):
    choices: list[str] | None
    maximum: int | None
    minimum: int | None
    option_key: str
    title: str
    type_key: str
    value_type: Literal["integer", "boolean", "choice"]


class PublicGenerationOptionsInsert(TypedDict):
    choices: NotRequired[list[str] | None]
    maximum: NotRequired[int | None]
    minimum: NotRequired[int | None]
    option_key: str
    title: str
    type_key: str
    value_type: Literal["integer", "boolean", "choice"]


class PublicGenerationOptionsUpdate(TypedDict):
    choices: NotRequired[list[str] | None]
    maximum: NotRequired[int | None]
    minimum: NotRequired[int | None]
    option_key: NotRequired[str]
    title: NotRequired[str]
    type_key: NotRequired[str]
    value_type: NotRequired[Literal["integer", "boolean", "choice"]]


class PublicGenerationTypes(BaseModel):
    cost_credits: int
    description: str
    is_enabled: bool
    is_in_unlimited: bool
    title: str
    type_key: str
    user_image: Literal["none", "optional", "required"]


class PublicGenerationTypesInsert(TypedDict):
    cost_credits: int
    description: NotRequired[str]
    is_enabled: NotRequired[bool]
    is_in_unlimited: NotRequired[bool]
    title: str
    type_key: str
    user_image: NotRequired[Literal["none", "optional", "required"]]


class PublicGenerationTypesUpdate(TypedDict):
    cost_credits: NotRequired[int]
    description: NotRequired[str]
    is_enabled: NotRequired[bool]
    is_in_unlimited: NotRequired[bool]
    title: NotRequired[str]
    type_key: NotRequired[str]
    user_image: NotRequired[Literal["none", "optional", "required"]]


class PublicGenerations(BaseModel):
    created_at: datetime.datetime
    credit_cost: int
    deadline_at: datetime.datetime
    error: str | None
    finished_at: datetime.datetime | None
    generation_type: str
    id: uuid.UUID
    idempotency_key: uuid.UUID
    options: JsonValue
    output_path: str | None
    preview_path: str | None
    profile_id: uuid.UUID
    prompt: str
    status: Literal[
        "queued",
        "submitting",
        "processing",
        "storing",
        "succeeded",
        "failed",
        "canceled",
        "expired",
    ]
    user_image_id: uuid.UUID | None


class PublicGenerationsInsert(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credit_cost: int
    deadline_at: datetime.datetime
    error: NotRequired[str | None]
    finished_at: NotRequired[datetime.datetime | None]
    generation_type: str
    id: NotRequired[uuid.UUID]
    idempotency_key: uuid.UUID
    options: NotRequired[JsonValue]
    output_path: NotRequired[str | None]
    preview_path: NotRequired[str | None]
    profile_id: uuid.UUID
    prompt: str
    status: NotRequired[
        Literal[
            "queued",
            "submitting",
            "processing",
            "storing",
            "succeeded",
            "failed",
            "canceled",
            "expired",
        ]
    ]
    user_image_id: NotRequired[uuid.UUID | None]


class PublicGenerationsUpdate(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credit_cost: NotRequired[int]
    deadline_at: NotRequired[datetime.datetime]
    error: NotRequired[str | None]
    finished_at: NotRequired[datetime.datetime | None]
    generation_type: NotRequired[str]
    id: NotRequired[uuid.UUID]
    idempotency_key: NotRequired[uuid.UUID]
    options: NotRequired[JsonValue]
    output_path: NotRequired[str | None]
    preview_path: NotRequired[str | None]
    profile_id: NotRequired[uuid.UUID]
    prompt: NotRequired[str]
    status: NotRequired[
        Literal[
            "queued",
            "submitting",
            "processing",
            "storing",
            "succeeded",
            "failed",
            "canceled",
            "expired",
        ]
    ]
    user_image_id: NotRequired[uuid.UUID | None]


class PublicPayments(BaseModel):
    amount: int
    amount_reversed: int
    created_at: datetime.datetime
    credits_added: int
    currency: str
    dispute_status: Literal["open", "won", "lost"] | None
    id: uuid.UUID
    item_key: str
    kind: Literal["pack", "subscription"]
    profile_id: uuid.UUID
    stripe_payment_id: str
    subscription_id: uuid.UUID | None


class PublicPaymentsInsert(TypedDict):
    amount: int
    amount_reversed: NotRequired[int]
    created_at: NotRequired[datetime.datetime]
    credits_added: NotRequired[int]
    currency: str
    dispute_status: NotRequired[Literal["open", "won", "lost"] | None]
    id: NotRequired[uuid.UUID]
    item_key: str
    kind: Literal["pack", "subscription"]
    profile_id: uuid.UUID
    stripe_payment_id: str
    subscription_id: NotRequired[uuid.UUID | None]


class PublicPaymentsUpdate(TypedDict):
    amount: NotRequired[int]
    amount_reversed: NotRequired[int]
    created_at: NotRequired[datetime.datetime]
    credits_added: NotRequired[int]
    currency: NotRequired[str]
    dispute_status: NotRequired[Literal["open", "won", "lost"] | None]
    id: NotRequired[uuid.UUID]
    item_key: NotRequired[str]
    kind: NotRequired[Literal["pack", "subscription"]]
    profile_id: NotRequired[uuid.UUID]
    stripe_payment_id: NotRequired[str]
    subscription_id: NotRequired[uuid.UUID | None]


class PublicPlanUses(BaseModel):
    created_at: datetime.datetime
    generation_id: uuid.UUID
    profile_id: uuid.UUID
    returned_at: datetime.datetime | None
    subscription_id: uuid.UUID


class PublicPlanUsesInsert(TypedDict):
    created_at: NotRequired[datetime.datetime]
    generation_id: uuid.UUID
    profile_id: uuid.UUID
    returned_at: NotRequired[datetime.datetime | None]
    subscription_id: uuid.UUID


class PublicPlanUsesUpdate(TypedDict):
    created_at: NotRequired[datetime.datetime]
    generation_id: NotRequired[uuid.UUID]
    profile_id: NotRequired[uuid.UUID]
    returned_at: NotRequired[datetime.datetime | None]
    subscription_id: NotRequired[uuid.UUID]


class PublicPlans(BaseModel):
    billing_interval: Literal["month", "year"]
    credits_per_month: int
    currency: str
    description: str
    fair_use_per_day: int | None
    fair_use_per_month: int | None
    is_enabled: bool
    is_unlimited: bool
    plan_family: str
    plan_name: str
    price_amount: int
    rollover: Literal["none", "capped", "all"]
    rollover_cap: int | None
    title: str


class PublicPlansInsert(TypedDict):
    billing_interval: NotRequired[Literal["month", "year"]]
    credits_per_month: NotRequired[int]
    currency: NotRequired[str]
    description: NotRequired[str]
    fair_use_per_day: NotRequired[int | None]
    fair_use_per_month: NotRequired[int | None]
    is_enabled: NotRequired[bool]
    is_unlimited: NotRequired[bool]
    plan_family: NotRequired[str]
    plan_name: str
    price_amount: int
    rollover: NotRequired[Literal["none", "capped", "all"]]
    rollover_cap: NotRequired[int | None]
    title: str


class PublicPlansUpdate(TypedDict):
    billing_interval: NotRequired[Literal["month", "year"]]
    credits_per_month: NotRequired[int]
    currency: NotRequired[str]
    description: NotRequired[str]
    fair_use_per_day: NotRequired[int | None]
    fair_use_per_month: NotRequired[int | None]
    is_enabled: NotRequired[bool]
    is_unlimited: NotRequired[bool]
    plan_family: NotRequired[str]
    plan_name: NotRequired[str]
    price_amount: NotRequired[int]
    rollover: NotRequired[Literal["none", "capped", "all"]]
    rollover_cap: NotRequired[int | None]
    title: NotRequired[str]


class PublicProfiles(BaseModel):
    created_at: datetime.datetime
    credits: int
    debt: int
    deleted_at: datetime.datetime | None
    entry_count: int
    id: uuid.UUID
    referral_code: str
    referred_by: uuid.UUID | None


class PublicProfilesInsert(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credits: NotRequired[int]
    debt: NotRequired[int]
    deleted_at: NotRequired[datetime.datetime | None]
    entry_count: NotRequired[int]
    id: uuid.UUID
    referral_code: str
    referred_by: NotRequired[uuid.UUID | None]


class PublicProfilesUpdate(TypedDict):
    created_at: NotRequired[datetime.datetime]
    credits: NotRequired[int]
    debt: NotRequired[int]
    deleted_at: NotRequired[datetime.datetime | None]
    entry_count: NotRequired[int]
    id: NotRequired[uuid.UUID]
    referral_code: NotRequired[str]
    referred_by: NotRequired[uuid.UUID | None]


class PublicReferrals(BaseModel):
    code: str
    created_at: datetime.datetime
    id: uuid.UUID
    payment_id: uuid.UUID | None
    reason: (
        Literal[
            "malformed_code",
            "unknown_code",
            "own_code",
            "circular",
            "repeated",
            "late",
            "known_person",
            "monthly_cap",
            "referrer_gone",
        ]
        | None
    )
    referred_id: uuid.UUID
    referrer_id: uuid.UUID | None
    reversed_at: datetime.datetime | None
    rewarded_at: datetime.datetime | None
    status: Literal["pending", "rewarded", "rejected", "reversed"]


class PublicReferralsInsert(TypedDict):
    code: str
    created_at: NotRequired[datetime.datetime]
    id: NotRequired[uuid.UUID]
    payment_id: NotRequired[uuid.UUID | None]
    reason: NotRequired[
        Literal[
            "malformed_code",
            "unknown_code",
            "own_code",
            "circular",
            "repeated",
            "late",
            "known_person",
            "monthly_cap",
            "referrer_gone",
        ]
        | None
    ]
    referred_id: uuid.UUID
    referrer_id: NotRequired[uuid.UUID | None]
    reversed_at: NotRequired[datetime.datetime | None]
    rewarded_at: NotRequired[datetime.datetime | None]
    status: NotRequired[Literal["pending", "rewarded", "rejected", "reversed"]]


class PublicReferralsUpdate(TypedDict):
    code: NotRequired[str]
    created_at: NotRequired[datetime.datetime]
    id: NotRequired[uuid.UUID]
    payment_id: NotRequired[uuid.UUID | None]
    reason: NotRequired[
        Literal[
            "malformed_code",
            "unknown_code",
            "own_code",
            "circular",
            "repeated",
            "late",
            "known_person",
            "monthly_cap",
            "referrer_gone",
        ]
        | None
    ]
    referred_id: NotRequired[uuid.UUID]
    referrer_id: NotRequired[uuid.UUID | None]
    reversed_at: NotRequired[datetime.datetime | None]
    rewarded_at: NotRequired[datetime.datetime | None]
    status: NotRequired[Literal["pending", "rewarded", "rejected", "reversed"]]


class PublicSubscriptions(BaseModel):
    cancel_at_period_end: bool
    created_at: datetime.datetime
    current_period_end: datetime.datetime | None
    current_period_start: datetime.datetime | None
    end_date: datetime.datetime | None
    id: uuid.UUID
    is_active: bool
    next_grant_at: datetime.datetime | None
    plan_name: str
    profile_id: uuid.UUID
    quantity: int
    start_date: datetime.datetime
    status: Literal[
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "unpaid",
        "canceled",
        "paused",
    ]
    stripe_subscription_id: str | None


class PublicSubscriptionsInsert(TypedDict):
    cancel_at_period_end: NotRequired[bool]
    created_at: NotRequired[datetime.datetime]
    current_period_end: NotRequired[datetime.datetime | None]
    current_period_start: NotRequired[datetime.datetime | None]
    end_date: NotRequired[datetime.datetime | None]
    id: NotRequired[uuid.UUID]
    is_active: NotRequired[bool]
    next_grant_at: NotRequired[datetime.datetime | None]
    plan_name: str
    profile_id: uuid.UUID
    quantity: NotRequired[int]
    start_date: NotRequired[datetime.datetime]
    status: Literal[
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "unpaid",
        "canceled",
        "paused",
    ]
    stripe_subscription_id: NotRequired[str | None]


class PublicSubscriptionsUpdate(TypedDict):
    cancel_at_period_end: NotRequired[bool]
    created_at: NotRequired[datetime.datetime]
    current_period_end: NotRequired[datetime.datetime | None]
    current_period_start: NotRequired[datetime.datetime | None]
    end_date: NotRequired[datetime.datetime | None]
    id: NotRequired[uuid.UUID]
    is_active: NotRequired[bool]
    next_grant_at: NotRequired[datetime.datetime | None]
    plan_name: NotRequired[str]
    profile_id: NotRequired[uuid.UUID]
    quantity: NotRequired[int]
    start_date: NotRequired[datetime.datetime]
    status: NotRequired[
        Literal[
            "incomplete",
            "incomplete_expired",
            "trialing",
            "active",
            "past_due",
            "unpaid",
            "canceled",
            "paused",
        ]
    ]
    stripe_subscription_id: NotRequired[str | None]


class PublicUserImages(BaseModel):
    consented_at: datetime.datetime
    created_at: datetime.datetime
    deleted_at: datetime.datetime | None
    deletion_answer: JsonValue | None
    expires_at: datetime.datetime
    id: uuid.UUID
    object_path: str
    profile_id: uuid.UUID
    removal_reason: Literal["asked", "expired", "account"] | None
    removed_at: datetime.datetime | None


class PublicUserImagesInsert(TypedDict):
    consented_at: NotRequired[datetime.datetime]
    created_at: NotRequired[datetime.datetime]
    deleted_at: NotRequired[datetime.datetime | None]
    deletion_answer: NotRequired[JsonValue | None]
    expires_at: datetime.datetime
    id: NotRequired[uuid.UUID]
    object_path: str
    profile_id: uuid.UUID
    removal_reason: NotRequired[Literal["asked", "expired", "account"] | None]
    removed_at: NotRequired[datetime.datetime | None]


class PublicUserImagesUpdate(TypedDict):
    consented_at: NotRequired[datetime.datetime]
    created_at: NotRequired[datetime.datetime]
    deleted_at: NotRequired[datetime.datetime | None]
    deletion_answer: NotRequired[JsonValue | None]
    expires_at: NotRequired[datetime.datetime]
    id: NotRequired[uuid.UUID]
    object_path: NotRequired[str]
    profile_id: NotRequired[uuid.UUID]
    removal_reason: NotRequired[Literal["asked", "expired", "account"] | None]
    removed_at: NotRequired[datetime.datetime | None]


class PublicCreditHistory(BaseModel):
    amount: int
    balance_after: int
    created_at: datetime.datetime
    debt: int
    entry_number: int
    generation_id: uuid.UUID | None
    kind: Literal[
        "grant", "spend", "refund", "expire", "revoke", "restore", "claw_back", "repay", "reinstate"
    ]
    lot_id: int
    profile_id: uuid.UUID
    reason: str | None
    source: Literal["sign_up", "referral", "purchase", "subscription", "promotion", "operator"]


class PublicGenerationReceipts(BaseModel):
    credits_returned: int | None
    credits_spent: int | None
    generation_id: uuid.UUID | None
    lot_id: int | None
    payment_id: uuid.UUID | None
    profile_id: uuid.UUID | None
    source: (
        Literal["sign_up", "referral", "purchase", "subscription", "promotion", "operator", "plan"]
        | None
    )
    subscription_id: uuid.UUID | None


class PublicPurchaseUses(BaseModel):
    credits_returned: int | None
    credits_spent: int | None
    generation_id: uuid.UUID | None
    lot_id: int
    payment_id: uuid.UUID | None
    profile_id: uuid.UUID


class PublicCreditSummary(BaseModel):
    available: int
    held: int
    frozen: int
    debt: int
    expiring_soon: int
    expiring_at: datetime.datetime | None
    next_grant_credits: int
    next_grant_at: datetime.datetime | None


class PublicGenerationQuote(BaseModel):
    cost_credits: int
    is_covered: bool
    is_affordable: bool
    missing_credits: int
    fair_use_left: int | None
    fair_use_resets_at: datetime.datetime | None


class PublicApplyReferralCodeResult(TypedDict):
    status: Literal["pending", "rewarded"]
    code: str


class PublicDeleteMyAccountResult(TypedDict):
    deleted_at: str


PublicExportMyDataResult: TypeAlias = dict[str, JsonValue]


class PublicRedeemCodeResult(TypedDict):
    credits: int
    expires_at: str | None
