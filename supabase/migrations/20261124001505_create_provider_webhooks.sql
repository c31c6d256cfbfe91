-- Purpose: the inbox of the provider's webhooks.
-- Touches: table private.provider_webhooks.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.provider_webhooks.

create table private.provider_webhooks (
    webhook_id text not null,
    profile_id uuid not null,
    attempt_token uuid not null,
    body jsonb not null,
    received_at timestamptz not null default now(),

    constraint provider_webhooks_pkey primary key (webhook_id),
    constraint provider_webhooks_webhook_id_is_short
    check (char_length(webhook_id) between 1 and 255)
);

create index provider_webhooks_attempt_token_idx on private.provider_webhooks (attempt_token);

comment on table private.provider_webhooks is
'Inbox of verified webhooks. A webhook is only a trigger: the prediction is read again from the
provider.';
comment on column private.provider_webhooks.profile_id is
'Whose picture it is, as the address says that the provider was given.';
comment on column private.provider_webhooks.body is
'The prediction as the provider told it,
https://replicate.com/docs/reference/http#predictions.get.';
comment on column private.provider_webhooks.webhook_id is
'Stable over the provider''s retries, so a duplicate is stored once.';

alter table private.provider_webhooks enable row level security;
