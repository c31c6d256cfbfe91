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

class PublicCreditEntries(BaseModel):
    amount: int = Field(alias="amount")
    balance_after: int = Field(alias="balance_after")
    created_at: datetime.datetime = Field(alias="created_at")
    entry_number: int = Field(alias="entry_number")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    kind: str = Field(alias="kind")
    lot_id: int = Field(alias="lot_id")
    profile_id: uuid.UUID = Field(alias="profile_id")

class PublicCreditEntriesInsert(TypedDict):
    amount: Annotated[int, Field(alias="amount")]
    balance_after: Annotated[int, Field(alias="balance_after")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    entry_number: Annotated[int, Field(alias="entry_number")]
    generation_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="generation_id")]]
    kind: Annotated[str, Field(alias="kind")]
    lot_id: Annotated[int, Field(alias="lot_id")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]

class PublicCreditEntriesUpdate(TypedDict):
    amount: NotRequired[Annotated[int, Field(alias="amount")]]
    balance_after: NotRequired[Annotated[int, Field(alias="balance_after")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    entry_number: NotRequired[Annotated[int, Field(alias="entry_number")]]
    generation_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="generation_id")]]
    kind: NotRequired[Annotated[str, Field(alias="kind")]]
    lot_id: NotRequired[Annotated[int, Field(alias="lot_id")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]

class PublicCreditLots(BaseModel):
    amount: int = Field(alias="amount")
    created_at: datetime.datetime = Field(alias="created_at")
    exhausted_at: Optional[datetime.datetime] = Field(alias="exhausted_at")
    expires_at: Optional[datetime.datetime] = Field(alias="expires_at")
    frozen_at: Optional[datetime.datetime] = Field(alias="frozen_at")
    grant_key: str = Field(alias="grant_key")
    id: int = Field(alias="id")
    priority: int = Field(alias="priority")
    profile_id: uuid.UUID = Field(alias="profile_id")
    remaining: int = Field(alias="remaining")
    source: str = Field(alias="source")

class PublicCreditLotsInsert(TypedDict):
    amount: Annotated[int, Field(alias="amount")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    exhausted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="exhausted_at")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    frozen_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="frozen_at")]]
    grant_key: Annotated[str, Field(alias="grant_key")]
    id: NotRequired[Annotated[int, Field(alias="id")]]
    priority: NotRequired[Annotated[int, Field(alias="priority")]]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]
    remaining: Annotated[int, Field(alias="remaining")]
    source: Annotated[str, Field(alias="source")]

