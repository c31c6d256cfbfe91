from __future__ import annotations

import datetime
import uuid
from typing import (
    Annotated,
    Any,
    List,
    Literal,
    Optional,
    TypedDict,
)
from typing_extensions import NotRequired, TypeAlias

from pydantic import BaseModel, Field, JsonValue

StorageBuckettype: TypeAlias = Literal["STANDARD", "ANALYTICS", "VECTOR"]

class PublicCheckouts(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    credits: Optional[int] = Field(alias="credits")
    error: Optional[str] = Field(alias="error")
    expires_at: Optional[datetime.datetime] = Field(alias="expires_at")
    finished_at: Optional[datetime.datetime] = Field(alias="finished_at")
    id: uuid.UUID = Field(alias="id")
    idempotency_key: uuid.UUID = Field(alias="idempotency_key")
    item_key: Optional[str] = Field(alias="item_key")
    item_kind: str = Field(alias="item_kind")
    profile_id: uuid.UUID = Field(alias="profile_id")
    quantity: int = Field(alias="quantity")
    status: str = Field(alias="status")
    stripe_session_id: Optional[str] = Field(alias="stripe_session_id")
    url: Optional[str] = Field(alias="url")

class PublicCheckoutsInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[Optional[int], Field(alias="credits")]]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    finished_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="finished_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    idempotency_key: Annotated[uuid.UUID, Field(alias="idempotency_key")]
    item_key: NotRequired[Annotated[Optional[str], Field(alias="item_key")]]
    item_kind: Annotated[str, Field(alias="item_kind")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    quantity: NotRequired[Annotated[int, Field(alias="quantity")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    stripe_session_id: NotRequired[Annotated[Optional[str], Field(alias="stripe_session_id")]]
    url: NotRequired[Annotated[Optional[str], Field(alias="url")]]

class PublicCheckoutsUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[Optional[int], Field(alias="credits")]]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    finished_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="finished_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    idempotency_key: NotRequired[Annotated[uuid.UUID, Field(alias="idempotency_key")]]
    item_key: NotRequired[Annotated[Optional[str], Field(alias="item_key")]]
    item_kind: NotRequired[Annotated[str, Field(alias="item_kind")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    quantity: NotRequired[Annotated[int, Field(alias="quantity")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    stripe_session_id: NotRequired[Annotated[Optional[str], Field(alias="stripe_session_id")]]
    url: NotRequired[Annotated[Optional[str], Field(alias="url")]]

class PublicCreditEntries(BaseModel):
    amount: int = Field(alias="amount")
    balance_after: int = Field(alias="balance_after")
    created_at: datetime.datetime = Field(alias="created_at")
    debt: int = Field(alias="debt")
    debt_lot_id: Optional[int] = Field(alias="debt_lot_id")
    entry_number: int = Field(alias="entry_number")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    kind: str = Field(alias="kind")
    lot_id: int = Field(alias="lot_id")
    profile_id: uuid.UUID = Field(alias="profile_id")
    reason: Optional[str] = Field(alias="reason")

class PublicCreditEntriesInsert(TypedDict):
    amount: Annotated[int, Field(alias="amount")]
    balance_after: Annotated[int, Field(alias="balance_after")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    debt: NotRequired[Annotated[int, Field(alias="debt")]]
    debt_lot_id: NotRequired[Annotated[Optional[int], Field(alias="debt_lot_id")]]
    entry_number: Annotated[int, Field(alias="entry_number")]
    generation_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="generation_id")]]
    kind: Annotated[str, Field(alias="kind")]
    lot_id: Annotated[int, Field(alias="lot_id")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]

class PublicCreditEntriesUpdate(TypedDict):
    amount: NotRequired[Annotated[int, Field(alias="amount")]]
    balance_after: NotRequired[Annotated[int, Field(alias="balance_after")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    debt: NotRequired[Annotated[int, Field(alias="debt")]]
    debt_lot_id: NotRequired[Annotated[Optional[int], Field(alias="debt_lot_id")]]
    entry_number: NotRequired[Annotated[int, Field(alias="entry_number")]]
    generation_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="generation_id")]]
    kind: NotRequired[Annotated[str, Field(alias="kind")]]
    lot_id: NotRequired[Annotated[int, Field(alias="lot_id")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]

class PublicCreditLots(BaseModel):
    amount: int = Field(alias="amount")
    clawed_back: int = Field(alias="clawed_back")
    created_at: datetime.datetime = Field(alias="created_at")
    exhausted_at: Optional[datetime.datetime] = Field(alias="exhausted_at")
    expires_at: Optional[datetime.datetime] = Field(alias="expires_at")
    frozen_at: Optional[datetime.datetime] = Field(alias="frozen_at")
    grant_key: str = Field(alias="grant_key")
    id: int = Field(alias="id")
    owed: int = Field(alias="owed")
    payment_id: Optional[uuid.UUID] = Field(alias="payment_id")
    priority: int = Field(alias="priority")
    profile_id: uuid.UUID = Field(alias="profile_id")
    remaining: int = Field(alias="remaining")
    source: str = Field(alias="source")
    subscription_id: Optional[uuid.UUID] = Field(alias="subscription_id")

class PublicCreditLotsInsert(TypedDict):
    amount: Annotated[int, Field(alias="amount")]
    clawed_back: NotRequired[Annotated[int, Field(alias="clawed_back")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    exhausted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="exhausted_at")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    frozen_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="frozen_at")]]
    grant_key: Annotated[str, Field(alias="grant_key")]
    id: NotRequired[Annotated[int, Field(alias="id")]]
    owed: NotRequired[Annotated[int, Field(alias="owed")]]
    payment_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="payment_id")]]
    priority: NotRequired[Annotated[int, Field(alias="priority")]]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    remaining: Annotated[int, Field(alias="remaining")]
    source: Annotated[str, Field(alias="source")]
    subscription_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="subscription_id")]]

