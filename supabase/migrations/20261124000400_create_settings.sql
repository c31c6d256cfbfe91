-- Purpose: the numbers an operator may turn, in one typed row.
-- Touches: table private.settings.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.settings.

create table private.settings (
    id boolean not null default true,

    -- What people are given.
    sign_up_credits bigint not null default 50,
    referral_bonus_credits bigint not null default 30,
    referred_bonus_credits bigint not null default 0,
    referral_policy text not null default 'confirmed',
    referral_rewards_per_month_max integer not null default 10,
    referral_window interval not null default interval '7 days',
    code_failures_per_hour_max integer not null default 10,
    refund_grace interval not null default interval '7 days',

    -- What a person may ask for.
    generations_running_max integer default 5,
    generations_per_minute_max integer default 10,
    generations_per_day_max integer default 200,
    prompt_max_characters integer not null default 1000,
    user_images_max integer not null default 20,
    checkouts_per_hour_max integer not null default 20,

    -- Face photos.
    user_image_retention interval not null default interval '180 days',
    signed_url_seconds integer not null default 1800,

    -- The provider: time, attempts and money.
    generation_deadline interval not null default interval '10 minutes',
    submit_attempts_max integer not null default 3,
    submit_find_after interval not null default interval '5 seconds',
    submit_unknown_grace interval not null default interval '60 seconds',
    provider_spend_per_day_max_micros bigint default 100000000,
    micros_per_minor_unit jsonb not null default '{"usd": 10000}',

    -- Jobs of the sidecar.
    job_attempts_max integer not null default 8,
    retry_first_wait interval not null default interval '1 second',
    retry_longest_wait interval not null default interval '5 minutes',

    -- Stripe.
    stripe_livemode boolean not null default false,
    reconcile_interval interval not null default interval '1 day',
    -- Where Stripe's pages lead back to. Never from the client: it could lead people elsewhere.
    checkout_success_url text,
    checkout_cancel_url text,
    portal_return_url text,

    constraint settings_pkey primary key (id),
    constraint settings_one_row check (id),
    constraint settings_sign_up_credits_not_negative check (sign_up_credits >= 0),
    constraint settings_referral_bonus_credits_not_negative check (referral_bonus_credits >= 0),
    constraint settings_referred_bonus_credits_not_negative check (referred_bonus_credits >= 0),
    constraint settings_referral_policy_known
    check (referral_policy in ('confirmed', 'first_purchase')),
    constraint settings_referral_rewards_per_month_max_not_negative
    check (referral_rewards_per_month_max >= 0),
    constraint settings_referral_window_not_negative check (referral_window >= interval '0'),
    constraint settings_code_failures_per_hour_max_positive
    check (code_failures_per_hour_max > 0),
    constraint settings_refund_grace_positive check (refund_grace > interval '0'),
    constraint settings_generations_running_max_positive check (generations_running_max > 0),
    constraint settings_generations_per_minute_max_positive
    check (generations_per_minute_max > 0),
    constraint settings_generations_per_day_max_positive check (generations_per_day_max > 0),
    constraint settings_prompt_max_characters_in_range
    check (prompt_max_characters between 1 and 10000),
    constraint settings_user_images_max_positive check (user_images_max > 0),
    constraint settings_checkouts_per_hour_max_positive check (checkouts_per_hour_max > 0),
    constraint settings_user_image_retention_positive check (user_image_retention > interval '0'),
    constraint settings_signed_url_seconds_in_range check (signed_url_seconds between 60 and 3600),
    constraint settings_generation_deadline_in_range
    check (generation_deadline between interval '1 second' and interval '1 hour'),
    constraint settings_submit_attempts_max_positive check (submit_attempts_max > 0),
    constraint settings_submit_find_after_positive check (submit_find_after > interval '0'),
    constraint settings_submit_unknown_grace_positive check (submit_unknown_grace > interval '0'),
    constraint settings_provider_spend_per_day_max_not_negative
    check (provider_spend_per_day_max_micros >= 0),
    constraint settings_micros_per_minor_unit_is_object
    check (jsonb_typeof(micros_per_minor_unit) = 'object'),
    constraint settings_job_attempts_max_positive check (job_attempts_max > 0),
    constraint settings_retry_waits_in_order
    check (interval '0' < retry_first_wait and retry_first_wait <= retry_longest_wait),
    constraint settings_reconcile_interval_positive check (reconcile_interval > interval '0'),
    constraint settings_checkout_success_url_is_web check (checkout_success_url ~ '^https?://[^/]'),
    constraint settings_checkout_cancel_url_is_web check (checkout_cancel_url ~ '^https?://[^/]'),
    constraint settings_portal_return_url_is_web check (portal_return_url ~ '^https?://[^/]')
);

