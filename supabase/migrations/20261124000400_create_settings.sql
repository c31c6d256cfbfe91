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
    max_referral_rewards_per_month integer not null default 10,
    referral_window interval not null default interval '7 days',
    max_code_failures_per_hour integer not null default 10,
    refund_grace interval not null default interval '7 days',

    -- What a person may ask for.
    max_running_generations integer default 5,
    max_generations_per_minute integer default 10,
    max_generations_per_day integer default 200,
    max_prompt_characters integer not null default 1000,
    max_user_images integer not null default 20,
    max_checkouts_per_hour integer not null default 20,

    -- Face photos.
    user_image_retention interval not null default interval '180 days',
    signed_url_seconds integer not null default 1800,

    -- The provider: time, attempts and money.
    generation_deadline interval not null default interval '10 minutes',
    max_generation_attempts integer not null default 3,
    submit_find_after interval not null default interval '5 seconds',
    submit_unknown_grace interval not null default interval '60 seconds',
    max_provider_spend_per_day_micros bigint default 100000000,
    micros_per_minor_unit jsonb not null default '{"usd": 10000}',

    -- Jobs of the sidecar.
    max_job_tries integer not null default 8,
    first_retry_wait interval not null default interval '1 second',
    max_retry_wait interval not null default interval '5 minutes',

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
    constraint settings_max_referral_rewards_per_month_not_negative
    check (max_referral_rewards_per_month >= 0),
    constraint settings_referral_window_not_negative check (referral_window >= interval '0'),
    constraint settings_max_code_failures_per_hour_positive
    check (max_code_failures_per_hour > 0),
    constraint settings_refund_grace_positive check (refund_grace > interval '0'),
    constraint settings_max_running_generations_positive check (max_running_generations > 0),
    constraint settings_max_generations_per_minute_positive
    check (max_generations_per_minute > 0),
    constraint settings_max_generations_per_day_positive check (max_generations_per_day > 0),
    constraint settings_max_prompt_characters_in_range
    check (max_prompt_characters between 1 and 10000),
    constraint settings_max_user_images_positive check (max_user_images > 0),
    constraint settings_max_checkouts_per_hour_positive check (max_checkouts_per_hour > 0),
    constraint settings_user_image_retention_positive check (user_image_retention > interval '0'),
    constraint settings_signed_url_seconds_in_range check (signed_url_seconds between 60 and 3600),
    constraint settings_generation_deadline_in_range
    check (generation_deadline between interval '1 second' and interval '1 hour'),
    constraint settings_max_generation_attempts_positive check (max_generation_attempts > 0),
    constraint settings_submit_find_after_positive check (submit_find_after > interval '0'),
    constraint settings_submit_unknown_grace_positive check (submit_unknown_grace > interval '0'),
    constraint settings_max_provider_spend_per_day_not_negative
    check (max_provider_spend_per_day_micros >= 0),
    constraint settings_micros_per_minor_unit_is_object
    check (jsonb_typeof(micros_per_minor_unit) = 'object'),
    constraint settings_max_job_tries_positive check (max_job_tries > 0),
    constraint settings_retry_waits_in_order
    check (interval '0' < first_retry_wait and first_retry_wait <= max_retry_wait),
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
comment on column private.settings.max_referral_rewards_per_month is
'Rewards of one referrer per calendar month (UTC).';
comment on column private.settings.referral_window is
'How long after a sign-up a code may still be given.';
comment on column private.settings.max_code_failures_per_hour is
'Wrong referral and promotional codes a person may try within an hour.';
comment on column private.settings.refund_grace is
'How long credits live that come back after their lot expired.';
comment on column private.settings.max_running_generations is
'Thumbnails of one person under way at a time; null: no limit.';
comment on column private.settings.max_generations_per_minute is
'Thumbnails a person may ask for within 60 seconds; null: no limit.';
comment on column private.settings.max_generations_per_day is
'Thumbnails a person may ask for within 24 hours; null: no limit.';
comment on column private.settings.max_prompt_characters is 'Length of a prompt, in characters.';
comment on column private.settings.max_user_images is 'User images a person may keep.';
comment on column private.settings.max_checkouts_per_hour is
'Pages of Stripe a person may ask for within an hour.';
comment on column private.settings.user_image_retention is 'How long a user image is kept.';
comment on column private.settings.signed_url_seconds is
'Life of the signed URL of a user image that the provider gets, in seconds.';
comment on column private.settings.generation_deadline is
'After this time without a picture a generation expires and its credits go back.';
comment on column private.settings.max_generation_attempts is
'How often a generation is sent to the provider: again after a lost answer, and to the next model
after a failure.';
comment on column private.settings.submit_find_after is
'How soon a lost answer is looked for in the provider''s list.';
comment on column private.settings.submit_unknown_grace is
'How long a lost answer of the provider is waited for before another attempt is made.';
comment on column private.settings.max_provider_spend_per_day_micros is
'Expected spend at the provider per day (UTC) in millionths of a US dollar; null: no breaker.';
comment on column private.settings.micros_per_minor_unit is
'What a minor unit of each currency is worth in millionths of a US dollar, for the reports: a cent
is 10000.';
comment on column private.settings.max_job_tries is
'How often a job is tried before it is given up, unless a thumbnail waits for it.';
comment on column private.settings.first_retry_wait is
'The wait after a first failed try; doubled with each further one.';
comment on column private.settings.max_retry_wait is 'The longest wait between two tries.';
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