class PublicCreditLotsUpdate(TypedDict):
    amount: NotRequired[Annotated[int, Field(alias="amount")]]
    clawed_back: NotRequired[Annotated[int, Field(alias="clawed_back")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    exhausted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="exhausted_at")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    frozen_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="frozen_at")]]
    grant_key: NotRequired[Annotated[str, Field(alias="grant_key")]]
    id: NotRequired[Annotated[int, Field(alias="id")]]
    owed: NotRequired[Annotated[int, Field(alias="owed")]]
    payment_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="payment_id")]]
    priority: NotRequired[Annotated[int, Field(alias="priority")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    remaining: NotRequired[Annotated[int, Field(alias="remaining")]]
    source: NotRequired[Annotated[str, Field(alias="source")]]
    subscription_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="subscription_id")]]

class PublicCreditPacks(BaseModel):
    credits: int = Field(alias="credits")
    credits_last: Optional[str] = Field(alias="credits_last")
    currency: str = Field(alias="currency")
    description: str = Field(alias="description")
    is_enabled: bool = Field(alias="is_enabled")
    pack_key: str = Field(alias="pack_key")
    price_amount: int = Field(alias="price_amount")
    quantity_max: int = Field(alias="quantity_max")
    title: str = Field(alias="title")

class PublicCreditPacksInsert(TypedDict):
    credits: Annotated[int, Field(alias="credits")]
    credits_last: NotRequired[Annotated[Optional[str], Field(alias="credits_last")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    pack_key: Annotated[str, Field(alias="pack_key")]
    price_amount: Annotated[int, Field(alias="price_amount")]
    quantity_max: NotRequired[Annotated[int, Field(alias="quantity_max")]]
    title: Annotated[str, Field(alias="title")]

class PublicCreditPacksUpdate(TypedDict):
    credits: NotRequired[Annotated[int, Field(alias="credits")]]
    credits_last: NotRequired[Annotated[Optional[str], Field(alias="credits_last")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    pack_key: NotRequired[Annotated[str, Field(alias="pack_key")]]
    price_amount: NotRequired[Annotated[int, Field(alias="price_amount")]]
    quantity_max: NotRequired[Annotated[int, Field(alias="quantity_max")]]
    title: NotRequired[Annotated[str, Field(alias="title")]]

class PublicGenerationOptions(BaseModel):
    choices: Optional[List[str]] = Field(alias="choices")
    maximum: Optional[int] = Field(alias="maximum")
    minimum: Optional[int] = Field(alias="minimum")
    option_key: str = Field(alias="option_key")
    title: str = Field(alias="title")
    type_key: str = Field(alias="type_key")
    value_type: str = Field(alias="value_type")

class PublicGenerationOptionsInsert(TypedDict):
    choices: NotRequired[Annotated[Optional[List[str]], Field(alias="choices")]]
    maximum: NotRequired[Annotated[Optional[int], Field(alias="maximum")]]
    minimum: NotRequired[Annotated[Optional[int], Field(alias="minimum")]]
    option_key: Annotated[str, Field(alias="option_key")]
    title: Annotated[str, Field(alias="title")]
    type_key: Annotated[str, Field(alias="type_key")]
    value_type: Annotated[str, Field(alias="value_type")]

class PublicGenerationOptionsUpdate(TypedDict):
    choices: NotRequired[Annotated[Optional[List[str]], Field(alias="choices")]]
    maximum: NotRequired[Annotated[Optional[int], Field(alias="maximum")]]
    minimum: NotRequired[Annotated[Optional[int], Field(alias="minimum")]]
    option_key: NotRequired[Annotated[str, Field(alias="option_key")]]
    title: NotRequired[Annotated[str, Field(alias="title")]]
    type_key: NotRequired[Annotated[str, Field(alias="type_key")]]
    value_type: NotRequired[Annotated[str, Field(alias="value_type")]]

class PublicGenerationTypes(BaseModel):
    cost_credits: int = Field(alias="cost_credits")
    description: str = Field(alias="description")
    face: str = Field(alias="face")
    is_enabled: bool = Field(alias="is_enabled")
    is_in_unlimited: bool = Field(alias="is_in_unlimited")
    title: str = Field(alias="title")
    type_key: str = Field(alias="type_key")

class PublicGenerationTypesInsert(TypedDict):
    cost_credits: Annotated[int, Field(alias="cost_credits")]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    face: NotRequired[Annotated[str, Field(alias="face")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    is_in_unlimited: NotRequired[Annotated[bool, Field(alias="is_in_unlimited")]]
    title: Annotated[str, Field(alias="title")]
    type_key: Annotated[str, Field(alias="type_key")]

class PublicGenerationTypesUpdate(TypedDict):
    cost_credits: NotRequired[Annotated[int, Field(alias="cost_credits")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    face: NotRequired[Annotated[str, Field(alias="face")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    is_in_unlimited: NotRequired[Annotated[bool, Field(alias="is_in_unlimited")]]
    title: NotRequired[Annotated[str, Field(alias="title")]]
    type_key: NotRequired[Annotated[str, Field(alias="type_key")]]

class PublicGenerations(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    credit_cost: int = Field(alias="credit_cost")
    deadline_at: datetime.datetime = Field(alias="deadline_at")
    error: Optional[str] = Field(alias="error")
    finished_at: Optional[datetime.datetime] = Field(alias="finished_at")
    generation_type: str = Field(alias="generation_type")
    id: uuid.UUID = Field(alias="id")
    idempotency_key: uuid.UUID = Field(alias="idempotency_key")
    options: JsonValue = Field(alias="options")
    output_path: Optional[str] = Field(alias="output_path")
    preview_path: Optional[str] = Field(alias="preview_path")
    profile_id: uuid.UUID = Field(alias="profile_id")
    prompt: str = Field(alias="prompt")
    status: str = Field(alias="status")
    user_image_id: Optional[uuid.UUID] = Field(alias="user_image_id")

class PublicGenerationsInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credit_cost: Annotated[int, Field(alias="credit_cost")]
    deadline_at: Annotated[datetime.datetime, Field(alias="deadline_at")]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    finished_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="finished_at")]]
    generation_type: Annotated[str, Field(alias="generation_type")]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    idempotency_key: Annotated[uuid.UUID, Field(alias="idempotency_key")]
    options: NotRequired[Annotated[JsonValue, Field(alias="options")]]
    output_path: NotRequired[Annotated[Optional[str], Field(alias="output_path")]]
    preview_path: NotRequired[Annotated[Optional[str], Field(alias="preview_path")]]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    prompt: Annotated[str, Field(alias="prompt")]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    user_image_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="user_image_id")]]

class PublicGenerationsUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credit_cost: NotRequired[Annotated[int, Field(alias="credit_cost")]]
    deadline_at: NotRequired[Annotated[datetime.datetime, Field(alias="deadline_at")]]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    finished_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="finished_at")]]
    generation_type: NotRequired[Annotated[str, Field(alias="generation_type")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    idempotency_key: NotRequired[Annotated[uuid.UUID, Field(alias="idempotency_key")]]
    options: NotRequired[Annotated[JsonValue, Field(alias="options")]]
    output_path: NotRequired[Annotated[Optional[str], Field(alias="output_path")]]
    preview_path: NotRequired[Annotated[Optional[str], Field(alias="preview_path")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    prompt: NotRequired[Annotated[str, Field(alias="prompt")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    user_image_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="user_image_id")]]

class PublicPayments(BaseModel):
    amount: int = Field(alias="amount")
    amount_reversed: int = Field(alias="amount_reversed")
    created_at: datetime.datetime = Field(alias="created_at")
    credits_added: int = Field(alias="credits_added")
    currency: str = Field(alias="currency")
    dispute_status: Optional[str] = Field(alias="dispute_status")
    id: uuid.UUID = Field(alias="id")
    item_key: str = Field(alias="item_key")
    kind: str = Field(alias="kind")
    profile_id: uuid.UUID = Field(alias="profile_id")
    stripe_payment_id: str = Field(alias="stripe_payment_id")
    subscription_id: Optional[uuid.UUID] = Field(alias="subscription_id")

class PublicPaymentsInsert(TypedDict):
    amount: Annotated[int, Field(alias="amount")]
    amount_reversed: NotRequired[Annotated[int, Field(alias="amount_reversed")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits_added: NotRequired[Annotated[int, Field(alias="credits_added")]]
    currency: Annotated[str, Field(alias="currency")]
    dispute_status: NotRequired[Annotated[Optional[str], Field(alias="dispute_status")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    item_key: Annotated[str, Field(alias="item_key")]
    kind: Annotated[str, Field(alias="kind")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    stripe_payment_id: Annotated[str, Field(alias="stripe_payment_id")]
    subscription_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="subscription_id")]]

class PublicPaymentsUpdate(TypedDict):
    amount: NotRequired[Annotated[int, Field(alias="amount")]]
    amount_reversed: NotRequired[Annotated[int, Field(alias="amount_reversed")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits_added: NotRequired[Annotated[int, Field(alias="credits_added")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    dispute_status: NotRequired[Annotated[Optional[str], Field(alias="dispute_status")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    item_key: NotRequired[Annotated[str, Field(alias="item_key")]]
    kind: NotRequired[Annotated[str, Field(alias="kind")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    stripe_payment_id: NotRequired[Annotated[str, Field(alias="stripe_payment_id")]]
    subscription_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="subscription_id")]]

class PublicPlanUses(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    generation_id: uuid.UUID = Field(alias="generation_id")
    profile_id: uuid.UUID = Field(alias="profile_id")
    returned_at: Optional[datetime.datetime] = Field(alias="returned_at")
    subscription_id: uuid.UUID = Field(alias="subscription_id")

class PublicPlanUsesInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    generation_id: Annotated[uuid.UUID, Field(alias="generation_id")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    returned_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="returned_at")]]
    subscription_id: Annotated[uuid.UUID, Field(alias="subscription_id")]

class PublicPlanUsesUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    generation_id: NotRequired[Annotated[uuid.UUID, Field(alias="generation_id")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    returned_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="returned_at")]]
    subscription_id: NotRequired[Annotated[uuid.UUID, Field(alias="subscription_id")]]

class PublicPlans(BaseModel):
    billing_interval: str = Field(alias="billing_interval")
    credits_per_month: int = Field(alias="credits_per_month")
    currency: str = Field(alias="currency")
    description: str = Field(alias="description")
    fair_use_per_day: Optional[int] = Field(alias="fair_use_per_day")
    fair_use_per_month: Optional[int] = Field(alias="fair_use_per_month")
    is_enabled: bool = Field(alias="is_enabled")
    is_unlimited: bool = Field(alias="is_unlimited")
    plan_family: str = Field(alias="plan_family")
    plan_name: str = Field(alias="plan_name")
    price_amount: int = Field(alias="price_amount")
    rollover: str = Field(alias="rollover")
    rollover_cap: Optional[int] = Field(alias="rollover_cap")
    title: str = Field(alias="title")

class PublicPlansInsert(TypedDict):
    billing_interval: NotRequired[Annotated[str, Field(alias="billing_interval")]]
    credits_per_month: NotRequired[Annotated[int, Field(alias="credits_per_month")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    fair_use_per_day: NotRequired[Annotated[Optional[int], Field(alias="fair_use_per_day")]]
    fair_use_per_month: NotRequired[Annotated[Optional[int], Field(alias="fair_use_per_month")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    is_unlimited: NotRequired[Annotated[bool, Field(alias="is_unlimited")]]
    plan_family: NotRequired[Annotated[str, Field(alias="plan_family")]]
    plan_name: Annotated[str, Field(alias="plan_name")]
    price_amount: Annotated[int, Field(alias="price_amount")]
    rollover: NotRequired[Annotated[str, Field(alias="rollover")]]
    rollover_cap: NotRequired[Annotated[Optional[int], Field(alias="rollover_cap")]]
    title: Annotated[str, Field(alias="title")]

class PublicPlansUpdate(TypedDict):
    billing_interval: NotRequired[Annotated[str, Field(alias="billing_interval")]]
    credits_per_month: NotRequired[Annotated[int, Field(alias="credits_per_month")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    fair_use_per_day: NotRequired[Annotated[Optional[int], Field(alias="fair_use_per_day")]]
    fair_use_per_month: NotRequired[Annotated[Optional[int], Field(alias="fair_use_per_month")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    is_unlimited: NotRequired[Annotated[bool, Field(alias="is_unlimited")]]
    plan_family: NotRequired[Annotated[str, Field(alias="plan_family")]]
    plan_name: NotRequired[Annotated[str, Field(alias="plan_name")]]
    price_amount: NotRequired[Annotated[int, Field(alias="price_amount")]]
    rollover: NotRequired[Annotated[str, Field(alias="rollover")]]
    rollover_cap: NotRequired[Annotated[Optional[int], Field(alias="rollover_cap")]]
    title: NotRequired[Annotated[str, Field(alias="title")]]

class PublicProfiles(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    credits: int = Field(alias="credits")
    debt: int = Field(alias="debt")
    deleted_at: Optional[datetime.datetime] = Field(alias="deleted_at")
    entry_count: int = Field(alias="entry_count")
    id: uuid.UUID = Field(alias="id")
    referral_code: str = Field(alias="referral_code")
    referred_by: Optional[uuid.UUID] = Field(alias="referred_by")

class PublicProfilesInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[int, Field(alias="credits")]]
    debt: NotRequired[Annotated[int, Field(alias="debt")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    entry_count: NotRequired[Annotated[int, Field(alias="entry_count")]]
    id: Annotated[uuid.UUID, Field(alias="id")]
    referral_code: Annotated[str, Field(alias="referral_code")]
    referred_by: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referred_by")]]

class PublicProfilesUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[int, Field(alias="credits")]]
    debt: NotRequired[Annotated[int, Field(alias="debt")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    entry_count: NotRequired[Annotated[int, Field(alias="entry_count")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    referral_code: NotRequired[Annotated[str, Field(alias="referral_code")]]
    referred_by: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referred_by")]]

class PublicReferrals(BaseModel):
    code: str = Field(alias="code")
    created_at: datetime.datetime = Field(alias="created_at")
    id: uuid.UUID = Field(alias="id")
    payment_id: Optional[uuid.UUID] = Field(alias="payment_id")
    reason: Optional[str] = Field(alias="reason")
    referred_id: uuid.UUID = Field(alias="referred_id")
    referrer_id: Optional[uuid.UUID] = Field(alias="referrer_id")
    reversed_at: Optional[datetime.datetime] = Field(alias="reversed_at")
    rewarded_at: Optional[datetime.datetime] = Field(alias="rewarded_at")
    status: str = Field(alias="status")

class PublicReferralsInsert(TypedDict):
    code: Annotated[str, Field(alias="code")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    payment_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="payment_id")]]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]
    referred_id: Annotated[uuid.UUID, Field(alias="referred_id")]
    referrer_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referrer_id")]]
    reversed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="reversed_at")]]
    rewarded_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="rewarded_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]

class PublicReferralsUpdate(TypedDict):
    code: NotRequired[Annotated[str, Field(alias="code")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    payment_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="payment_id")]]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]
    referred_id: NotRequired[Annotated[uuid.UUID, Field(alias="referred_id")]]
    referrer_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referrer_id")]]
    reversed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="reversed_at")]]
    rewarded_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="rewarded_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]

class PublicSubscriptions(BaseModel):
    cancel_at_period_end: bool = Field(alias="cancel_at_period_end")
    created_at: datetime.datetime = Field(alias="created_at")
    current_period_end: Optional[datetime.datetime] = Field(alias="current_period_end")
    current_period_start: Optional[datetime.datetime] = Field(alias="current_period_start")
    end_date: Optional[datetime.datetime] = Field(alias="end_date")
    id: uuid.UUID = Field(alias="id")
    is_active: bool = Field(alias="is_active")
    next_grant_at: Optional[datetime.datetime] = Field(alias="next_grant_at")
    plan_name: str = Field(alias="plan_name")
    profile_id: uuid.UUID = Field(alias="profile_id")
    quantity: int = Field(alias="quantity")
    start_date: datetime.datetime = Field(alias="start_date")
    status: str = Field(alias="status")
    stripe_subscription_id: Optional[str] = Field(alias="stripe_subscription_id")

class PublicSubscriptionsInsert(TypedDict):
    cancel_at_period_end: NotRequired[Annotated[bool, Field(alias="cancel_at_period_end")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    current_period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_end")]]
    current_period_start: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_start")]]
    end_date: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="end_date")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    is_active: NotRequired[Annotated[bool, Field(alias="is_active")]]
    next_grant_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="next_grant_at")]]
    plan_name: Annotated[str, Field(alias="plan_name")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    quantity: NotRequired[Annotated[int, Field(alias="quantity")]]
    start_date: NotRequired[Annotated[datetime.datetime, Field(alias="start_date")]]
    status: Annotated[str, Field(alias="status")]
    stripe_subscription_id: NotRequired[Annotated[Optional[str], Field(alias="stripe_subscription_id")]]

class PublicSubscriptionsUpdate(TypedDict):
    cancel_at_period_end: NotRequired[Annotated[bool, Field(alias="cancel_at_period_end")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    current_period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_end")]]
    current_period_start: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_start")]]
    end_date: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="end_date")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    is_active: NotRequired[Annotated[bool, Field(alias="is_active")]]
    next_grant_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="next_grant_at")]]
    plan_name: NotRequired[Annotated[str, Field(alias="plan_name")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    quantity: NotRequired[Annotated[int, Field(alias="quantity")]]
    start_date: NotRequired[Annotated[datetime.datetime, Field(alias="start_date")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    stripe_subscription_id: NotRequired[Annotated[Optional[str], Field(alias="stripe_subscription_id")]]

class PublicUserImages(BaseModel):
    consented_at: datetime.datetime = Field(alias="consented_at")
    created_at: datetime.datetime = Field(alias="created_at")
    deleted_at: Optional[datetime.datetime] = Field(alias="deleted_at")
    deletion_answer: Optional[JsonValue] = Field(alias="deletion_answer")
    expires_at: datetime.datetime = Field(alias="expires_at")
    id: uuid.UUID = Field(alias="id")
    object_path: str = Field(alias="object_path")
    profile_id: uuid.UUID = Field(alias="profile_id")
    removal_reason: Optional[str] = Field(alias="removal_reason")
    removed_at: Optional[datetime.datetime] = Field(alias="removed_at")

class PublicUserImagesInsert(TypedDict):
    consented_at: NotRequired[Annotated[datetime.datetime, Field(alias="consented_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    deletion_answer: NotRequired[Annotated[Optional[JsonValue], Field(alias="deletion_answer")]]
    expires_at: Annotated[datetime.datetime, Field(alias="expires_at")]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    object_path: Annotated[str, Field(alias="object_path")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    removal_reason: NotRequired[Annotated[Optional[str], Field(alias="removal_reason")]]
    removed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="removed_at")]]

class PublicUserImagesUpdate(TypedDict):
    consented_at: NotRequired[Annotated[datetime.datetime, Field(alias="consented_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    deletion_answer: NotRequired[Annotated[Optional[JsonValue], Field(alias="deletion_answer")]]
    expires_at: NotRequired[Annotated[datetime.datetime, Field(alias="expires_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    object_path: NotRequired[Annotated[str, Field(alias="object_path")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    removal_reason: NotRequired[Annotated[Optional[str], Field(alias="removal_reason")]]
    removed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="removed_at")]]

class PublicCreditHistory(BaseModel):
    amount: int = Field(alias="amount")
    balance_after: int = Field(alias="balance_after")
    created_at: datetime.datetime = Field(alias="created_at")
    debt: int = Field(alias="debt")
    entry_number: int = Field(alias="entry_number")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    kind: str = Field(alias="kind")
    lot_id: int = Field(alias="lot_id")
    profile_id: uuid.UUID = Field(alias="profile_id")
    reason: Optional[str] = Field(alias="reason")
    source: str = Field(alias="source")

class PublicGenerationReceipts(BaseModel):
    credits_returned: Optional[int] = Field(alias="credits_returned")
    credits_spent: Optional[int] = Field(alias="credits_spent")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    lot_id: Optional[int] = Field(alias="lot_id")
    payment_id: Optional[uuid.UUID] = Field(alias="payment_id")
    profile_id: Optional[uuid.UUID] = Field(alias="profile_id")
    source: Optional[str] = Field(alias="source")
    subscription_id: Optional[uuid.UUID] = Field(alias="subscription_id")

class PublicPurchaseUses(BaseModel):
    credits_returned: Optional[int] = Field(alias="credits_returned")
    credits_spent: Optional[int] = Field(alias="credits_spent")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    lot_id: int = Field(alias="lot_id")
    payment_id: Optional[uuid.UUID] = Field(alias="payment_id")
    profile_id: uuid.UUID = Field(alias="profile_id")



class PublicCreditSummary(BaseModel):
    available: Optional[int] = Field(alias="available")
    held: Optional[int] = Field(alias="held")
    frozen: Optional[int] = Field(alias="frozen")
    debt: Optional[int] = Field(alias="debt")
    expiring_soon: Optional[int] = Field(alias="expiring_soon")
    expiring_at: Optional[datetime.datetime] = Field(alias="expiring_at")
    next_grant_credits: Optional[int] = Field(alias="next_grant_credits")
    next_grant_at: Optional[datetime.datetime] = Field(alias="next_grant_at")

class PublicGenerationQuote(BaseModel):
    cost_credits: Optional[int] = Field(alias="cost_credits")
    is_covered: Optional[bool] = Field(alias="is_covered")
    is_affordable: Optional[bool] = Field(alias="is_affordable")
    missing_credits: Optional[int] = Field(alias="missing_credits")
    fair_use_left: Optional[int] = Field(alias="fair_use_left")
    fair_use_resets_at: Optional[datetime.datetime] = Field(alias="fair_use_resets_at")