comment on table private.settings is
'One row of operator settings. Change it with: thumbsmith settings set';

comment on column private.settings.sign_up_credits is 'Credits of a new account.';
comment on column private.settings.referral_bonus_credits is
'Credits the referrer gets per friend.';
comment on column private.settings.referred_bonus_credits is
'Credits the friend gets too, when the referrer is rewarded.';
comment on column private.settings.referral_policy is
'When a referral pays: with the confirmed address, or with the first purchase.';
comment on column private.settings.referral_rewards_per_month_max is
'Rewards of one referrer per calendar month (UTC).';
comment on column private.settings.referral_window is
'How long after a sign-up a code may still be given.';
comment on column private.settings.code_failures_per_hour_max is
'Wrong referral and promotional codes a person may try within an hour.';
comment on column private.settings.refund_grace is
'How long credits live that come back after their lot expired.';
comment on column private.settings.generations_running_max is
'Thumbnails of one person under way at a time; null: no limit.';
comment on column private.settings.generations_per_minute_max is
'Thumbnails a person may ask for within 60 seconds; null: no limit.';
comment on column private.settings.generations_per_day_max is
'Thumbnails a person may ask for within 24 hours; null: no limit.';
comment on column private.settings.prompt_max_characters is 'Length of a prompt, in characters.';
comment on column private.settings.user_images_max is 'Face photos a person may keep.';
comment on column private.settings.checkouts_per_hour_max is
'Pages of Stripe a person may ask for within an hour.';
comment on column private.settings.user_image_retention is 'How long a face photo is kept.';
comment on column private.settings.signed_url_seconds is
'Life of the signed URL of a face that the provider gets, in seconds.';
comment on column private.settings.generation_deadline is
'After this time without a picture a generation expires and its credits go back.';
comment on column private.settings.submit_attempts_max is
'How often a generation is sent to the provider: again after a lost answer, and to the next model
after a failure.';
comment on column private.settings.submit_find_after is
'How soon a lost answer is looked for in the provider''s list.';
comment on column private.settings.submit_unknown_grace is
'How long a lost answer of the provider is waited for before another attempt is made.';
comment on column private.settings.provider_spend_per_day_max_micros is
'Expected spend at the provider per day (UTC) in millionths of a US dollar; null: no breaker.';
comment on column private.settings.micros_per_minor_unit is
'What a minor unit of each currency is worth in millionths of a US dollar, for the reports: a cent
is 10000.';
comment on column private.settings.job_attempts_max is
'How often a job is tried before it is given up, unless a thumbnail waits for it.';
comment on column private.settings.retry_first_wait is
'The wait after a first failed try; doubled with each further one.';
comment on column private.settings.retry_longest_wait is 'The longest wait between two tries.';
comment on column private.settings.stripe_livemode is
'Whether this database belongs to live mode. Events and objects of the other mode are refused.';
comment on column private.settings.reconcile_interval is
'How often everything at Stripe is compared with our rows.';
comment on column private.settings.checkout_success_url is
'Where a paid Checkout leads back to; null: nothing can be bought yet. {CHECKOUT_SESSION_ID} in it
is filled in by Stripe.';
comment on column private.settings.checkout_cancel_url is
'Where a Checkout that was left leads back to; null: the success page.';
comment on column private.settings.portal_return_url is
'Where the customer portal leads back to; null: the success page.';

create trigger _900_audit_change
after update or delete on private.settings
for each row
execute function private.tg__audit_change();

alter table private.settings enable row level security;

insert into private.settings default values;