class PublicCreditLotsUpdate(TypedDict):
    amount: NotRequired[Annotated[int, Field(alias="amount")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    exhausted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="exhausted_at")]]
    expires_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="expires_at")]]
    frozen_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="frozen_at")]]
    grant_key: NotRequired[Annotated[str, Field(alias="grant_key")]]
    id: NotRequired[Annotated[int, Field(alias="id")]]
    priority: NotRequired[Annotated[int, Field(alias="priority")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    remaining: NotRequired[Annotated[int, Field(alias="remaining")]]
    source: NotRequired[Annotated[str, Field(alias="source")]]

class PublicGenerationTypes(BaseModel):
    cost_credits: int = Field(alias="cost_credits")
    description: str = Field(alias="description")
    face: str = Field(alias="face")
    is_enabled: bool = Field(alias="is_enabled")
    title: str = Field(alias="title")
    type_key: str = Field(alias="type_key")

class PublicGenerationTypesInsert(TypedDict):
    cost_credits: Annotated[int, Field(alias="cost_credits")]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    face: NotRequired[Annotated[str, Field(alias="face")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
    title: Annotated[str, Field(alias="title")]
    type_key: Annotated[str, Field(alias="type_key")]

class PublicGenerationTypesUpdate(TypedDict):
    cost_credits: NotRequired[Annotated[int, Field(alias="cost_credits")]]
    description: NotRequired[Annotated[str, Field(alias="description")]]
    face: NotRequired[Annotated[str, Field(alias="face")]]
    is_enabled: NotRequired[Annotated[bool, Field(alias="is_enabled")]]
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
    output_path: Optional[str] = Field(alias="output_path")
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
    output_path: NotRequired[Annotated[Optional[str], Field(alias="output_path")]]
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
    output_path: NotRequired[Annotated[Optional[str], Field(alias="output_path")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]
    prompt: NotRequired[Annotated[str, Field(alias="prompt")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    user_image_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="user_image_id")]]

class PublicProfiles(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    credits: int = Field(alias="credits")
    deleted_at: Optional[datetime.datetime] = Field(alias="deleted_at")
    entry_count: int = Field(alias="entry_count")
    id: uuid.UUID = Field(alias="id")
    referral_code: str = Field(alias="referral_code")
    referred_by: Optional[uuid.UUID] = Field(alias="referred_by")

class PublicProfilesInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[int, Field(alias="credits")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    entry_count: NotRequired[Annotated[int, Field(alias="entry_count")]]
    id: Annotated[uuid.UUID, Field(alias="id")]
    referral_code: Annotated[str, Field(alias="referral_code")]
    referred_by: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referred_by")]]

class PublicProfilesUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    credits: NotRequired[Annotated[int, Field(alias="credits")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    entry_count: NotRequired[Annotated[int, Field(alias="entry_count")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    referral_code: NotRequired[Annotated[str, Field(alias="referral_code")]]
    referred_by: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referred_by")]]

class PublicReferrals(BaseModel):
    code: str = Field(alias="code")
    created_at: datetime.datetime = Field(alias="created_at")
    reason: Optional[str] = Field(alias="reason")
    referred_id: uuid.UUID = Field(alias="referred_id")
    referrer_id: Optional[uuid.UUID] = Field(alias="referrer_id")
    rewarded_at: Optional[datetime.datetime] = Field(alias="rewarded_at")
    status: str = Field(alias="status")

class PublicReferralsInsert(TypedDict):
    code: Annotated[str, Field(alias="code")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]
    referred_id: Annotated[uuid.UUID, Field(alias="referred_id")]
    referrer_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referrer_id")]]
    rewarded_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="rewarded_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]

class PublicReferralsUpdate(TypedDict):
    code: NotRequired[Annotated[str, Field(alias="code")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    reason: NotRequired[Annotated[Optional[str], Field(alias="reason")]]
    referred_id: NotRequired[Annotated[uuid.UUID, Field(alias="referred_id")]]
    referrer_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="referrer_id")]]
    rewarded_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="rewarded_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]

class PublicUserImages(BaseModel):
    consented_at: datetime.datetime = Field(alias="consented_at")
    created_at: datetime.datetime = Field(alias="created_at")
    deleted_at: Optional[datetime.datetime] = Field(alias="deleted_at")
    expires_at: datetime.datetime = Field(alias="expires_at")
    id: uuid.UUID = Field(alias="id")
    object_path: str = Field(alias="object_path")
    profile_id: uuid.UUID = Field(alias="profile_id")

class PublicUserImagesInsert(TypedDict):
    consented_at: NotRequired[Annotated[datetime.datetime, Field(alias="consented_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    expires_at: Annotated[datetime.datetime, Field(alias="expires_at")]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    object_path: Annotated[str, Field(alias="object_path")]
    profile_id: Annotated[uuid.UUID, Field(alias="profile_id")]

class PublicUserImagesUpdate(TypedDict):
    consented_at: NotRequired[Annotated[datetime.datetime, Field(alias="consented_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    deleted_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="deleted_at")]]
    expires_at: NotRequired[Annotated[datetime.datetime, Field(alias="expires_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    object_path: NotRequired[Annotated[str, Field(alias="object_path")]]
    profile_id: NotRequired[Annotated[uuid.UUID, Field(alias="profile_id")]]

class PublicGenerationReceipts(BaseModel):
    credits_returned: Optional[int] = Field(alias="credits_returned")
    credits_spent: Optional[int] = Field(alias="credits_spent")
    generation_id: Optional[uuid.UUID] = Field(alias="generation_id")
    lot_id: int = Field(alias="lot_id")
    profile_id: uuid.UUID = Field(alias="profile_id")
    source: str = Field(alias="source")



class PublicCreditSummary(BaseModel):
    available: Optional[int] = Field(alias="available")
    held: Optional[int] = Field(alias="held")
    expiring_soon: Optional[int] = Field(alias="expiring_soon")
    expiring_at: Optional[datetime.datetime] = Field(alias="expiring_at")
