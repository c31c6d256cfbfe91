CREATE SCHEMA private;
COMMENT ON SCHEMA private IS 'Rules and internals. Never listed in [api].schemas: only functions granted one by one are
reachable.';
CREATE SCHEMA public;
COMMENT ON SCHEMA public IS 'standard public schema';
CREATE TYPE private.claimed_job AS (
	profile_id uuid,
	job_id bigint,
	lease_token uuid,
	kind text,
	generation_id uuid,
	try_number integer,
	payload jsonb
);
COMMENT ON TYPE private.claimed_job IS 'A job as its worker gets it: profile_id is whose work it is, null where one does not know.';
CREATE TYPE private.job_state AS (
	due_at timestamp with time zone,
	tries integer,
	last_error text,
	dead_at timestamp with time zone
);
COMMENT ON TYPE private.job_state IS 'What becomes of a job, whose lease ends with it. Null keeps due_at, tries and last_error.';
CREATE TYPE private.plan_cover AS (
	subscription_id uuid,
	uses_left integer,
	next_use_at timestamp with time zone
);
COMMENT ON TYPE private.plan_cover IS 'How far a plan covers the next picture: not at all when subscription_id is null, by credits when
uses_left is zero, until next_use_at.';
CREATE TABLE private.generation_models (
    type_key text NOT NULL,
    preference smallint DEFAULT 1 NOT NULL,
    model text NOT NULL,
    input_template jsonb DEFAULT '{}'::jsonb NOT NULL,
    prompt_field text DEFAULT 'prompt'::text NOT NULL,
    user_image_field text,
    user_image_is_list boolean DEFAULT false NOT NULL,
    option_fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    output_pointer text[],
    expected_cost_micros bigint DEFAULT 0 NOT NULL,
    cost_per_second_micros bigint,
    deadline interval,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT generation_models_cost_per_second_micros_not_negative CHECK ((cost_per_second_micros >= 0)),
    CONSTRAINT generation_models_deadline_in_range CHECK (((deadline >= '00:00:01'::interval) AND (deadline <= '01:00:00'::interval))),
    CONSTRAINT generation_models_expected_cost_micros_not_negative CHECK ((expected_cost_micros >= 0)),
    CONSTRAINT generation_models_input_template_is_object CHECK ((jsonb_typeof(input_template) = 'object'::text)),
    CONSTRAINT generation_models_keys_are_apart CHECK (((NOT (input_template ? prompt_field)) AND (user_image_field IS DISTINCT FROM prompt_field) AND (NOT jsonb_path_exists(option_fields, '$.*?(@ == $"prompt" || @ == $"face")'::jsonpath, jsonb_build_object('prompt', prompt_field, 'face', COALESCE(user_image_field, prompt_field)))))),
    CONSTRAINT generation_models_model_is_reference CHECK ((model ~ '^[a-z0-9][a-z0-9_.-]*/[a-z0-9][a-z0-9_.-]*(:[0-9a-f]{64})?$'::text)),
    CONSTRAINT generation_models_option_fields_is_object CHECK ((jsonb_typeof(option_fields) = 'object'::text)),
    CONSTRAINT generation_models_preference_positive CHECK ((preference > 0))
);
COMMENT ON TABLE private.generation_models IS 'How each generation type is made at the provider. The enabled model of the lowest preference is
asked first; the next one when the provider fails, at no further charge.';
COMMENT ON COLUMN private.generation_models.preference IS '1 is asked first.';
COMMENT ON COLUMN private.generation_models.model IS 'Replicate model: owner/name, or owner/name:version of 64 hex digits for a community model.';
COMMENT ON COLUMN private.generation_models.input_template IS 'Fixed input of the model. Prompt, face and options are added; no other key comes from a person.';
COMMENT ON COLUMN private.generation_models.prompt_field IS 'Input key that takes the prompt.';
COMMENT ON COLUMN private.generation_models.user_image_field IS 'Input key that takes the user image, if any.';
COMMENT ON COLUMN private.generation_models.user_image_is_list IS 'Whether user_image_field takes a list of URLs.';
COMMENT ON COLUMN private.generation_models.option_fields IS 'Which input key takes which option of generation_options: {option: input key}. An option that is
not named here is left out: a second model need not know all that the first one does.';
COMMENT ON COLUMN private.generation_models.output_pointer IS 'Where the file''s URL is in the output, as a path for #>>; null finds it: a URI, the first of a
list, or the key url of an object.';
COMMENT ON COLUMN private.generation_models.expected_cost_micros IS 'What one picture costs us at the provider, in millionths of a US dollar: what the daily breaker
counts, and the cost of an attempt where no price per second is given.';
COMMENT ON COLUMN private.generation_models.cost_per_second_micros IS 'Price of a second of work, in millionths of a US dollar; null: priced by the picture.';
COMMENT ON COLUMN private.generation_models.deadline IS 'How long a picture may take before the credits go back; null: settings.generation_deadline. Of the
first model, the others share it.';
COMMENT ON COLUMN private.generation_models.is_enabled IS 'Whether it is asked. A type without an enabled model is not for sale.';
CREATE TABLE private.settings (
    id boolean DEFAULT true NOT NULL,
    sign_up_credits bigint DEFAULT 50 NOT NULL,
    referral_bonus_credits bigint DEFAULT 30 NOT NULL,
    referred_bonus_credits bigint DEFAULT 0 NOT NULL,
    referral_policy text DEFAULT 'confirmed'::text NOT NULL,
    max_referral_rewards_per_month integer DEFAULT 10 NOT NULL,
    referral_window interval DEFAULT '7 days'::interval NOT NULL,
    max_code_failures_per_hour integer DEFAULT 10 NOT NULL,
    refund_grace interval DEFAULT '7 days'::interval NOT NULL,
    max_running_generations integer DEFAULT 5,
    max_generations_per_minute integer DEFAULT 10,
    max_generations_per_day integer DEFAULT 200,
    max_prompt_characters integer DEFAULT 1000 NOT NULL,
    max_user_images integer DEFAULT 20 NOT NULL,
    max_checkouts_per_hour integer DEFAULT 20 NOT NULL,
    user_image_retention interval DEFAULT '180 days'::interval NOT NULL,
    signed_url_seconds integer DEFAULT 1800 NOT NULL,
    generation_deadline interval DEFAULT '00:10:00'::interval NOT NULL,
    max_generation_attempts integer DEFAULT 3 NOT NULL,
    submit_find_after interval DEFAULT '00:00:05'::interval NOT NULL,
    submit_unknown_grace interval DEFAULT '00:01:00'::interval NOT NULL,
    max_provider_spend_per_day_micros bigint DEFAULT 100000000,
    micros_per_minor_unit jsonb DEFAULT '{"usd": 10000}'::jsonb NOT NULL,
    max_job_tries integer DEFAULT 8 NOT NULL,
    first_retry_wait interval DEFAULT '00:00:01'::interval NOT NULL,
    max_retry_wait interval DEFAULT '00:05:00'::interval NOT NULL,
    stripe_livemode boolean DEFAULT false NOT NULL,
    reconcile_interval interval DEFAULT '1 day'::interval NOT NULL,
    checkout_success_url text,
    checkout_cancel_url text,
    portal_return_url text,
    CONSTRAINT settings_checkout_cancel_url_is_web CHECK ((checkout_cancel_url ~ '^https?://[^/]'::text)),
    CONSTRAINT settings_checkout_success_url_is_web CHECK ((checkout_success_url ~ '^https?://[^/]'::text)),
    CONSTRAINT settings_generation_deadline_in_range CHECK (((generation_deadline >= '00:00:01'::interval) AND (generation_deadline <= '01:00:00'::interval))),
    CONSTRAINT settings_max_checkouts_per_hour_positive CHECK ((max_checkouts_per_hour > 0)),
    CONSTRAINT settings_max_code_failures_per_hour_positive CHECK ((max_code_failures_per_hour > 0)),
    CONSTRAINT settings_max_generation_attempts_positive CHECK ((max_generation_attempts > 0)),
    CONSTRAINT settings_max_generations_per_day_positive CHECK ((max_generations_per_day > 0)),
    CONSTRAINT settings_max_generations_per_minute_positive CHECK ((max_generations_per_minute > 0)),
    CONSTRAINT settings_max_job_tries_positive CHECK ((max_job_tries > 0)),
    CONSTRAINT settings_max_prompt_characters_in_range CHECK (((max_prompt_characters >= 1) AND (max_prompt_characters <= 10000))),
    CONSTRAINT settings_max_provider_spend_per_day_not_negative CHECK ((max_provider_spend_per_day_micros >= 0)),
    CONSTRAINT settings_max_referral_rewards_per_month_not_negative CHECK ((max_referral_rewards_per_month >= 0)),
    CONSTRAINT settings_max_running_generations_positive CHECK ((max_running_generations > 0)),
    CONSTRAINT settings_max_user_images_positive CHECK ((max_user_images > 0)),
    CONSTRAINT settings_micros_per_minor_unit_is_object CHECK ((jsonb_typeof(micros_per_minor_unit) = 'object'::text)),
    CONSTRAINT settings_one_row CHECK (id),
    CONSTRAINT settings_portal_return_url_is_web CHECK ((portal_return_url ~ '^https?://[^/]'::text)),
    CONSTRAINT settings_reconcile_interval_positive CHECK ((reconcile_interval > '00:00:00'::interval)),
    CONSTRAINT settings_referral_bonus_credits_not_negative CHECK ((referral_bonus_credits >= 0)),
    CONSTRAINT settings_referral_policy_known CHECK ((referral_policy = ANY (ARRAY['confirmed'::text, 'first_purchase'::text]))),
    CONSTRAINT settings_referral_window_not_negative CHECK ((referral_window >= '00:00:00'::interval)),
    CONSTRAINT settings_referred_bonus_credits_not_negative CHECK ((referred_bonus_credits >= 0)),
    CONSTRAINT settings_refund_grace_positive CHECK ((refund_grace > '00:00:00'::interval)),
    CONSTRAINT settings_retry_waits_in_order CHECK ((('00:00:00'::interval < first_retry_wait) AND (first_retry_wait <= max_retry_wait))),
    CONSTRAINT settings_sign_up_credits_not_negative CHECK ((sign_up_credits >= 0)),
    CONSTRAINT settings_signed_url_seconds_in_range CHECK (((signed_url_seconds >= 60) AND (signed_url_seconds <= 3600))),
    CONSTRAINT settings_submit_find_after_positive CHECK ((submit_find_after > '00:00:00'::interval)),
    CONSTRAINT settings_submit_unknown_grace_positive CHECK ((submit_unknown_grace > '00:00:00'::interval)),
    CONSTRAINT settings_user_image_retention_positive CHECK ((user_image_retention > '00:00:00'::interval))
);
COMMENT ON TABLE private.settings IS 'One row of operator settings. Change it with: thumbsmith settings set';
COMMENT ON COLUMN private.settings.sign_up_credits IS 'Credits of a new account.';
COMMENT ON COLUMN private.settings.referral_bonus_credits IS 'Credits the referrer gets per friend.';
COMMENT ON COLUMN private.settings.referred_bonus_credits IS 'Credits the friend gets too, when the referrer is rewarded.';
COMMENT ON COLUMN private.settings.referral_policy IS 'When a referral pays: with the confirmed address, or with the first purchase.';
COMMENT ON COLUMN private.settings.max_referral_rewards_per_month IS 'Rewards of one referrer per calendar month (UTC).';
COMMENT ON COLUMN private.settings.referral_window IS 'How long after a sign-up a code may still be given.';
COMMENT ON COLUMN private.settings.max_code_failures_per_hour IS 'Wrong referral and promotional codes a person may try within an hour.';
COMMENT ON COLUMN private.settings.refund_grace IS 'How long credits live that come back after their lot expired.';
COMMENT ON COLUMN private.settings.max_running_generations IS 'Thumbnails of one person under way at a time; null: no limit.';
COMMENT ON COLUMN private.settings.max_generations_per_minute IS 'Thumbnails a person may ask for within 60 seconds; null: no limit.';
COMMENT ON COLUMN private.settings.max_generations_per_day IS 'Thumbnails a person may ask for within 24 hours; null: no limit.';
COMMENT ON COLUMN private.settings.max_prompt_characters IS 'Length of a prompt, in characters.';
COMMENT ON COLUMN private.settings.max_user_images IS 'User images a person may keep.';
COMMENT ON COLUMN private.settings.max_checkouts_per_hour IS 'Pages of Stripe a person may ask for within an hour.';
COMMENT ON COLUMN private.settings.user_image_retention IS 'How long a user image is kept.';
COMMENT ON COLUMN private.settings.signed_url_seconds IS 'Life of the signed URL of a user image that the provider gets, in seconds.';
COMMENT ON COLUMN private.settings.generation_deadline IS 'After this time without a picture a generation expires and its credits go back.';
COMMENT ON COLUMN private.settings.max_generation_attempts IS 'How often a generation is sent to the provider: again after a lost answer, and to the next model
after a failure.';
COMMENT ON COLUMN private.settings.submit_find_after IS 'How soon a lost answer is looked for in the provider''s list.';
COMMENT ON COLUMN private.settings.submit_unknown_grace IS 'How long a lost answer of the provider is waited for before another attempt is made.';
COMMENT ON COLUMN private.settings.max_provider_spend_per_day_micros IS 'Expected spend at the provider per day (UTC) in millionths of a US dollar; null: no breaker.';
COMMENT ON COLUMN private.settings.micros_per_minor_unit IS 'What a minor unit of each currency is worth in millionths of a US dollar, for the reports: a cent
is 10000.';
COMMENT ON COLUMN private.settings.max_job_tries IS 'How often a job is tried before it is given up, unless a thumbnail waits for it.';
COMMENT ON COLUMN private.settings.first_retry_wait IS 'The wait after a first failed try; doubled with each further one.';
COMMENT ON COLUMN private.settings.max_retry_wait IS 'The longest wait between two tries.';
COMMENT ON COLUMN private.settings.stripe_livemode IS 'Whether this database belongs to live mode. Events and objects of the other mode are refused.';
COMMENT ON COLUMN private.settings.reconcile_interval IS 'How often everything at Stripe is compared with our rows.';
COMMENT ON COLUMN private.settings.checkout_success_url IS 'Where a paid Checkout leads back to; null: nothing can be bought yet. {CHECKOUT_SESSION_ID} in it
is filled in by Stripe.';
COMMENT ON COLUMN private.settings.checkout_cancel_url IS 'Where a Checkout that was left leads back to; null: the success page.';
COMMENT ON COLUMN private.settings.portal_return_url IS 'Where the customer portal leads back to; null: the success page.';
CREATE TABLE public.generation_options (
    type_key text NOT NULL,
    option_key text NOT NULL,
    title text NOT NULL,
    value_type text NOT NULL,
    minimum bigint,
    maximum bigint,
    choices text[],
    CONSTRAINT generation_options_choice_has_choices CHECK (((value_type = 'choice'::text) = (cardinality(choices) > 0))),
    CONSTRAINT generation_options_integer_has_range CHECK (((value_type = 'integer'::text) = ((minimum IS NOT NULL) AND (maximum IS NOT NULL)))),
    CONSTRAINT generation_options_option_key_is_slug CHECK ((option_key ~ '^[a-z][a-z0-9_]{0,62}$'::text)),
    CONSTRAINT generation_options_range_in_order CHECK ((minimum <= maximum)),
    CONSTRAINT generation_options_value_type_known CHECK ((value_type = ANY (ARRAY['integer'::text, 'boolean'::text, 'choice'::text])))
);
COMMENT ON TABLE public.generation_options IS 'What may be given in options when a thumbnail of this type is asked for.';
COMMENT ON COLUMN public.generation_options.title IS 'Its name, as people read it.';
COMMENT ON COLUMN public.generation_options.value_type IS 'integer (from minimum to maximum), boolean, or choice (one of choices).';
COMMENT ON COLUMN public.generation_options.minimum IS 'Least value of an integer.';
COMMENT ON COLUMN public.generation_options.maximum IS 'Greatest value of an integer.';
COMMENT ON COLUMN public.generation_options.choices IS 'What a choice may be.';
CREATE TABLE public.generation_types (
    type_key text NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    cost_credits bigint NOT NULL,
    user_image text DEFAULT 'optional'::text NOT NULL,
    is_in_unlimited boolean DEFAULT true NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT generation_types_cost_credits_positive CHECK ((cost_credits > 0)),
    CONSTRAINT generation_types_type_key_is_slug CHECK ((type_key ~ '^[a-z][a-z0-9_]{1,62}$'::text)),
    CONSTRAINT generation_types_user_image_known CHECK ((user_image = ANY (ARRAY['none'::text, 'optional'::text, 'required'::text])))
);
COMMENT ON TABLE public.generation_types IS 'What can be asked for, and its price in credits.';
COMMENT ON COLUMN public.generation_types.title IS 'Its name, as people read it.';
COMMENT ON COLUMN public.generation_types.description IS 'What it is, as people read it.';
COMMENT ON COLUMN public.generation_types.cost_credits IS 'Price of one picture, in credits.';
COMMENT ON COLUMN public.generation_types.user_image IS 'Whether a face photo is not taken (none), may be given (optional) or must be given (required).';
COMMENT ON COLUMN public.generation_types.is_in_unlimited IS 'Whether an unlimited plan covers it.';
CREATE TABLE public.plans (
    plan_name text NOT NULL,
    plan_family text DEFAULT 'main'::text NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    credits_per_month bigint DEFAULT 0 NOT NULL,
    price_amount bigint NOT NULL,
    currency text DEFAULT 'usd'::text NOT NULL,
    billing_interval text DEFAULT 'month'::text NOT NULL,
    rollover text DEFAULT 'none'::text NOT NULL,
    rollover_cap bigint,
    is_unlimited boolean DEFAULT false NOT NULL,
    fair_use_per_day integer,
    fair_use_per_month integer,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT plans_billing_interval_known CHECK ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT plans_capped_has_cap CHECK (((rollover = 'capped'::text) = (rollover_cap IS NOT NULL))),
    CONSTRAINT plans_credits_per_month_not_negative CHECK ((credits_per_month >= 0)),
    CONSTRAINT plans_currency_is_iso CHECK ((currency ~ '^[a-z]{3}$'::text)),
    CONSTRAINT plans_fair_use_per_day_positive CHECK ((fair_use_per_day > 0)),
    CONSTRAINT plans_fair_use_per_month_positive CHECK ((fair_use_per_month > 0)),
    CONSTRAINT plans_gives_something CHECK (((credits_per_month > 0) OR is_unlimited)),
    CONSTRAINT plans_plan_name_is_slug CHECK ((plan_name ~ '^[a-z][a-z0-9_]{1,62}$'::text)),
    CONSTRAINT plans_price_amount_not_negative CHECK ((price_amount >= 0)),
    CONSTRAINT plans_rollover_cap_positive CHECK ((rollover_cap > 0)),
    CONSTRAINT plans_rollover_known CHECK ((rollover = ANY (ARRAY['none'::text, 'capped'::text, 'all'::text]))),
    CONSTRAINT plans_unlimited_declares_fair_use CHECK (((is_unlimited = (fair_use_per_day IS NOT NULL)) AND (is_unlimited = (fair_use_per_month IS NOT NULL))))
);
COMMENT ON TABLE public.plans IS 'What can be subscribed to.';
COMMENT ON COLUMN public.plans.plan_family IS 'A person has at most one subscription to the plans of one family.';
COMMENT ON COLUMN public.plans.title IS 'Its name, as people read it.';
COMMENT ON COLUMN public.plans.description IS 'What it is, as people read it.';
COMMENT ON COLUMN public.plans.credits_per_month IS 'Credits granted for each month, for a year in advance too.';
COMMENT ON COLUMN public.plans.price_amount IS 'Price of one billing interval, in minor units of the currency.';
COMMENT ON COLUMN public.plans.currency IS 'ISO 4217, in lower case as Stripe has it.';
COMMENT ON COLUMN public.plans.billing_interval IS 'How often it is paid: month or year.';
COMMENT ON COLUMN public.plans.rollover IS 'What is carried over when a month ends: nothing (none), at most rollover_cap (capped), or all.';
COMMENT ON COLUMN public.plans.rollover_cap IS 'Credits carried over at most, where rollover is capped.';
COMMENT ON COLUMN public.plans.is_unlimited IS 'Pictures cost no credits, within fair use: fair_use_per_day in any 24 hours and fair_use_per_month
in any 30 days.';
COMMENT ON COLUMN public.plans.fair_use_per_day IS 'Free pictures in any 24 hours; null: not unlimited.';
COMMENT ON COLUMN public.plans.fair_use_per_month IS 'Free pictures in any 30 days; null: not unlimited.';
COMMENT ON COLUMN public.plans.is_enabled IS 'Whether it can be subscribed to now.';
CREATE TYPE private.request_terms AS (
	settings private.settings,
	generation_type public.generation_types,
	model private.generation_models,
	options public.generation_options[],
	unlimited_plans public.plans[],
	max_expected_cost_micros bigint
);
COMMENT ON TYPE private.request_terms IS 'Settings, and of a type that is for sale: the type, the model that is asked first, the options that
may be given, the plans that may cover it. max_expected_cost_micros is that of the dearest model of
all, in millionths of a US dollar.';
CREATE TYPE public.credit_summary AS (
	available bigint,
	held bigint,
	frozen bigint,
	debt bigint,
	expiring_soon bigint,
	expiring_at timestamp with time zone,
	next_grant_credits bigint,
	next_grant_at timestamp with time zone
);
COMMENT ON TYPE public.credit_summary IS 'What a person has: available can be spent now; held is burned for pictures that are under way and
comes back if they fail; frozen waits for the end of a dispute; debt is repaid first by what comes
in; expiring_soon is the part of available that expires next, at expiring_at; next_grant_credits
come with the plan at next_grant_at.';
COMMENT ON COLUMN public.credit_summary.available IS 'Credits that can be spent now.';
COMMENT ON COLUMN public.credit_summary.held IS 'Credits burned for pictures that are under way; they come back if these fail.';
COMMENT ON COLUMN public.credit_summary.frozen IS 'Credits that wait for the end of a dispute.';
COMMENT ON COLUMN public.credit_summary.debt IS 'Credits that the next grants repay first.';
COMMENT ON COLUMN public.credit_summary.expiring_soon IS 'The part of available that expires next.';
COMMENT ON COLUMN public.credit_summary.expiring_at IS 'When that part expires; null when nothing expires.';
COMMENT ON COLUMN public.credit_summary.next_grant_credits IS 'Credits that come with the plan next.';
COMMENT ON COLUMN public.credit_summary.next_grant_at IS 'When they come; null without a grant to come.';
CREATE TYPE public.generation_quote AS (
	cost_credits bigint,
	is_covered boolean,
	is_affordable boolean,
	missing_credits bigint,
	fair_use_left integer,
	fair_use_resets_at timestamp with time zone
);
COMMENT ON TYPE public.generation_quote IS 'What the next thumbnail would cost: cost_credits, zero when an unlimited plan covers it
(is_covered); is_affordable, or else how many are missing_credits. fair_use_left counts what the
plan still covers, null without such a plan; when it is zero, the plan covers again at
fair_use_resets_at.';
COMMENT ON COLUMN public.generation_quote.cost_credits IS 'Credits that it would cost; zero when a plan covers it.';
COMMENT ON COLUMN public.generation_quote.is_covered IS 'Whether an unlimited plan covers it.';
COMMENT ON COLUMN public.generation_quote.is_affordable IS 'Whether it is covered, or the credits are enough.';
COMMENT ON COLUMN public.generation_quote.missing_credits IS 'Credits that are missing; zero when it is affordable.';
COMMENT ON COLUMN public.generation_quote.fair_use_left IS 'Pictures that the plan still covers; null without such a plan.';
COMMENT ON COLUMN public.generation_quote.fair_use_resets_at IS 'When the plan covers again; null while it does, and without such a plan.';
CREATE FUNCTION private.add_months(instant timestamp with time zone, months integer) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    -- In UTC, whatever the session's time zone is.
    select (
        (add_months.instant at time zone 'utc') + make_interval(months => add_months.months)
    ) at time zone 'utc';
$$;
COMMENT ON FUNCTION private.add_months(instant timestamp with time zone, months integer) IS 'The same day and time so many months later, or the last day of that month; in UTC.';
CREATE FUNCTION private.add_provider_spend(day date, shard integer, micros bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    loop
        update private.provider_spend as s
        set micros = s.micros + add_provider_spend.micros
        where s.day = add_provider_spend.day
            and s.shard = add_provider_spend.shard;
        exit when found;
        insert into private.provider_spend (day, shard)
        select
            add_provider_spend.day,
            n.shard
        from generate_series(0, 15) as n (shard)
        on conflict on constraint provider_spend_pkey do nothing;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.add_provider_spend(day date, shard integer, micros bigint) IS 'Adds to one shard of a day; the first of a day makes its rows.';
CREATE FUNCTION private.uuid_v7() RETURNS uuid
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path TO ''
    AS $$
declare
    v_us constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
begin
    -- 48 bits of milliseconds, the version, 12 bits of the fraction, then v4's random half. The
    -- fraction keeps keys made in one millisecond in order, so the key is also the time order.
    return encode(
        overlay(
            uuid_send(gen_random_uuid())
            placing substr(int8send(v_us / 1000), 3, 6)
            || int2send((28672 + (v_us % 1000) * 4096 / 1000)::int2)
            from 1 for 8
        ),
        'hex'
    )::uuid;
end;
$$;
COMMENT ON FUNCTION private.uuid_v7() IS 'A version 7 UUID (RFC 9562): grows with time, so indexes stay dense and the key sorts by age.';
CREATE TABLE public.user_images (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    object_path text NOT NULL,
    consented_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    removed_at timestamp with time zone,
    removal_reason text,
    deleted_at timestamp with time zone,
    deletion_answer jsonb,
    CONSTRAINT user_images_deleted_has_answer CHECK (((deleted_at IS NULL) = (deletion_answer IS NULL))),
    CONSTRAINT user_images_deleted_was_removed CHECK (((deleted_at IS NULL) OR (removed_at IS NOT NULL))),
    CONSTRAINT user_images_expires_after_creation CHECK ((expires_at > created_at)),
    CONSTRAINT user_images_path_in_own_folder CHECK (starts_with(object_path, ((profile_id)::text || '/'::text))),
    CONSTRAINT user_images_removal_reason_known CHECK ((removal_reason = ANY (ARRAY['asked'::text, 'expired'::text, 'account'::text]))),
    CONSTRAINT user_images_removed_has_reason CHECK (((removed_at IS NULL) = (removal_reason IS NULL)))
);
COMMENT ON TABLE public.user_images IS 'Face photos in the Storage bucket faces. The bytes live there; a row says whose they are.';
COMMENT ON COLUMN public.user_images.object_path IS 'Name of the object in the bucket faces: <profile id>/<file>.';
COMMENT ON COLUMN public.user_images.consented_at IS 'When the person recorded the photo for use, by calling add_user_image.';
COMMENT ON COLUMN public.user_images.expires_at IS 'After this instant the photo is no longer used, and private.sweep() removes it.';
COMMENT ON COLUMN public.user_images.removed_at IS 'When its removal was asked for, by its person or by time: from then on it is not used.';
COMMENT ON COLUMN public.user_images.removal_reason IS 'asked, expired, or account when the whole account was deleted.';
COMMENT ON COLUMN public.user_images.deleted_at IS 'When it was gone from Storage.';
COMMENT ON COLUMN public.user_images.deletion_answer IS 'The proof: how the Storage API answered to the deletion, its HTTP status and the names it removed;
none when the file was gone before.';
CREATE FUNCTION private.add_user_image(object_path text) RETURNS public.user_images
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    -- The lock makes the count below hold, and lets a repeat see the first call's row.
    v_profile_id constant uuid := private.lock_caller();
    v_settings private.settings;
    v_image public.user_images;
begin
    -- owner_id, not the path alone: the object must have been uploaded by this person.
    if not exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = add_user_image.object_path
            and o.owner_id = v_profile_id::text
            and starts_with(o.name, v_profile_id::text || '/')
    ) then
        raise sqlstate 'PT404' using
            message = 'object_not_found',
            detail = 'There is no such object of yours in the bucket faces.',
            hint = 'Upload the photo to <your user id>/<file name> first.';
    end if;
    select i.* into v_image
    from public.user_images as i
    where i.profile_id = v_profile_id
        and i.object_path = add_user_image.object_path
        and i.removed_at is null;
    if found then
        return v_image;
    end if;
    -- Or the deletion that is under way would take the new photo with it.
    if exists (
        select
        from public.user_images as i
        where i.profile_id = v_profile_id
            and i.object_path = add_user_image.object_path
            and i.deleted_at is null
    ) then
        raise sqlstate 'PT409' using
            message = 'user_image_being_removed',
            detail = 'A photo of this name is being removed.',
            hint = 'Upload the photo under another name.';
    end if;
    select s.* into v_settings
    from private.settings as s;
    if (
        select count(*)
        from public.user_images as i
        where i.profile_id = v_profile_id
            and i.removed_at is null
    ) >= v_settings.max_user_images then
        raise sqlstate 'PT409' using
            message = 'user_image_limit_reached',
            detail = format('At most %s face photos are kept.', v_settings.max_user_images),
            hint = 'Remove one first.';
    end if;
    insert into public.user_images (profile_id, object_path, expires_at)
    values (
        v_profile_id, add_user_image.object_path, now() + v_settings.user_image_retention
    )
    returning * into v_image;
    return v_image;
end;
$$;
COMMENT ON FUNCTION private.add_user_image(object_path text) IS 'The rule behind public.add_user_image.';
CREATE FUNCTION private.address_hash_of(user_id uuid) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select a.address_hash
    from private.address_hashes_of(address_hash_of.user_id) as a
    limit 1;
$$;
COMMENT ON FUNCTION private.address_hash_of(user_id uuid) IS 'Keyed hash of the address a person is known by: a confirmed one if there is any.';
CREATE FUNCTION private.address_hashes_of(user_id uuid) RETURNS TABLE(address_hash bytea, is_confirmed boolean)
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if private.keyed_hash('') is null then
        raise exception 'the secret thumbsmith_hash_key is missing';
    end if;
    return query
    select
        private.keyed_hash(private.normal_address(a.address)),
        a.is_confirmed
    from auth.users as u
    cross join lateral (
        values
        (nullif(u.email, ''), u.email_confirmed_at is not null, 1),
        (nullif(u.phone, ''), u.phone_confirmed_at is not null, 2)
    ) as a (address, is_confirmed, position)
    where u.id = address_hashes_of.user_id
        and a.address is not null
    order by a.is_confirmed desc, a.position;
exception
    -- Vault may be without its key, after a restore into another project for example. Then nobody
    -- is recognized, but everybody can sign up.
    when others then
        raise warning 'no address can be recognized: %', sqlerrm;
end;
$$;
COMMENT ON FUNCTION private.address_hashes_of(user_id uuid) IS 'Keyed hashes of a person''s normalized e-mail address and telephone number, confirmed ones first.
Without the key of private.keyed_hash() there is a warning, and no row.';
CREATE FUNCTION private.adopt_provider_job(profile_id uuid, attempt_id uuid, provider_job_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_generation public.generations;
    v_generation_id uuid;
    v_job private.generation_jobs;
begin
    update private.generation_attempts as a
    set
        status = 'processing',
        provider_job_id = adopt_provider_job.provider_job_id
    where a.profile_id = adopt_provider_job.profile_id
        and a.id = adopt_provider_job.attempt_id
        and a.status = 'submit_unknown';
    select a.generation_id into v_generation_id
    from private.generation_attempts as a
    where a.profile_id = adopt_provider_job.profile_id
        and a.id = adopt_provider_job.attempt_id;
    perform private.start_processing(adopt_provider_job.profile_id, v_generation_id);
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = adopt_provider_job.profile_id
        and g.id = v_generation_id;
    if v_generation.finished_at is not null then
        perform private.release_work(adopt_provider_job.profile_id, v_generation_id);
        return;
    end if;
    v_job := private.lock_generation_job(adopt_provider_job.profile_id, v_generation_id);
    perform private.continue_generation_job(
        adopt_provider_job.profile_id, v_job.id, 'poll', now(), adopt_provider_job.attempt_id
    );
end;
$$;
COMMENT ON FUNCTION private.adopt_provider_job(profile_id uuid, attempt_id uuid, provider_job_id text) IS 'The prediction of an attempt whose answer was lost: it goes on, or is stopped when nobody waits.';
CREATE TABLE public.checkouts (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    item_kind text NOT NULL,
    item_key text,
    quantity integer DEFAULT 1 NOT NULL,
    credits bigint,
    status text DEFAULT 'requested'::text NOT NULL,
    url text,
    error text,
    stripe_session_id text,
    idempotency_key uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT checkouts_final_has_finished_at CHECK (((status = ANY (ARRAY['completed'::text, 'expired'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT checkouts_item_kind_known CHECK ((item_kind = ANY (ARRAY['pack'::text, 'subscription'::text, 'portal'::text]))),
    CONSTRAINT checkouts_only_failed_has_error CHECK (((error IS NULL) OR (status = 'failed'::text))),
    CONSTRAINT checkouts_open_has_url CHECK (((status <> 'open'::text) OR (url IS NOT NULL))),
    CONSTRAINT checkouts_portal_has_no_item CHECK (((item_kind = 'portal'::text) = (item_key IS NULL))),
    CONSTRAINT checkouts_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT checkouts_status_known CHECK ((status = ANY (ARRAY['requested'::text, 'open'::text, 'pending'::text, 'completed'::text, 'expired'::text, 'failed'::text])))
);
COMMENT ON TABLE public.checkouts IS 'A page of Stripe that somebody asked for: requested → open (url) → completed, expired or failed;
pending while a slow payment method has not said yes or no.';
COMMENT ON COLUMN public.checkouts.item_kind IS 'pack or subscription: Checkout. portal: the customer portal.';
COMMENT ON COLUMN public.checkouts.item_key IS 'The pack or the plan.';
COMMENT ON COLUMN public.checkouts.quantity IS 'How many packs; 1 for a plan.';
COMMENT ON COLUMN public.checkouts.credits IS 'What one pack was promised to give when it was asked for.';
COMMENT ON COLUMN public.checkouts.status IS 'requested, open, pending, completed, expired or failed.';
COMMENT ON COLUMN public.checkouts.url IS 'Where the browser goes, once status is open.';
COMMENT ON COLUMN public.checkouts.error IS 'Why it failed.';
COMMENT ON COLUMN public.checkouts.stripe_session_id IS 'Stripe''s id of the page, once it is made.';
CREATE FUNCTION private.adopt_session(session jsonb) RETURNS public.checkouts
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.profile_of_customer(
        adopt_session.session ->> 'customer'
    );
    v_checkout public.checkouts;
begin
    -- This finds the person too: a session names only a customer, who may be unknown here.
    select c.* into v_checkout
    from public.checkouts as c
    where c.stripe_session_id = adopt_session.session ->> 'id';
    if found then
        return v_checkout;
    end if;
    -- By our own id as well: the answer to the call that made it may have been lost.
    update public.checkouts as c
    set stripe_session_id = adopt_session.session ->> 'id'
    where c.profile_id = v_profile_id
        and c.id::text = adopt_session.session ->> 'client_reference_id'
        and c.stripe_session_id is null
    returning c.* into v_checkout;
    return v_checkout;
end;
$$;
COMMENT ON FUNCTION private.adopt_session(session jsonb) IS 'The checkout that a session belongs to, or null: somebody made it at Stripe.';
CREATE FUNCTION private.anonymize_account(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_now constant timestamptz := now();
    v_job_id bigint;
begin
    for v_job_id in
        select j.id
        from private.jobs as j
        where j.profile_id = anonymize_account.profile_id
            and j.user_image_id is not null
        order by j.id
    loop
        perform private.finish_job(v_job_id);
    end loop;
    -- A file's name is the person's word; what the file was is told by the row's own id.
    update public.user_images as i
    set
        object_path = i.profile_id || '/' || i.id,
        deleted_at = coalesce(i.deleted_at, v_now),
        deletion_answer = coalesce(i.deletion_answer, '{}') || jsonb_build_object(
            'removed', case
                when i.deletion_answer -> 'removed' <> '[]'
                then ('["' || i.profile_id || '/' || i.id || '"]')::jsonb
                else '[]'
            end
        )
    where i.profile_id = anonymize_account.profile_id;
    -- The text that the person typed in place of a code.
    update public.referrals as r
    set code = ''
    where r.referred_id = anonymize_account.profile_id
        and r.status = 'rejected';
    delete from private.code_failures as f
    where f.profile_id = anonymize_account.profile_id;
end;
$$;
COMMENT ON FUNCTION private.anonymize_account(profile_id uuid) IS 'Anonymizes what else is personal in the rows of a person.';
CREATE FUNCTION private.anonymize_generations(profile_id uuid, max_generations integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_ids uuid[];
begin
    select array_agg(b.id) into v_ids
    from (
        select g.id
        from public.generations as g
        where g.profile_id = anonymize_generations.profile_id
            and g.prompt <> ''
        limit anonymize_generations.max_generations
    ) as b;
    update private.provider_webhooks as w
    set body = jsonb_build_object('id', w.body -> 'id')
    from private.generation_attempts as a
    where w.profile_id = anonymize_generations.profile_id
        and a.profile_id = w.profile_id
        and a.generation_id = any(v_ids)
        and w.attempt_token = a.attempt_token;
    update private.generation_attempts as a
    set
        output_url = null,
        provider_error = null
    where a.profile_id = anonymize_generations.profile_id
        and a.generation_id = any(v_ids);
    update public.generations as g
    set
        prompt = '',
        options = '{}'
    where g.profile_id = anonymize_generations.profile_id
        and g.id = any(v_ids);
    return coalesce(cardinality(v_ids), 0) < anonymize_generations.max_generations;
end;
$$;
COMMENT ON FUNCTION private.anonymize_generations(profile_id uuid, max_generations integer) IS 'Anonymizes generations: no prompt, no options, no answer of the provider; cost, times and status
stay. True when none is left.';
CREATE FUNCTION private.apply_checkout_session(session jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_checkout constant public.checkouts := private.adopt_session(apply_checkout_session.session);
    v_status constant text := apply_checkout_session.session ->> 'status';
    v_payment_status constant text := apply_checkout_session.session ->> 'payment_status';
begin
    if apply_checkout_session.session ->> 'mode' = 'subscription' and v_status = 'complete' then
        perform private.enqueue_fetch(o.id)
        from (
            values
            (apply_checkout_session.session ->> 'subscription'),
            (apply_checkout_session.session ->> 'invoice')
        ) as o (id)
        where o.id is not null
        order by o.id;
        perform private.close_checkout(v_checkout.profile_id, v_checkout.id, 'completed');
        return 'subscribed';
    end if;
    if apply_checkout_session.session ->> 'mode' = 'payment' and v_status = 'complete' then
        if v_payment_status in ('paid', 'no_payment_required') then
            return private.apply_paid_session(apply_checkout_session.session, v_checkout);
        end if;
        -- A bank that takes days: it has said no once the PaymentIntent is not under way any more.
        if apply_checkout_session.session #>> '{payment_intent,status}'
            in ('requires_payment_method', 'canceled')
        then
            perform private.close_checkout(
                v_checkout.profile_id, v_checkout.id, 'failed', 'payment_failed'
            );
            return 'payment_failed';
        end if;
        update public.checkouts as c
        set
            status = 'pending',
            url = null
        where c.profile_id = v_checkout.profile_id
            and c.id = v_checkout.id
            and c.finished_at is null;
        return 'pending';
    end if;
    if v_status = 'expired' then
        perform private.close_checkout(v_checkout.profile_id, v_checkout.id, 'expired');
    end if;
    return v_status;
end;
$$;
COMMENT ON FUNCTION private.apply_checkout_session(session jsonb) IS 'Applies a Checkout session as it is now, with its line_items and its payment_intent in it.';
CREATE TABLE private.jobs (
    id bigint NOT NULL,
    kind text NOT NULL,
    checkout_id uuid,
    stripe_object_id text,
    user_image_id uuid,
    account_id uuid,
    profile_id uuid,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    lease_token uuid,
    last_error text,
    dead_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT jobs_has_one_subject CHECK ((num_nonnulls(checkout_id, stripe_object_id, user_image_id, account_id) = 1)),
    CONSTRAINT jobs_kind_fits_subject CHECK ((((kind = ANY (ARRAY['customer'::text, 'checkout'::text])) = (checkout_id IS NOT NULL)) AND ((kind = ANY (ARRAY['fetch'::text, 'find_invoice'::text, 'find_session'::text, 'reconcile'::text])) = (stripe_object_id IS NOT NULL)) AND ((kind = 'remove_user_image'::text) = (user_image_id IS NOT NULL)) AND ((kind = 'erase'::text) = (account_id IS NOT NULL)))),
    CONSTRAINT jobs_profile_id_known CHECK ((((profile_id IS NULL) = (stripe_object_id IS NOT NULL)) AND ((account_id IS NULL) OR (account_id = profile_id)))),
    CONSTRAINT jobs_tries_not_negative CHECK ((tries >= 0))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_insert_scale_factor='0');
COMMENT ON TABLE private.jobs IS 'Work of the sidecar that is about no picture: one row per page of Stripe that was asked for
(customer → checkout), per object of Stripe that has to be looked at again (fetch), per user image
to be deleted (remove_user_image) and per account to be erased (erase); deleted when done.
A claimed row is due again when its lease ends, so work of a killed sidecar comes back by itself.
Pictures have their own jobs in private.generation_jobs, under the same rules.';
COMMENT ON COLUMN private.jobs.stripe_object_id IS 'An object of Stripe, by its id: however many events tell of it, it is fetched once. Or the name
reconcile, for the one job that compares everything.';
COMMENT ON COLUMN private.jobs.account_id IS 'The account that is to be erased.';
COMMENT ON COLUMN private.jobs.profile_id IS 'Whose work it is: of a page, an image, an account. Null for an object of Stripe, which may be
anybody''s until it is fetched.';
COMMENT ON COLUMN private.jobs.due_at IS 'When it may be claimed: later work, or the end of the lease.';
COMMENT ON COLUMN private.jobs.tries IS 'Failed tries in a row.';
COMMENT ON COLUMN private.jobs.lease_token IS 'Whoever holds it may report the result; others are stale.';
COMMENT ON COLUMN private.jobs.dead_at IS 'When it was given up; a person has to look at it.';
CREATE FUNCTION private.apply_customer(job private.jobs, customer jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- Two checkouts at once may make two customers; the first one counts for ever.
    insert into private.stripe_customers (profile_id, customer_id)
    values (apply_customer.job.profile_id, apply_customer.customer ->> 'id')
    on conflict do nothing;
    -- The account was deleted meanwhile: no page, and the customer goes too.
    if exists (
        select
        from public.profiles as p
        where p.id = apply_customer.job.profile_id
            and p.deleted_at is not null
    ) then
        perform private.close_checkout(
            apply_customer.job.profile_id, apply_customer.job.checkout_id, 'expired'
        );
        perform private.finish_job(apply_customer.job.id);
        return 'closed';
    end if;
    perform private.continue_job(apply_customer.job.id, 'checkout');
    return 'customer';
end;
$$;
COMMENT ON FUNCTION private.apply_customer(job private.jobs, customer jsonb) IS 'The person has a customer now; the page is next, unless the account was deleted.';
CREATE FUNCTION private.apply_dispute(dispute jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_id constant text := apply_dispute.dispute ->> 'id';
    v_status constant text := case apply_dispute.dispute ->> 'status'
        when 'needs_response' then 'open'
        when 'under_review' then 'open'
        when 'warning_needs_response' then 'open'
        when 'warning_under_review' then 'open'
        when 'won' then 'won'
        when 'warning_closed' then 'won'
        when 'prevented' then 'won'
        when 'lost' then 'lost'
        -- An appeal begins after it was lost; should it be won, Stripe says so.
        when 'appeal_needs_response' then 'lost'
        when 'appeal_under_review' then 'lost'
    end;
    v_intent private.payment_intents;
begin
    if v_status is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_status', 'A dispute that is ' || (apply_dispute.dispute ->> 'status')
        );
    end if;
    v_intent := private.payment_of_intent(apply_dispute.dispute ->> 'payment_intent');
    if v_intent.payment_id is null then
        return null;
    end if;
    perform private.apply_reversal(
        v_intent.profile_id,
        v_intent.payment_id,
        v_id,
        'dispute',
        (apply_dispute.dispute ->> 'amount')::bigint,
        v_status
    );
    return v_status;
end;
$$;
COMMENT ON FUNCTION private.apply_dispute(dispute jsonb) IS 'Applies a dispute, or an inquiry before one, as it is now: open freezes, lost claws back, won and
closed release. Money that is withdrawn when it opens decides nothing. Null while its payment is not
here yet.';
CREATE FUNCTION private.apply_erased(job private.jobs, answer jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := apply_erased.job.account_id;
begin
    perform private.store_erasure_answer(v_profile_id, apply_erased.answer);
    -- Nothing of what was asked for went: whatever the reason is, not at once again.
    if (
        apply_erased.answer -> 'removed' = '[]'
        and apply_erased.answer -> 'bucket' = private.erase_payload(v_profile_id) -> 'bucket'
    ) or (
        apply_erased.answer ? 'user_id'
        and exists (select from auth.users as u where u.id = v_profile_id)
    ) then
        perform private.retry_job(apply_erased.job.id, 'not_removed');
        return 'not_removed';
    end if;
    if not apply_erased.answer ? 'user_id'
        or not private.erase_payload(v_profile_id) ? 'user_id'
        or not private.anonymize_generations(v_profile_id, 10000)
    then
        perform private.continue_job(apply_erased.job.id, 'erase');
        return 'erasing';
    end if;
    perform private.anonymize_account(v_profile_id);
    update private.erasures as e
    set finished_at = now()
    where e.profile_id = v_profile_id
        and e.restored_at is null;
    perform private.finish_job(apply_erased.job.id);
    return 'erased';
end;
$$;
COMMENT ON FUNCTION private.apply_erased(job private.jobs, answer jsonb) IS 'A part of an account is gone: the next one, or the end once the person is gone at Auth.';
CREATE FUNCTION private.apply_fetched(job private.jobs, answer jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_outcome text;
begin
    -- A list is the refunds of a charge; any one that has to wait makes all of them wait.
    select string_agg(distinct coalesce(a.outcome, 'waiting'), ',')
    into v_outcome
    from (
        select private.apply_stripe_object(o.object) as outcome
        from jsonb_array_elements(
            case apply_fetched.answer ->> 'object'
                when 'list' then apply_fetched.answer -> 'data'
                else jsonb_build_array(apply_fetched.answer)
            end
        ) as o (object)
    ) as a;
    perform private.finish_fetch(apply_fetched.job, coalesce(v_outcome !~ 'waiting', true));
    -- The payment that an alarm missed is here after all.
    delete from private.stripe_alarms as a
    where a.object_id = apply_fetched.job.stripe_object_id
        and a.slug = 'unknown_payment'
        and a.resolved_at is null
        and v_outcome !~ 'waiting';
    return coalesce(v_outcome, 'nothing');
end;
$$;
COMMENT ON FUNCTION private.apply_fetched(job private.jobs, answer jsonb) IS 'Applies what was fetched. Returns the outcome.';
CREATE FUNCTION private.apply_found(job private.jobs, answer jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_found text[];
begin
    select array_agg(distinct coalesce(o.object ->> 'invoice', o.object ->> 'id'))
    into v_found
    from jsonb_array_elements(apply_found.answer -> 'data') as o (object);
    if v_found is null and apply_found.job.kind = 'find_invoice' then
        perform private.continue_job(apply_found.job.id, 'find_session');
        return 'not_an_invoice';
    end if;
    perform private.finish_job(apply_found.job.id);
    perform private.enqueue_fetch(f.object_id)
    from unnest(v_found) as f (object_id)
    order by f.object_id;
    return coalesce(array_to_string(v_found, ','), 'not_ours');
end;
$$;
COMMENT ON FUNCTION private.apply_found(job private.jobs, answer jsonb) IS 'What a PaymentIntent belongs to, an invoice or else a session, is fetched.';
CREATE FUNCTION private.apply_invoice(invoice jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_id constant text := apply_invoice.invoice ->> 'id';
    v_stripe_id constant text := apply_invoice.invoice
        #>> '{parent,subscription_details,subscription}';
    v_profile_id constant uuid := private.profile_of_customer(
        apply_invoice.invoice ->> 'customer'
    );
    v_subscription public.subscriptions;
    v_payment_id uuid;
begin
    if apply_invoice.invoice ->> 'status' <> 'paid' or v_stripe_id is null then
        return apply_invoice.invoice ->> 'status';
    end if;
    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A paid invoice of nobody.');
    end if;
    -- Money that went to the customer's balance takes no credits along: a person has to decide.
    if (apply_invoice.invoice ->> 'total')::bigint < 0 then
        return private.raise_stripe_alarm(
            v_id, 'credit_to_balance', 'A change of plan was credited to the customer''s balance.'
        );
    end if;
    select s.* into v_subscription
    from public.subscriptions as s
    where s.profile_id = v_profile_id
        and s.stripe_subscription_id = v_stripe_id;
    if not found then
        perform private.enqueue_fetch(v_stripe_id);
        return null;
    end if;
    if private.waits_for_period(v_profile_id, apply_invoice.invoice, v_subscription.id) then
        return null;
    end if;
    if (apply_invoice.invoice ->> 'amount_paid')::bigint = 0
        and not exists (select from private.paid_lines(apply_invoice.invoice) as l)
    then
        return 'nothing_paid';
    end if;
    v_payment_id := private.apply_invoice_payment(apply_invoice.invoice, v_subscription);
    if v_payment_id is null then
        return private.raise_stripe_alarm(
            v_id, 'payment_of_another_person', 'Its payment is recorded as another person''s.'
        );
    end if;
    perform private.apply_paid_line(v_profile_id, l.line, v_subscription.id, v_payment_id)
    from private.paid_lines(apply_invoice.invoice) as l;
    return 'paid';
end;
$$;
COMMENT ON FUNCTION private.apply_invoice(invoice jsonb) IS 'Applies an invoice as it is now, with its payments in it: once it is paid, its time earns credits.
Null while what it builds on is not here yet.';
CREATE TABLE public.subscriptions (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    plan_name text NOT NULL,
    stripe_subscription_id text,
    quantity integer DEFAULT 1 NOT NULL,
    status text NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    start_date timestamp with time zone DEFAULT now() NOT NULL,
    end_date timestamp with time zone,
    current_period_start timestamp with time zone,
    current_period_end timestamp with time zone,
    cancel_at_period_end boolean DEFAULT false NOT NULL,
    next_grant_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT subscriptions_ends_after_start CHECK ((end_date >= start_date)),
    CONSTRAINT subscriptions_period_is_forward CHECK ((current_period_end > current_period_start)),
    CONSTRAINT subscriptions_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT subscriptions_status_known CHECK ((status = ANY (ARRAY['incomplete'::text, 'incomplete_expired'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'unpaid'::text, 'canceled'::text, 'paused'::text])))
);
COMMENT ON TABLE public.subscriptions IS 'Who has which plan, as the payment provider sees it.';
COMMENT ON COLUMN public.subscriptions.stripe_subscription_id IS 'Stripe''s id, sub_…; null: given by an operator.';
COMMENT ON COLUMN public.subscriptions.quantity IS 'How many times the plan: its monthly credits are multiplied by it.';
COMMENT ON COLUMN public.subscriptions.status IS 'As Stripe has it, https://docs.stripe.com/api/subscriptions/object.';
COMMENT ON COLUMN public.subscriptions.is_active IS 'Whether its plan serves now. end_date ends it in any case.';
COMMENT ON COLUMN public.subscriptions.end_date IS 'When it stops serving, once that is known.';
COMMENT ON COLUMN public.subscriptions.next_grant_at IS 'When the next credits of the plan are due.';
CREATE FUNCTION private.apply_invoice_payment(invoice jsonb, subscription public.subscriptions) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_payment_id constant uuid := private.apply_payment(
        (apply_invoice_payment.subscription).profile_id,
        apply_invoice_payment.invoice ->> 'id',
        'subscription',
        (apply_invoice_payment.subscription).plan_name,
        (apply_invoice_payment.invoice ->> 'amount_paid')::bigint,
        apply_invoice_payment.invoice ->> 'currency',
        0,
        subscription_id => (apply_invoice_payment.subscription).id
    );
begin
    insert into private.payment_intents (payment_intent_id, profile_id, payment_id)
    select
        p.payment #>> '{payment,payment_intent}',
        (apply_invoice_payment.subscription).profile_id,
        v_payment_id
    from jsonb_array_elements(apply_invoice_payment.invoice #> '{payments,data}') as p (payment)
    where p.payment #>> '{payment,payment_intent}' is not null
        and v_payment_id is not null
    on conflict on constraint payment_intents_pkey do nothing;
    return v_payment_id;
end;
$$;
COMMENT ON FUNCTION private.apply_invoice_payment(invoice jsonb, subscription public.subscriptions) IS 'Records the payment of an invoice, once, and the PaymentIntents that refunds of it will name.';
CREATE FUNCTION private.apply_page_opened(job private.jobs, page jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    -- The link to the portal works for five minutes: docs.stripe.com/customer-management.
    v_expires_at constant timestamptz := coalesce(
        private.stripe_instant(apply_page_opened.page -> 'expires_at'),
        now() + interval '5 minutes'
    );
begin
    update public.checkouts as c
    set
        status = 'open',
        url = apply_page_opened.page ->> 'url',
        stripe_session_id = case
            when c.item_kind = 'portal' then c.stripe_session_id
            else coalesce(c.stripe_session_id, apply_page_opened.page ->> 'id')
        end,
        expires_at = v_expires_at
    where c.profile_id = apply_page_opened.job.profile_id
        and c.id = apply_page_opened.job.checkout_id
        and c.status = 'requested'
        and apply_page_opened.page ->> 'url' is not null;
    perform private.finish_job(apply_page_opened.job.id);
    return 'open';
end;
$$;
COMMENT ON FUNCTION private.apply_page_opened(job private.jobs, page jsonb) IS 'The page is there: the person''s checkout has its address.';
CREATE FUNCTION private.apply_paid_line(profile_id uuid, line jsonb, subscription_id uuid, payment_id uuid) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_price_id constant text := apply_paid_line.line #>> '{pricing,price_details,price}';
    v_is_proration constant boolean := coalesce(
        (apply_paid_line.line #> '{parent,subscription_item_details,proration}')::boolean, false
    );
    v_plan_name text;
begin
    select p.item_key into v_plan_name
    from private.stripe_prices as p
    where p.price_id = v_price_id
        and p.item_kind = 'subscription';
    if v_plan_name is null then
        return private.raise_stripe_alarm(
            apply_paid_line.line ->> 'id', 'unknown_price',
            format('An invoice was paid with the price %s, which is not ours.', v_price_id)
        );
    end if;
    insert into private.paid_periods (
        invoice_line_id, profile_id, subscription_id, payment_id, plan_name, quantity, is_proration,
        period_start, period_end, next_month_at
    )
    select
        apply_paid_line.line ->> 'id',
        apply_paid_line.profile_id,
        apply_paid_line.subscription_id,
        apply_paid_line.payment_id,
        v_plan_name,
        greatest((apply_paid_line.line ->> 'quantity')::integer, 1),
        v_is_proration,
        t.period_start,
        t.period_end,
        t.period_start
    from (
        select
            private.stripe_instant(apply_paid_line.line #> '{period,start}') as period_start,
            private.stripe_instant(apply_paid_line.line #> '{period,end}') as period_end
    ) as t
    where t.period_end > t.period_start
    on conflict on constraint paid_periods_pkey do nothing;
    perform private.grant_paid_months(apply_paid_line.profile_id, apply_paid_line.line ->> 'id');
    return 'granted';
end;
$$;
COMMENT ON FUNCTION private.apply_paid_line(profile_id uuid, line jsonb, subscription_id uuid, payment_id uuid) IS 'Records the time that a line of a paid invoice paid for, once, and grants the months of it that
have begun.';
CREATE FUNCTION private.apply_paid_session(session jsonb, checkout public.checkouts) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := coalesce(
        (apply_paid_session.checkout).profile_id,
        private.profile_of_customer(apply_paid_session.session ->> 'customer')
    );
    v_id constant text := apply_paid_session.session ->> 'id';
    v_bought record;
    v_payment_id uuid;
begin
    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A paid session of nobody.');
    end if;
    select b.* into v_bought
    from private.bought_credits(
        apply_paid_session.session, (apply_paid_session.checkout).credits
    ) as b;
    v_payment_id := private.apply_payment(
        v_profile_id,
        v_id,
        'pack',
        coalesce(v_bought.item_key, 'unknown'),
        (apply_paid_session.session ->> 'amount_total')::bigint,
        apply_paid_session.session ->> 'currency',
        v_bought.credits,
        now() + v_bought.credits_last
    );
    if v_payment_id is null then
        return private.raise_stripe_alarm(
            v_id, 'payment_of_another_person', 'Its payment is recorded as another person''s.'
        );
    end if;
    insert into private.payment_intents (payment_intent_id, profile_id, payment_id)
    select
        apply_paid_session.session #>> '{payment_intent,id}',
        v_profile_id,
        v_payment_id
    where apply_paid_session.session #>> '{payment_intent,id}' is not null
    on conflict on constraint payment_intents_pkey do nothing;
    -- Recorded with a price that nobody knew then.
    update public.payments as p
    set
        item_key = v_bought.item_key,
        credits_added = v_bought.credits
    where p.profile_id = v_profile_id
        and p.id = v_payment_id
        and p.item_key = 'unknown'
        and v_bought.item_key is not null;
    if found then
        perform private.grant_credits(
            v_profile_id, v_bought.credits, 'purchase', 'payment:' || v_id,
            now() + v_bought.credits_last, 100, v_payment_id
        );
        perform private.settle_payment(v_profile_id, v_payment_id, v_id);
    end if;
    perform private.close_checkout(v_profile_id, (apply_paid_session.checkout).id, 'completed');
    if v_bought.item_key is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_price', 'A session was paid with a price that is not ours.'
        );
    end if;
    return 'paid';
end;
$$;
COMMENT ON FUNCTION private.apply_paid_session(session jsonb, checkout public.checkouts) IS 'Records the payment of a session, once, and grants its credits.';
CREATE FUNCTION private.apply_payment(profile_id uuid, stripe_payment_id text, kind text, item_key text, amount bigint, currency text, credits bigint, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 100, subscription_id uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_payment_id uuid;
begin
    -- And whoever brought the payer: the first purchase may earn a referral.
    perform private.lock_with_referrer(apply_payment.profile_id);
    insert into public.payments (
        profile_id, stripe_payment_id, kind, item_key, amount, currency, credits_added,
        subscription_id
    )
    values (
        apply_payment.profile_id, apply_payment.stripe_payment_id, apply_payment.kind,
        apply_payment.item_key, apply_payment.amount, apply_payment.currency,
        apply_payment.credits, apply_payment.subscription_id
    )
    on conflict on constraint payments_stripe_payment_id_key do nothing
    returning id into v_payment_id;
    if v_payment_id is null then
        return (
            select p.id
            from public.payments as p
            where p.profile_id = apply_payment.profile_id
                and p.stripe_payment_id = apply_payment.stripe_payment_id
        );
    end if;
    perform private.grant_credits(
        apply_payment.profile_id,
        apply_payment.credits,
        case apply_payment.kind when 'pack' then 'purchase' else 'subscription' end,
        'payment:' || apply_payment.stripe_payment_id,
        apply_payment.expires_at,
        apply_payment.priority,
        v_payment_id,
        apply_payment.subscription_id
    );
    perform private.settle_referral(apply_payment.profile_id);
    return v_payment_id;
end;
$$;
COMMENT ON FUNCTION private.apply_payment(profile_id uuid, stripe_payment_id text, kind text, item_key text, amount bigint, currency text, credits bigint, expires_at timestamp with time zone, priority integer, subscription_id uuid) IS 'Records a payment once and grants its credits. Returns its id, also when it was recorded before;
null when it was recorded as another person''s, and then nothing changes.
The credits of a subscription''s period are granted by private.grant_period instead: then credits is
zero here.';
CREATE FUNCTION private.apply_reconcile_page(job private.jobs, page jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_run private.reconcile_runs;
    v_seen constant integer := jsonb_array_length(apply_reconcile_page.page -> 'data');
    v_differing integer;
    v_has_more constant boolean :=
        (apply_reconcile_page.page -> 'has_more')::boolean and v_seen > 0;
begin
    select count(*) into v_differing
    from private.repair_stripe_objects(apply_reconcile_page.page -> 'data') as r;
    update private.reconcile_runs as r
    set
        seen = r.seen + v_seen,
        differing = r.differing + v_differing,
        call_position = case when v_has_more then r.call_position else r.call_position + 1 end,
        last_object_id = case
            when v_has_more then apply_reconcile_page.page -> 'data' -> -1 ->> 'id'
        end
    where r.finished_at is null
    returning r.* into v_run;
    if exists (
        select
        from private.reconcile_calls(v_run.since) as c
        where c.call_position = v_run.call_position
    ) then
        perform private.continue_job(apply_reconcile_page.job.id, 'reconcile');
        return 'page';
    end if;
    update private.reconcile_runs as r
    set finished_at = now()
    where r.id = v_run.id;
    perform private.finish_job(apply_reconcile_page.job.id);
    return 'compared';
end;
$$;
COMMENT ON FUNCTION private.apply_reconcile_page(job private.jobs, page jsonb) IS 'A page of the comparison under way: differences are repaired, and the next page is asked for.';
CREATE FUNCTION private.apply_referral_code(code text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    -- Cut before the queue below: megabytes would hold up everybody who waits there.
    v_code constant text := left(apply_referral_code.code, 64);
    v_profile_id uuid;
    v_retry_after integer;
    v_referral public.referrals;
begin
    perform private.check_plain_call();
    -- One at a time in the whole database: a circle of several people who apply each other's codes
    -- at the same moment could not be seen otherwise. It is a rare call.
    perform pg_advisory_xact_lock(hashtext('thumbsmith.apply_referral_code'));
    v_profile_id := private.lock_caller(private.owner_of_code(v_code));
    v_retry_after := private.code_retry_after(v_profile_id);
    if v_retry_after is not null then
        return private.too_many_codes(v_retry_after);
    end if;
    v_referral := private.store_referral(v_profile_id, coalesce(v_code, ''));
    if v_referral.status = 'rejected' then
        perform private.store_code_failure(v_profile_id);
    elsif private.settle_referral(v_profile_id) then
        v_referral.status := 'rewarded';
    end if;
    return case
        when v_referral.reason in ('malformed_code', 'unknown_code') then private.refuse(
            404,
            'referral_code_not_found',
            'There is no such referral code.',
            'Ask your friend for the code again.'
        )
        when v_referral.reason is not null then private.refuse(
            409,
            'referral_code_refused',
            format('This code does not count for you: %s.', v_referral.reason),
            'See referrals.reason in the documentation.'
        )
        else jsonb_build_object('status', v_referral.status, 'code', v_referral.code)
    end;
end;
$$;
COMMENT ON FUNCTION private.apply_referral_code(code text) IS 'The rule behind public.apply_referral_code.';
CREATE FUNCTION private.apply_refund(refund jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_id constant text := apply_refund.refund ->> 'id';
    v_status constant text := case apply_refund.refund ->> 'status'
        when 'succeeded' then 'taken'
        -- The money is on its way; should it come back, that is undone.
        when 'pending' then 'taken'
        when 'failed' then 'undone'
        when 'canceled' then 'undone'
    end;
    v_intent private.payment_intents;
begin
    if apply_refund.refund ->> 'status' = 'requires_action' then
        return 'requires_action';
    end if;
    if v_status is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_status', 'A refund that is ' || (apply_refund.refund ->> 'status')
        );
    end if;
    v_intent := private.payment_of_intent(apply_refund.refund ->> 'payment_intent');
    if v_intent.payment_id is null then
        return null;
    end if;
    perform private.apply_reversal(
        v_intent.profile_id,
        v_intent.payment_id,
        v_id,
        'refund',
        (apply_refund.refund ->> 'amount')::bigint,
        v_status
    );
    return v_status;
end;
$$;
COMMENT ON FUNCTION private.apply_refund(refund jsonb) IS 'Applies a refund as it is now. Null while its payment is not here yet.';
CREATE FUNCTION private.apply_reversal(profile_id uuid, payment_id uuid, reversal_key text, kind text, amount bigint, status text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.lock_with_referrer(apply_reversal.profile_id);
    insert into private.payment_reversals as r (
        reversal_key, profile_id, payment_id, kind, amount, status
    )
    values (
        apply_reversal.reversal_key, apply_reversal.profile_id, apply_reversal.payment_id,
        apply_reversal.kind, apply_reversal.amount, apply_reversal.status
    )
    on conflict on constraint payment_reversals_pkey do update
    set
        amount = excluded.amount,
        status = excluded.status,
        changed_at = now()
    -- A closed dispute does not open again and a failed refund is not made again: that is late.
    where (r.amount, r.status) is distinct from (excluded.amount, excluded.status)
        and excluded.status <> 'open'
        and (excluded.status <> 'taken' or r.status <> 'undone')
        and r.profile_id = excluded.profile_id
        and r.payment_id = excluded.payment_id;
    if found then
        perform private.settle_payment(
            apply_reversal.profile_id, apply_reversal.payment_id, apply_reversal.reversal_key
        );
        perform private.settle_referral(apply_reversal.profile_id);
    end if;
end;
$$;
COMMENT ON FUNCTION private.apply_reversal(profile_id uuid, payment_id uuid, reversal_key text, kind text, amount bigint, status text) IS 'Records what the payment provider says of a refund (taken, undone) or a dispute (open, lost, won),
by its own id, and settles the payment''s credits. A repeat changes nothing.';
CREATE FUNCTION private.apply_stripe_object(object jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_type constant text := apply_stripe_object.object ->> 'object';
begin
    if (apply_stripe_object.object -> 'livemode')::boolean is distinct from null
        and (apply_stripe_object.object -> 'livemode')::boolean <> (
            select s.stripe_livemode from private.settings as s
        )
    then
        return private.raise_stripe_alarm(
            apply_stripe_object.object ->> 'id', 'wrong_mode',
            'It is of the other mode: look at the sidecar''s key and at settings.stripe_livemode.'
        );
    end if;
    return case v_type
        when 'checkout.session' then private.apply_checkout_session(apply_stripe_object.object)
        when 'subscription' then private.apply_subscription(apply_stripe_object.object)
        when 'invoice' then private.apply_invoice(apply_stripe_object.object)
        when 'refund' then private.apply_refund(apply_stripe_object.object)
        when 'dispute' then private.apply_dispute(apply_stripe_object.object)
        else coalesce(v_type, 'nothing')
    end;
end;
$$;
COMMENT ON FUNCTION private.apply_stripe_object(object jsonb) IS 'Applies an object of Stripe as it is now. Any number of times, in any order. Null: call again
later.';
CREATE FUNCTION private.apply_subscription(subscription jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_data constant jsonb := apply_subscription.subscription;
    v_id constant text := v_data ->> 'id';
    v_status constant text := v_data ->> 'status';
    v_profile_id constant uuid := private.profile_of_customer(v_data ->> 'customer');
    v_item constant jsonb := private.item_of_subscription(v_data);
    v_period_end constant timestamptz := private.stripe_instant(v_item -> 'current_period_end');
    v_cancel_at constant timestamptz := private.stripe_instant(v_data -> 'cancel_at');
    v_plan_name text := v_item ->> 'plan_name';
    v_row public.subscriptions;
begin
    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A subscription of nobody.');
    end if;
    perform private.lock_profile(v_profile_id);
    select s.* into v_row
    from public.subscriptions as s
    where s.profile_id = v_profile_id
        and s.stripe_subscription_id = v_id;
    if v_plan_name is null then
        perform private.raise_stripe_alarm(
            v_id, 'unknown_price', 'A subscription to a price that is not ours.'
        );
        if v_row.id is null then
            return 'unknown_price';
        end if;
        -- It still ends, pauses and fails to be paid.
        v_plan_name := v_row.plan_name;
    end if;
    insert into public.subscriptions as s (
        profile_id, plan_name, stripe_subscription_id, quantity, status, is_active, start_date,
        end_date, current_period_start, current_period_end, cancel_at_period_end
    )
    values (
        v_profile_id,
        v_plan_name,
        v_id,
        greatest(coalesce((v_item ->> 'quantity')::integer, 1), 1),
        v_status,
        v_status in ('trialing', 'active')
        and coalesce(jsonb_typeof(v_data -> 'pause_collection'), 'null') = 'null',
        private.stripe_instant(v_data -> 'start_date'),
        coalesce(
            private.stripe_instant(v_data -> 'ended_at'),
            v_cancel_at,
            case when (v_data -> 'cancel_at_period_end')::boolean then v_period_end end
        ),
        private.stripe_instant(v_item -> 'current_period_start'),
        v_period_end,
        -- Newer API versions say when, and not whether.
        coalesce((v_data -> 'cancel_at_period_end')::boolean, false)
        or coalesce(v_cancel_at <= v_period_end, false)
    )
    on conflict on constraint subscriptions_stripe_subscription_id_key do update
    set
        plan_name = excluded.plan_name,
        quantity = excluded.quantity,
        status = excluded.status,
        is_active = excluded.is_active,
        end_date = excluded.end_date,
        current_period_start = excluded.current_period_start,
        current_period_end = excluded.current_period_end,
        cancel_at_period_end = excluded.cancel_at_period_end
    where s.profile_id = excluded.profile_id;
    if v_row.id is null and exists (
        select
        from public.subscriptions as s
        inner join public.plans as p on s.plan_name = p.plan_name
        where s.profile_id = v_profile_id
            and s.stripe_subscription_id <> v_id
            and s.is_active
            and p.plan_family = (
                select o.plan_family from public.plans as o where o.plan_name = v_plan_name
            )
    ) then
        perform private.raise_stripe_alarm(
            v_id, 'second_subscription',
            'The person has an active subscription of this kind already.'
        );
    end if;
    return v_status;
end;
$$;
COMMENT ON FUNCTION private.apply_subscription(subscription jsonb) IS 'Applies a subscription as it is now. Credits come with its paid invoices alone.';
CREATE FUNCTION private.apply_user_image_removed(job private.jobs, answer jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_object_path text;
begin
    select i.object_path into v_object_path
    from public.user_images as i
    where i.profile_id = apply_user_image_removed.job.profile_id
        and i.id = apply_user_image_removed.job.user_image_id;
    if exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = v_object_path
    ) then
        perform private.retry_job(apply_user_image_removed.job.id, 'not_removed');
        return 'not_removed';
    end if;
    update public.user_images as i
    set
        deleted_at = now(),
        deletion_answer = apply_user_image_removed.answer
    where i.profile_id = apply_user_image_removed.job.profile_id
        and i.id = apply_user_image_removed.job.user_image_id
        and i.deleted_at is null;
    perform private.finish_job(apply_user_image_removed.job.id);
    return 'removed';
end;
$$;
COMMENT ON FUNCTION private.apply_user_image_removed(job private.jobs, answer jsonb) IS 'The photo''s file is gone, and the answer is the proof; or it is there all the same, whatever
Storage said: then again.';
CREATE TABLE private.generation_attempts (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    generation_id uuid NOT NULL,
    attempt_number integer NOT NULL,
    attempt_token uuid DEFAULT gen_random_uuid() NOT NULL,
    preference smallint NOT NULL,
    model text NOT NULL,
    duplicate_of uuid,
    status text DEFAULT 'submitting'::text NOT NULL,
    http_status smallint,
    provider_job_id text,
    output_url text,
    provider_status text,
    provider_error text,
    predict_seconds numeric,
    expected_cost_micros bigint DEFAULT 0 NOT NULL,
    cost_per_second_micros bigint,
    cost_micros bigint,
    polls integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    unknown_since timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT generation_attempts_attempt_number_positive CHECK ((attempt_number > 0)),
    CONSTRAINT generation_attempts_cost_micros_not_negative CHECK ((cost_micros >= 0)),
    CONSTRAINT generation_attempts_final_has_finished_at CHECK (((status = ANY (ARRAY['submitting'::text, 'submit_unknown'::text, 'processing'::text])) = (finished_at IS NULL))),
    CONSTRAINT generation_attempts_predict_seconds_not_negative CHECK ((predict_seconds >= (0)::numeric)),
    CONSTRAINT generation_attempts_processing_has_provider_job CHECK (((status <> 'processing'::text) OR (provider_job_id IS NOT NULL))),
    CONSTRAINT generation_attempts_status_known CHECK ((status = ANY (ARRAY['submitting'::text, 'submit_unknown'::text, 'processing'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'refused'::text, 'abandoned'::text])))
);
COMMENT ON TABLE private.generation_attempts IS 'One row per attempt at the provider, written before the call: a crash leaves a trace, never a
surprise.';
COMMENT ON COLUMN private.generation_attempts.profile_id IS 'Whose picture it is.';
COMMENT ON COLUMN private.generation_attempts.attempt_number IS '1 for the first attempt of its generation, and so on.';
COMMENT ON COLUMN private.generation_attempts.attempt_token IS 'Random; goes into the webhook URL and proves which attempt a webhook belongs to.';
COMMENT ON COLUMN private.generation_attempts.preference IS 'Which of the type''s models was asked; see generation_models.';
COMMENT ON COLUMN private.generation_attempts.duplicate_of IS 'The attempt that the provider carried out twice: this row is its second prediction, which nobody
asked for. It is canceled, and its cost counts.';
COMMENT ON COLUMN private.generation_attempts.status IS 'submit_unknown: the answer was lost, the provider may or may not be working on it. abandoned: its
generation went on without it.';
COMMENT ON COLUMN private.generation_attempts.http_status IS 'The HTTP status with which the provider refused.';
COMMENT ON COLUMN private.generation_attempts.predict_seconds IS 'Seconds billed, as the provider measured them.';
COMMENT ON COLUMN private.generation_attempts.expected_cost_micros IS 'What it was expected to cost when it was sent, in millionths of a US dollar.';
COMMENT ON COLUMN private.generation_attempts.cost_per_second_micros IS 'Price of a second of its model by then, in millionths of a US dollar; null: sold by the picture.';
COMMENT ON COLUMN private.generation_attempts.cost_micros IS 'What it cost us, in millionths of a US dollar: seconds times price, or the price of a picture, as
they were when it was sent. Null until known.';
COMMENT ON COLUMN private.generation_attempts.polls IS 'How often the provider was asked how it is.';
CREATE FUNCTION private.attempt_cost(attempt private.generation_attempts, provider_status text, seconds numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case
        when attempt_cost.provider_status not in ('succeeded', 'failed', 'canceled') then 0
        when attempt_cost.attempt.cost_per_second_micros is not null
        then ceil(
            coalesce(attempt_cost.seconds, 0) * attempt_cost.attempt.cost_per_second_micros
        )::bigint
        -- By the picture: what failed made none, and what had not begun is not charged.
        when attempt_cost.provider_status = 'failed' then 0
        when attempt_cost.provider_status = 'canceled' and attempt_cost.seconds is null then 0
        else attempt_cost.attempt.expected_cost_micros
    end;
$$;
COMMENT ON FUNCTION private.attempt_cost(attempt private.generation_attempts, provider_status text, seconds numeric) IS 'What a finished prediction costs, in millionths of a US dollar, by its status and its seconds of
work. aborted was never begun and costs nothing
(replicate.com/docs/topics/predictions/lifecycle).';
CREATE FUNCTION private.attempt_payload(profile_id uuid, attempt_id uuid, kind text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_attempt private.generation_attempts;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = attempt_payload.profile_id
        and a.id = attempt_payload.attempt_id;
    return case attempt_payload.kind
        when 'submit' then private.submit_payload(v_attempt)
        when 'store' then jsonb_build_object(
            'attempt_id', v_attempt.id,
            'provider_job_id', v_attempt.provider_job_id,
            'output_url', v_attempt.output_url,
            'bucket', 'thumbnails',
            'object_path', v_attempt.profile_id || '/' || v_attempt.generation_id || '.png',
            'width', 1280,
            'height', 720,
            'preview', jsonb_build_object(
                'object_path',
                v_attempt.profile_id || '/' || v_attempt.generation_id || '.preview.png',
                'width', 320,
                'height', 180
            )
        )
        when 'find' then jsonb_build_object(
            'attempt_id', v_attempt.id,
            'profile_id', v_attempt.profile_id,
            'attempt_token', v_attempt.attempt_token,
            -- As the provider writes it, less a minute for clocks that differ.
            'since', to_char(
                (v_attempt.created_at - interval '1 minute') at time zone 'utc',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
            )
        )
        else jsonb_build_object(
            'attempt_id', v_attempt.id, 'provider_job_id', v_attempt.provider_job_id
        )
    end;
end;
$$;
COMMENT ON FUNCTION private.attempt_payload(profile_id uuid, attempt_id uuid, kind text) IS 'What the sidecar needs for a job of this kind about an attempt.';
CREATE FUNCTION private.audit(who text, action text, why text, action_key text, profile_id uuid DEFAULT NULL::uuid, details jsonb DEFAULT '{}'::jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.check_reason(audit.who, audit.why);
    insert into private.audit_log (actor, action, profile_id, reason, details, action_key)
    values (
        audit.who, audit.action, audit.profile_id, audit.why, audit.details, audit.action_key
    )
    on conflict on constraint audit_log_action_key_key do nothing;
    if found then
        return true;
    end if;
    if not exists (
        select
        from private.audit_log as a
        where a.action_key = audit.action_key
            and (a.action, a.profile_id, a.details)
            is not distinct from (audit.action, audit.profile_id, audit.details)
    ) then
        raise sqlstate 'PT409' using
            message = 'idempotency_conflict',
            detail = 'This key was used for another action.',
            hint = 'Make a new key for a new action.';
    end if;
    return false;
end;
$$;
COMMENT ON FUNCTION private.audit(who text, action text, why text, action_key text, profile_id uuid, details jsonb) IS 'Writes down who does what and why. False when this key did the same before: then nothing is to be
done. Refuses with PT409 idempotency_conflict when it did something else; PT422 reason_required.';
CREATE FUNCTION private.available_credits(profile_id uuid) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    return (
        select coalesce(sum(l.remaining), 0)
        from public.credit_lots as l
        where l.profile_id = available_credits.profile_id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
    );
end;
$$;
COMMENT ON FUNCTION private.available_credits(profile_id uuid) IS 'Credits that can be spent now: neither frozen nor expired, whether a sweep has run or not.';
CREATE FUNCTION private.backoff(tries integer) RETURNS interval
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- Doubled each time, each wait between half and all of it, so that a crowd spreads out.
    select least(power(2, least(backoff.tries, 20)) * s.first_retry_wait, s.max_retry_wait)
        * (0.5 + random() / 2)
    from private.settings as s;
$$;
COMMENT ON FUNCTION private.backoff(tries integer) IS 'How long to wait after this many failed tries.';
CREATE FUNCTION private.begin_operator_action(action text, profile_id uuid, who text, why text, action_key text, details jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if not private.lock_profile(begin_operator_action.profile_id) then
        raise sqlstate 'PT404' using
            message = 'profile_not_found',
            detail = 'There is no such profile.',
            hint = 'Use the id of the person in auth.users.';
    end if;
    return private.audit(
        begin_operator_action.who,
        begin_operator_action.action,
        begin_operator_action.why,
        'operator:' || begin_operator_action.action_key,
        begin_operator_action.profile_id,
        begin_operator_action.details
    );
end;
$$;
COMMENT ON FUNCTION private.begin_operator_action(action text, profile_id uuid, who text, why text, action_key text, details jsonb) IS 'Locks the profile and writes the audit row. False when this key acted before: then nothing is to be
done. Refuses with PT404 profile_not_found; PT422 reason_required.';
CREATE FUNCTION private.bought_credits(session jsonb, promised bigint, OUT item_key text, OUT credits bigint, OUT credits_last interval) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    -- By the prices that were paid. One that we do not know gives nothing and makes item_key null.
    select
        case when bool_and(k.pack_key is not null) then min(k.pack_key) end,
        case
            when bool_and(k.pack_key is not null) then sum(
                (l.line ->> 'quantity')::bigint
                * case
                    when l.of = 1 then coalesce(bought_credits.promised, k.credits)
                    else k.credits
                end
            )::bigint
            else 0
        end,
        min(k.credits_last)
    from (
        select
            a.line,
            count(*) over () as of
        from jsonb_array_elements(bought_credits.session #> '{line_items,data}') as a (line)
    ) as l
    left join private.stripe_prices as p
        on p.price_id = l.line #>> '{price,id}'
        and p.item_kind = 'pack'
    left join public.credit_packs as k on p.item_key = k.pack_key;
$$;
COMMENT ON FUNCTION private.bought_credits(session jsonb, promised bigint, OUT item_key text, OUT credits bigint, OUT credits_last interval) IS 'What the lines of a session bought: the pack, the credits of all of them, and how long they last.
promised is what one pack was to give when the person asked for it.';
CREATE FUNCTION private.buried(tries integer, slug text) RETURNS private.job_state
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    return (null, buried.tries + 1, buried.slug, now())::private.job_state;
end;
$$;
COMMENT ON FUNCTION private.buried(tries integer, slug text) IS 'A job that failed this many times before is given up, and kept for a person to look at: a dead
letter.';
CREATE FUNCTION private.burn_lots(profile_id uuid, amount bigint, kind text, generation_id uuid DEFAULT NULL::uuid, reason text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot record;
    v_left bigint := burn_lots.amount;
begin
    -- By their own expiry, not by a sweep: what has expired is not burned from that instant on.
    for v_lot in
        select
            l.id,
            l.remaining
        from public.credit_lots as l
        where l.profile_id = burn_lots.profile_id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
        order by l.priority, l.expires_at, l.created_at, l.id
    loop
        exit when v_left = 0;
        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, generation_id, reason
        )
        values (
            burn_lots.profile_id, v_lot.id, -least(v_lot.remaining, v_left), burn_lots.kind,
            burn_lots.generation_id, burn_lots.reason
        );
        v_left := v_left - least(v_lot.remaining, v_left);
    end loop;
    return v_left;
end;
$$;
COMMENT ON FUNCTION private.burn_lots(profile_id uuid, amount bigint, kind text, generation_id uuid, reason text) IS 'Takes credits from the open lots: by priority, then earliest expiry, then oldest; one entry per
lot. Returns how many were missing. The caller holds the profile''s lock.';
CREATE FUNCTION private.bury_generation_job(profile_id uuid, job_id bigint, slug text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_tries integer;
begin
    select j.tries into v_tries
    from private.generation_jobs as j
    where j.profile_id = bury_generation_job.profile_id
        and j.id = bury_generation_job.job_id;
    perform private.set_generation_job_state(
        bury_generation_job.profile_id,
        bury_generation_job.job_id,
        private.buried(v_tries, bury_generation_job.slug)
    );
end;
$$;
COMMENT ON FUNCTION private.bury_generation_job(profile_id uuid, job_id bigint, slug text) IS 'Gives a job up, and keeps it for a person to look at: a dead letter.';
CREATE FUNCTION private.bury_job(job_id bigint, slug text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_tries integer;
begin
    select j.tries into v_tries
    from private.jobs as j
    where j.id = bury_job.job_id;
    perform private.set_job_state(
        bury_job.job_id, private.buried(v_tries, bury_job.slug)
    );
end;
$$;
COMMENT ON FUNCTION private.bury_job(job_id bigint, slug text) IS 'Gives a job up, and keeps it for a person to look at: a dead letter.';
CREATE TABLE public.generations (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    generation_type text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    prompt text NOT NULL,
    user_image_id uuid,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    credit_cost bigint NOT NULL,
    output_path text,
    preview_path text,
    error text,
    idempotency_key uuid NOT NULL,
    deadline_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT generations_credit_cost_not_negative CHECK ((credit_cost >= 0)),
    CONSTRAINT generations_failed_has_error CHECK (((status = 'failed'::text) = (error IS NOT NULL))),
    CONSTRAINT generations_final_has_finished_at CHECK (((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'canceled'::text, 'expired'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT generations_preview_has_output CHECK (((preview_path IS NULL) OR (output_path IS NOT NULL))),
    CONSTRAINT generations_status_known CHECK ((status = ANY (ARRAY['queued'::text, 'submitting'::text, 'processing'::text, 'storing'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'expired'::text]))),
    CONSTRAINT generations_succeeded_has_output CHECK (((status = 'succeeded'::text) = (output_path IS NOT NULL)))
)
WITH (fillfactor='80');
COMMENT ON TABLE public.generations IS 'One row per thumbnail asked for.
queued → submitting → processing → storing → succeeded, or failed, canceled, expired: each final.
Every final status but succeeded has given the credits back.';
COMMENT ON COLUMN public.generations.generation_type IS 'Key in generation_types. No foreign key: everybody''s requests would lock the same row of the
catalog. Its rows are never deleted, so the key always leads somewhere. Embed it with:
select=*,generation_types(title).';
COMMENT ON COLUMN public.generations.status IS 'queued, submitting, processing, storing, succeeded, failed, canceled or expired: docs/states.md.';
COMMENT ON COLUMN public.generations.prompt IS 'What it should show, in the person''s words; blank once the person is gone.';
COMMENT ON COLUMN public.generations.options IS 'What was chosen beside the prompt; see generation_options.';
COMMENT ON COLUMN public.generations.credit_cost IS 'Credits burned for it, as priced when asked.';
COMMENT ON COLUMN public.generations.output_path IS 'Name of the picture in the bucket thumbnails, once succeeded.';
COMMENT ON COLUMN public.generations.preview_path IS 'Name of its small preview in the same bucket.';
COMMENT ON COLUMN public.generations.error IS 'Stable slug of why it failed; see docs/errors.md.';
COMMENT ON COLUMN public.generations.idempotency_key IS 'Made by the client: the same key never makes a second generation.';
COMMENT ON COLUMN public.generations.deadline_at IS 'When it expires and the credits go back, if no picture has arrived.';
CREATE FUNCTION private.cancel_generation(generation_id uuid) RETURNS public.generations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.cancel_generation_for(
        private.signed_in_profile(), cancel_generation.generation_id
    );
end;
$$;
COMMENT ON FUNCTION private.cancel_generation(generation_id uuid) IS 'public.cancel_generation for whoever calls.';
CREATE FUNCTION private.cancel_generation_for(profile_id uuid, generation_id uuid) RETURNS public.generations
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := cancel_generation_for.profile_id;
    v_generation public.generations;
begin
    -- The job's row first, as everywhere; but only one's own, or anybody could hold up the others.
    perform private.lock_generation_job(v_profile_id, cancel_generation_for.generation_id);
    select g.* into v_generation
    from public.generations as g
    where g.id = cancel_generation_for.generation_id
        and g.profile_id = v_profile_id
    for no key update;
    if not found then
        raise sqlstate 'PT404' using
            message = 'generation_not_found',
            detail = 'There is no such generation.',
            hint = 'Use the id of one of your own generations.';
    end if;
    -- Asking twice is no mistake.
    if v_generation.status = 'canceled' then
        return v_generation;
    end if;
    if v_generation.status not in ('queued', 'submitting', 'processing') then
        raise sqlstate 'PT409' using
            message = 'wrong_state',
            detail = format('A generation that is %s cannot be canceled.', v_generation.status),
            hint = 'Only what is queued, submitting or processing can be canceled.';
    end if;
    perform private.finish_generation(v_profile_id, v_generation.id, 'canceled');
    perform private.release_work(v_profile_id, v_generation.id);
    perform private.wake_worker();
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.id = v_generation.id;
    return v_generation;
end;
$$;
COMMENT ON FUNCTION private.cancel_generation_for(profile_id uuid, generation_id uuid) IS 'The rule behind public.cancel_generation, for this person.';
CREATE FUNCTION private.changed_columns(this jsonb, other jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select coalesce(jsonb_object_agg(c.key, c.value), jsonb_build_object())
    from jsonb_each(changed_columns.this) as c
    where c.value is distinct from changed_columns.other -> c.key;
$$;
COMMENT ON FUNCTION private.changed_columns(this jsonb, other jsonb) IS 'What one row has otherwise than the other, by column.';
CREATE FUNCTION private.check_checkout_rate(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_max integer;
    v_oldest timestamptz;
begin
    select s.max_checkouts_per_hour into v_max
    from private.settings as s;
    select c.created_at into v_oldest
    from public.checkouts as c
    where c.profile_id = check_checkout_rate.profile_id
        and c.id >= private.uuid_v7_floor(now() - interval '1 hour')
    order by c.id desc
    offset v_max - 1
    limit 1;
    if found then
        perform private.refuse_for_now(
            'too_many_checkouts',
            'More pages were asked for than may be within an hour.',
            'Use a page that is open already: read checkouts.',
            ceil(extract(epoch from v_oldest + interval '1 hour' - now()))::integer
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_checkout_rate(profile_id uuid) IS 'Refuses with 429 too_many_checkouts. The caller holds the profile''s lock.';
CREATE FUNCTION private.check_limits(profile_id uuid, settings private.settings) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_settings constant private.settings := check_limits.settings;
    v_running integer;
begin
    select count(*) into v_running
    from (
        select
        from public.generations as g
        where g.profile_id = check_limits.profile_id
            and g.finished_at is null
        limit v_settings.max_running_generations
    ) as g;
    if v_running >= v_settings.max_running_generations then
        perform private.refuse_for_now(
            'too_many_running',
            format('%s thumbnails are under way: as many as may be.', v_running),
            'Wait until one is finished, and try again with the same idempotency_key.',
            10
        );
    end if;
    perform private.check_rate(
        check_limits.profile_id, v_settings.max_generations_per_minute, interval '1 minute',
        'too_many_per_minute'
    );
    perform private.check_rate(
        check_limits.profile_id, v_settings.max_generations_per_day, interval '24 hours',
        'too_many_per_day'
    );
end;
$$;
COMMENT ON FUNCTION private.check_limits(profile_id uuid, settings private.settings) IS 'Refuses with 429 too_many_running, too_many_per_minute, too_many_per_day. The caller holds the
profile''s lock, so that no number of requests at once gets past.';
CREATE FUNCTION private.check_no_subscription(profile_id uuid, plan_name text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_family constant text[] := array(
        select p.plan_name
        from public.plans as p
        inner join public.plans as o on p.plan_family = o.plan_family
        where o.plan_name = check_no_subscription.plan_name
    );
begin
    if exists (
        select
        from public.subscriptions as s
        where s.profile_id = check_no_subscription.profile_id
            and s.plan_name = any(v_family)
            and s.status not in ('canceled', 'incomplete_expired')
    ) then
        raise sqlstate 'PT409' using
            message = 'already_subscribed',
            detail = 'There is a subscription to a plan of this kind.',
            hint = 'Change it in the customer portal: start_portal';
    end if;
    -- Two pages open at once could both be paid.
    if exists (
        select
        from public.checkouts as c
        where c.profile_id = check_no_subscription.profile_id
            and c.item_kind = 'subscription'
            and c.item_key = any(v_family)
            and c.finished_at is null
    ) then
        raise sqlstate 'PT409' using
            message = 'checkout_open',
            detail = 'A page for another plan of this kind is open.',
            hint = 'Finish it, or wait until it expires: read checkouts.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_no_subscription(profile_id uuid, plan_name text) IS 'Refuses with PT409 already_subscribed, checkout_open. The caller holds the profile''s lock.';
CREATE FUNCTION private.check_operator_amount(amount bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if check_operator_amount.amount > 0 then
        return;
    end if;
    raise sqlstate 'PT422' using
        message = 'amount_not_positive',
        detail = 'The number of credits has to be positive.',
        hint = 'Take credits away with revoke.';
end;
$$;
COMMENT ON FUNCTION private.check_operator_amount(amount bigint) IS 'Refuses with PT422 amount_not_positive.';
CREATE FUNCTION private.check_operator_lot(profile_id uuid, lot_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if check_operator_lot.lot_id is null or exists (
        select
        from public.credit_lots as l
        where l.id = check_operator_lot.lot_id
            and l.profile_id = check_operator_lot.profile_id
    ) then
        return;
    end if;
    raise sqlstate 'PT404' using
        message = 'lot_not_found',
        detail = 'This profile has no such lot.',
        hint = 'Read the lots with: thumbsmith credits history';
end;
$$;
COMMENT ON FUNCTION private.check_operator_lot(profile_id uuid, lot_id bigint) IS 'Refuses with PT404 lot_not_found unless the lot is the profile''s, or null.';
CREATE FUNCTION private.check_options(declared public.generation_options[], options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_options jsonb := coalesce(check_options.options, '{}');
    v_given record;
begin
    if v_options = '{}' then
        return v_options;
    end if;
    if jsonb_typeof(v_options) <> 'object' or pg_column_size(v_options) > 4096 then
        raise sqlstate 'PT422' using
            message = 'options_invalid',
            detail = 'The options are not a small JSON object.',
            hint = 'Send {"name": value, …}; see generation_options for the names.';
    end if;
    for v_given in
        select
            e.key,
            o as declared,
            e.value
        from jsonb_each(v_options) as e (key, value)
        left join unnest(check_options.declared) as o on e.key = o.option_key
        order by e.key
    loop
        if v_given.declared is null or not private.option_fits(v_given.declared, v_given.value) then
            raise sqlstate 'PT422' using
                message = 'options_invalid',
                detail = format(
                    'The option %s is not one of this type, or has a value that it does not take.',
                    left(v_given.key, 63)
                ),
                hint = 'Read generation_options for the names and values of this type.';
        end if;
        -- 7.0 is an integer to us, but not to every model.
        if jsonb_typeof(v_given.value) = 'number' then
            v_options := v_options || jsonb_build_object(
                v_given.key, (v_given.value #>> '{}')::numeric::bigint
            );
        end if;
    end loop;
    return v_options;
end;
$$;
COMMENT ON FUNCTION private.check_options(declared public.generation_options[], options jsonb) IS 'The options of a request for a type that declares these, {} for none, or PT422 options_invalid.';
CREATE FUNCTION private.check_plain_call() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    -- A refusal that is committed must not be undone by its reader: a cast or a filter of the
    -- caller's that fails on the answer would roll back the count of a wrong guess, and still
    -- tell. PostgREST quotes the columns a caller names, and not its own.
    if current_query() like '%"pgrst\_scalar"%' then
        raise sqlstate 'PT400' using
            message = 'plain_call_required',
            detail = 'This function takes no select and no filter.',
            hint = 'Read what you need from the whole answer.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_plain_call() IS 'PT400 plain_call_required when the answer would be computed with before it is committed.';
CREATE TABLE private.promo_codes (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    code_hash bytea NOT NULL,
    code_hint text NOT NULL,
    credits bigint NOT NULL,
    max_redemptions integer,
    max_per_person integer DEFAULT 1 NOT NULL,
    starts_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone,
    credits_last interval,
    redemptions integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT promo_codes_credits_last_positive CHECK ((credits_last > '00:00:00'::interval)),
    CONSTRAINT promo_codes_credits_positive CHECK ((credits > 0)),
    CONSTRAINT promo_codes_ends_after_start CHECK ((ends_at > starts_at)),
    CONSTRAINT promo_codes_max_per_person_positive CHECK ((max_per_person > 0)),
    CONSTRAINT promo_codes_max_redemptions_positive CHECK ((max_redemptions > 0)),
    CONSTRAINT promo_codes_redemptions_in_range CHECK (((redemptions >= 0) AND (redemptions <= COALESCE(max_redemptions, redemptions))))
);
COMMENT ON TABLE private.promo_codes IS 'Promotional codes. Only a keyed hash of each is kept: whoever reads this table cannot redeem
them.';
COMMENT ON COLUMN private.promo_codes.code_hash IS 'Of the code, normalized; see private.keyed_hash.';
COMMENT ON COLUMN private.promo_codes.code_hint IS 'The last two characters, to tell codes apart.';
COMMENT ON COLUMN private.promo_codes.credits IS 'Credits of one redemption.';
COMMENT ON COLUMN private.promo_codes.max_redemptions IS 'By everybody together; null: no limit.';
COMMENT ON COLUMN private.promo_codes.max_per_person IS 'Redemptions of one person.';
COMMENT ON COLUMN private.promo_codes.credits_last IS 'How long the credits live after they were redeemed; null: they never expire.';
COMMENT ON COLUMN private.promo_codes.redemptions IS 'How often it was redeemed, by everybody together.';
CREATE FUNCTION private.check_promo_code(promo_code private.promo_codes, used integer) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_slug text;
    v_detail text;
begin
    if check_promo_code.promo_code.ends_at <= now() then
        v_slug := 'code_expired';
        v_detail := 'This code has ended.';
    elsif check_promo_code.used >= check_promo_code.promo_code.max_per_person then
        v_slug := 'code_already_redeemed';
        v_detail := format('You have redeemed this code %s times.', check_promo_code.used);
    elsif check_promo_code.promo_code.redemptions >= check_promo_code.promo_code.max_redemptions
    then
        v_slug := 'code_exhausted';
        v_detail := 'This code has been redeemed as often as it may be.';
    else
        return;
    end if;
    raise sqlstate 'PT409' using
        message = v_slug,
        detail = v_detail,
        hint = 'Use another code.';
end;
$$;
COMMENT ON FUNCTION private.check_promo_code(promo_code private.promo_codes, used integer) IS 'Refuses a code that cannot be redeemed any more: PT409 code_expired, code_already_redeemed,
code_exhausted.';
CREATE FUNCTION private.check_prompt(prompt text, max_characters integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
    -- Blank in any script: also no-break, zero-width and ideographic spaces.
    v_blank constant text :=
        '[\s\u00a0\u00ad\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]';
    v_prompt constant text := regexp_replace(
        check_prompt.prompt, format('^%1$s+|%1$s+$', v_blank), '', 'g'
    );
begin
    if coalesce(v_prompt, '') = '' then
        raise sqlstate 'PT422' using
            message = 'prompt_empty',
            detail = 'The prompt is empty or blank.',
            hint = 'Say what the thumbnail shows.';
    end if;
    -- Line breaks and tabs are what people type; any other control character is not.
    if v_prompt ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]' then
        raise sqlstate 'PT422' using
            message = 'prompt_has_control_characters',
            detail = 'The prompt holds a control character.',
            hint = 'Only line breaks and tabs are taken.';
    end if;
    if char_length(v_prompt) > check_prompt.max_characters then
        raise sqlstate 'PT422' using
            message = 'prompt_too_long',
            detail = format('The prompt has %s characters, at most %s are taken.',
                char_length(v_prompt), check_prompt.max_characters),
            hint = 'Shorten the prompt.';
    end if;
    return v_prompt;
end;
$_$;
COMMENT ON FUNCTION private.check_prompt(prompt text, max_characters integer) IS 'The prompt without blanks at both ends, or PT422: prompt_empty, prompt_has_control_characters,
prompt_too_long.';
CREATE FUNCTION private.check_rate(profile_id uuid, max_requests integer, period interval, slug text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_oldest timestamptz;
    v_floor uuid;
begin
    if check_rate.max_requests is null then
        return;
    end if;
    v_floor := private.uuid_v7_floor(now() - check_rate.period);
    -- The oldest of the last max_requests within the period, by the key alone: it reads at most
    -- that many rows, however long the history.
    select g.created_at into v_oldest
    from public.generations as g
    where g.profile_id = check_rate.profile_id
        and g.id >= v_floor
    order by g.id desc
    offset check_rate.max_requests - 1
    limit 1;
    if found then
        perform private.refuse_for_now(
            check_rate.slug,
            format('At most %s thumbnails may be asked for within %s seconds.',
                check_rate.max_requests, extract(epoch from check_rate.period)::integer),
            'Wait as long as Retry-After says, and try again with the same idempotency_key.',
            ceil(extract(epoch from v_oldest + check_rate.period - now()))::integer
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_rate(profile_id uuid, max_requests integer, period interval, slug text) IS 'Refuses with 429 and the given slug when this many generations were asked for within the period. No
limit when max_requests is null.';
CREATE FUNCTION private.check_reason(who text, why text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if coalesce(btrim(check_reason.who), '') = '' or coalesce(btrim(check_reason.why), '') = '' then
        raise sqlstate 'PT422' using
            message = 'reason_required',
            detail = 'Who does this, and why, has to be said.',
            hint = 'Both stay in the audit log for ever.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_reason(who text, why text) IS 'Refuses with PT422 reason_required.';
CREATE FUNCTION private.check_user_image(profile_id uuid, user_image_id uuid, user_image text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_object_path text;
begin
    if check_user_image.user_image_id is null then
        if check_user_image.user_image = 'required' then
            raise sqlstate 'PT422' using
                message = 'user_image_required',
                detail = 'This generation type needs a face photo.',
                hint = 'Upload one to the bucket faces and record it with add_user_image.';
        end if;
        return;
    end if;
    if check_user_image.user_image = 'none' then
        raise sqlstate 'PT422' using
            message = 'user_image_not_supported',
            detail = 'This generation type takes no face photo.',
            hint = 'Leave user_image_id out.';
    end if;
    select i.object_path into v_object_path
    from public.user_images as i
    where i.profile_id = check_user_image.profile_id
        and i.id = check_user_image.user_image_id
        and i.removed_at is null
        and i.expires_at > now();
    -- One answer for absent, someone else's, removed, expired and bytes gone: nothing to probe
    -- with.
    if not exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = v_object_path
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.check_user_image(profile_id uuid, user_image_id uuid, user_image text) IS 'Whether this person may use this photo for a type that wants a face so (none, optional, required):
PT404 user_image_not_found, PT422 user_image_required, user_image_not_supported.';
CREATE FUNCTION private.checkout_call(job private.jobs) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_checkout public.checkouts;
    -- A key makes a repeat after a lost answer find what the first call made. But Stripe repeats a
    -- failure of its own as well, for a day: after three tries the call is another one. What the
    -- first made is then a customer, or a page whose address nobody has.
    v_try constant integer := (checkout_call.job).tries / 3;
begin
    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = (checkout_call.job).profile_id
        and c.id = (checkout_call.job).checkout_id;
    if (checkout_call.job).kind = 'customer' then
        return (
            select jsonb_build_object(
                'call', 'customers.create',
                -- The same key with another address would be refused, and without the number of the
                -- customer would bring back one that was deleted.
                'idempotency_key',
                format(
                    'customer:%s:%s:%s:%s', v_checkout.profile_id, md5(coalesce(u.email, '')),
                    (
                        select count(*)
                        from private.stripe_customers as c
                        where c.profile_id = v_checkout.profile_id
                    ),
                    v_try
                ),
                'params', jsonb_strip_nulls(jsonb_build_object(
                    'email', nullif(u.email, ''),
                    'metadata', jsonb_build_object('profile_id', v_checkout.profile_id)
                ))
            )
            from (select v_checkout.profile_id as id) as p
            left join auth.users as u on p.id = u.id
        );
    end if;
    if v_checkout.item_kind = 'portal' then
        return (
            select jsonb_build_object(
                'call', 'billing_portal.sessions.create',
                'idempotency_key', format('checkout:%s:%s', v_checkout.id, v_try),
                'params', jsonb_strip_nulls(jsonb_build_object(
                    'customer', c.customer_id,
                    'return_url', coalesce(s.portal_return_url, s.checkout_success_url)
                ))
            )
            from private.stripe_customers as c
            cross join private.settings as s
            where c.profile_id = v_checkout.profile_id
                and c.is_current
        );
    end if;
    return private.session_call(v_checkout)
        || jsonb_build_object('idempotency_key', format('checkout:%s:%s', v_checkout.id, v_try));
end;
$$;
COMMENT ON FUNCTION private.checkout_call(job private.jobs) IS 'The call that brings a checkout one step further: its customer, or its page.';
CREATE FUNCTION private.claim_address(user_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    insert into private.known_addresses (address_hash, profile_id)
    select
        a.address_hash,
        claim_address.user_id
    from private.address_hashes_of(claim_address.user_id) as a
    where a.is_confirmed
    -- Two people with the same two addresses wait for each other in one order.
    order by a.address_hash
    on conflict on constraint known_addresses_pkey do nothing;
$$;
COMMENT ON FUNCTION private.claim_address(user_id uuid) IS 'Remembers confirmed addresses for the first profile that comes with them.';
CREATE FUNCTION private.claim_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) RETURNS SETOF private.claimed_job
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs;
begin
    for v_job in
        select c.*
        from private.lease_due_generation_jobs(
            claim_generation_jobs.lease_token,
            claim_generation_jobs.max_jobs,
            claim_generation_jobs.lease_seconds
        ) as c
        -- A submission that was tried too often is refunded here: profiles are locked in id order.
        -- Last those whose worker died while it was sending: their expected cost is counted, and
        -- whoever holds a row of provider_spend must not wait for a profile.
        order by
            exists (
                select
                from private.generation_attempts as a
                where a.profile_id = c.profile_id
                    and a.generation_id = c.generation_id
                    and a.status = 'submitting'
            ),
            c.profile_id,
            c.id
    loop
        if v_job.kind = 'submit' then
            v_job.attempt_id := private.start_attempt(v_job);
            continue when v_job.attempt_id is null;
            perform private.set_generation_job_attempt(
                v_job.profile_id, v_job.id, v_job.attempt_id
            );
        end if;
        return next (
            v_job.profile_id,
            v_job.id,
            v_job.lease_token,
            v_job.kind,
            v_job.generation_id,
            v_job.tries + 1,
            private.attempt_payload(v_job.profile_id, v_job.attempt_id, v_job.kind)
        )::private.claimed_job;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.claim_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) IS 'Takes due jobs of pictures, and writes the attempt of each submission.';
CREATE FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) RETURNS SETOF private.claimed_job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_token constant uuid := gen_random_uuid();
    v_found boolean := false;
    v_left integer := claim_jobs.max_jobs;
    v_rows bigint;
    v_takes_others_first constant boolean := coalesce(
        (
            select min(j.due_at)
            from private.jobs as j
            where j.dead_at is null
        ) < (
            select min(j.due_at)
            from private.generation_jobs as j
            where j.dead_at is null
        ),
        false
    );
    v_table text;
begin
    -- Whichever table's oldest job has waited longest goes first, so that neither starves.
    foreach v_table in array case
        when v_takes_others_first then array['jobs', 'generation_jobs']
        else array['generation_jobs', 'jobs']
    end
    loop
        exit when v_left = 0;
        if v_table = 'jobs' then
            return query
            select c.*
            from private.claim_other_jobs(v_token, v_left, claim_jobs.lease_seconds) as c;
        else
            return query
            select c.*
            from private.claim_generation_jobs(v_token, v_left, claim_jobs.lease_seconds) as c;
        end if;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
        v_found := v_found or v_rows > 0;
    end loop;
    if v_found then
        delete from private.idle_workers as w
        where w.worker_id = claim_jobs.worker_id;
    end if;
end;
$$;
COMMENT ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) IS 'Takes due jobs for this many seconds; generation_id is null for those about no picture. Report each
with a report_* function, its person and its lease token; what is not reported comes back when the
lease ends.';
CREATE FUNCTION private.claim_other_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) RETURNS SETOF private.claimed_job
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.jobs;
begin
    for v_job in
        select c.*
        from private.lease_due_jobs(
            claim_other_jobs.lease_token,
            claim_other_jobs.max_jobs,
            claim_other_jobs.lease_seconds
        ) as c
        order by c.id
    loop
        return next (
            v_job.profile_id,
            v_job.id,
            v_job.lease_token,
            v_job.kind,
            null,
            v_job.tries + 1,
            private.job_payload(v_job)
        )::private.claimed_job;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.claim_other_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) IS 'Takes due jobs that are about no picture.';
CREATE FUNCTION private.claw_back_less(profile_id uuid, lot_id bigint, amount bigint, reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot public.credit_lots;
    v_payer record;
    v_forgiven bigint;
    v_restored bigint;
    v_left bigint;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = claw_back_less.profile_id
        and l.id = claw_back_less.lot_id;
    v_forgiven := least(v_lot.owed, claw_back_less.amount);
    v_left := claw_back_less.amount - v_forgiven;
    insert into public.credit_entries (profile_id, lot_id, amount, kind, debt, reason)
    select v_lot.profile_id, v_lot.id, 0, 'reinstate', -v_forgiven, claw_back_less.reason
    where v_forgiven > 0;
    -- Then the lots that repaid the debt get back what they gave, the last one first.
    for v_payer in
        select
            e.lot_id,
            -sum(e.amount)::bigint as paid
        from public.credit_entries as e
        where e.profile_id = v_lot.profile_id
            and e.debt_lot_id = v_lot.id
        group by e.lot_id
        having -sum(e.amount) > 0
        order by max(e.entry_number) desc
    loop
        exit when v_left = 0;
        perform private.return_to_lot(
            v_lot.profile_id, v_payer.lot_id, least(v_left, v_payer.paid), 'reinstate',
            debt_lot_id => v_lot.id, reason => claw_back_less.reason
        );
        v_left := v_left - least(v_left, v_payer.paid);
    end loop;
    if v_left = 0 then
        return;
    end if;
    perform private.return_to_lot(
        v_lot.profile_id, v_lot.id, v_left, 'reinstate', reason => claw_back_less.reason
    );
    -- What had expired or been revoked before stays so.
    select least(coalesce(sum(e.amount), 0), v_left) into v_restored
    from public.credit_entries as e
    where e.profile_id = v_lot.profile_id
        and e.lot_id = v_lot.id
        and e.kind = 'restore';
    insert into public.credit_entries (profile_id, lot_id, amount, kind, reason)
    select v_lot.profile_id, v_lot.id, -v_restored, 'restore', claw_back_less.reason
    where v_restored > 0;
end;
$$;
COMMENT ON FUNCTION private.claw_back_less(profile_id uuid, lot_id bigint, amount bigint, reason text) IS 'Undoes part of a claw-back: forgives what is still owed, then gives back what other lots repaid,
then what was taken. The caller holds the profile''s lock.';
CREATE FUNCTION private.claw_back_lot(profile_id uuid, lot_id bigint, target bigint, reason text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_before bigint;
    v_after bigint;
    v_change bigint;
begin
    -- What is due to expire does so first, or it would come back when this is undone.
    if private.lock_profile(claw_back_lot.profile_id) then
        perform private.expire_profile_lots(claw_back_lot.profile_id);
    end if;
    select
        p.credits,
        claw_back_lot.target - l.clawed_back
    into v_before, v_change
    from public.credit_lots as l
    inner join public.profiles as p on l.profile_id = p.id
    where l.profile_id = claw_back_lot.profile_id
        and l.id = claw_back_lot.lot_id;
    if v_change > 0 then
        perform private.claw_back_more(
            claw_back_lot.profile_id, claw_back_lot.lot_id, v_change, claw_back_lot.reason
        );
    elsif v_change < 0 then
        perform private.claw_back_less(
            claw_back_lot.profile_id, claw_back_lot.lot_id, -v_change, claw_back_lot.reason
        );
    end if;
    select p.credits into v_after
    from public.profiles as p
    where p.id = claw_back_lot.profile_id;
    return v_after - v_before;
end;
$$;
COMMENT ON FUNCTION private.claw_back_lot(profile_id uuid, lot_id bigint, target bigint, reason text) IS 'Makes target the number of credits of this lot that are taken back in all: more is taken or owed,
less is given back. The same target again changes nothing. Returns the change of the balance.';
CREATE FUNCTION private.claw_back_more(profile_id uuid, lot_id bigint, amount bigint, reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot public.credit_lots;
    v_lost bigint;
    v_take bigint;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = claw_back_more.profile_id
        and l.id = claw_back_more.lot_id;
    -- What expired or was revoked has left the person already: it is not owed a second time.
    select least(
        coalesce(-sum(e.amount), 0), greatest(claw_back_more.amount - v_lot.remaining, 0)
    )
    into v_lost
    from public.credit_entries as e
    where e.profile_id = v_lot.profile_id
        and e.lot_id = v_lot.id
        and e.kind in ('expire', 'revoke', 'restore');
    insert into public.credit_entries (profile_id, lot_id, amount, kind, reason)
    select v_lot.profile_id, v_lot.id, v_lost, 'restore', claw_back_more.reason
    where v_lost > 0;
    v_take := least(claw_back_more.amount, v_lot.remaining + v_lost);
    insert into public.credit_entries (profile_id, lot_id, amount, kind, debt, reason)
    values (
        v_lot.profile_id, v_lot.id, -v_take, 'claw_back', claw_back_more.amount - v_take,
        claw_back_more.reason
    );
end;
$$;
COMMENT ON FUNCTION private.claw_back_more(profile_id uuid, lot_id bigint, amount bigint, reason text) IS 'Takes what is left in the lot; what is missing becomes debt. The caller holds the profile''s
lock.';
CREATE FUNCTION private.close_account(profile_id uuid, asked_by text) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_now constant timestamptz := now();
    v_deleted_at timestamptz;
    v_running record;
begin
    perform private.lock_with_work(close_account.profile_id);
    if exists (
        select
        from private.erasures as e
        inner join public.profiles as p on e.profile_id = p.id
        where e.profile_id = close_account.profile_id
            and e.restored_at is null
            and p.deleted_at is not null
    ) then
        return null;
    end if;
    update public.profiles as p
    set deleted_at = coalesce(p.deleted_at, v_now)
    where p.id = close_account.profile_id
    returning p.deleted_at into v_deleted_at;
    if not found then
        return null;
    end if;
    for v_running in
        select
            g.id,
            g.status = 'storing' as is_storing
        from public.generations as g
        where g.profile_id = close_account.profile_id
            and g.finished_at is null
        order by g.id
    loop
        -- What is being stored cannot be canceled any more.
        perform private.finish_generation(
            close_account.profile_id,
            v_running.id,
            case when v_running.is_storing then 'failed' else 'canceled' end,
            case when v_running.is_storing then 'account_deleted' end
        );
        perform private.release_work(close_account.profile_id, v_running.id);
    end loop;
    -- The files of an erased account go with the whole folder.
    update public.user_images as i
    set
        removed_at = now(),
        removal_reason = 'account'
    where i.profile_id = close_account.profile_id
        and i.removed_at is null;
    perform private.end_pages(close_account.profile_id);
    perform private.start_erasure(close_account.profile_id, close_account.asked_by);
    return v_deleted_at;
end;
$$;
COMMENT ON FUNCTION private.close_account(profile_id uuid, asked_by text) IS 'Closes an account and has it erased: thumbnails under way end with their credits back, photos are
not used any more, pages of Stripe end. Returns since when it is closed; null when it was before, or
there is none.';
CREATE FUNCTION private.close_checkout(profile_id uuid, checkout_id uuid, status text, error text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    update public.checkouts as c
    set
        status = close_checkout.status,
        error = close_checkout.error,
        url = null,
        finished_at = now()
    where c.profile_id = close_checkout.profile_id
        and c.id = close_checkout.checkout_id
        and (
            c.finished_at is null
            -- A page that was given up may have been paid all the same.
            or (close_checkout.status = 'completed' and c.status <> 'completed')
        );
$$;
COMMENT ON FUNCTION private.close_checkout(profile_id uuid, checkout_id uuid, status text, error text) IS 'Moves a checkout to its final status: completed wins over all others.';
CREATE FUNCTION private.close_stale_checkouts(max_checkouts integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_stale record;
    v_closed integer := 0;
begin
    for v_stale in
        select
            c.profile_id,
            c.id,
            c.stripe_session_id
        from public.checkouts as c
        where c.finished_at is null
            and c.status in ('requested', 'open')
            and c.expires_at <= now()
        order by c.created_at, c.id
        limit close_stale_checkouts.max_checkouts
    loop
        -- Read without a lock, then locked one by one; again, since it may have been seen to.
        perform
        from public.checkouts as c
        where c.profile_id = v_stale.profile_id
            and c.id = v_stale.id
            and c.finished_at is null
            and c.expires_at <= now()
        for no key update skip locked;
        continue when not found;
        -- Whether it was paid in its last minute is for Stripe to say.
        if v_stale.stripe_session_id is not null then
            perform private.enqueue_fetch(v_stale.stripe_session_id);
            update public.checkouts as c
            set expires_at = now() + interval '10 minutes'
            where c.profile_id = v_stale.profile_id
                and c.id = v_stale.id;
        else
            perform private.close_checkout(v_stale.profile_id, v_stale.id, 'expired');
        end if;
        v_closed := v_closed + 1;
    end loop;
    return v_closed;
end;
$$;
COMMENT ON FUNCTION private.close_stale_checkouts(max_checkouts integer) IS 'Looks at Checkout pages whose time is over, and closes those of the portal. Returns how many.';
CREATE FUNCTION private.code_retry_after(profile_id uuid) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select ceil(extract(epoch from f.failed_at + interval '1 hour' - now()))::integer
    from private.code_failures as f
    where f.profile_id = code_retry_after.profile_id
        and f.failed_at > now() - interval '1 hour'
    order by f.failed_at desc
    offset (select s.max_code_failures_per_hour - 1 from private.settings as s)
    limit 1;
$$;
COMMENT ON FUNCTION private.code_retry_after(profile_id uuid) IS 'Seconds until this person may try another code; null: now.';
CREATE FUNCTION private.compare_stripe_objects(objects jsonb) RETURNS TABLE(object_type text, object_id text, difference text, is_repairable boolean)
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select
        d.object ->> 'object',
        d.object ->> 'id',
        coalesce(a.slug, d.difference),
        a.slug is null
    from (
        select
            o.object,
            private.stripe_difference(o.object) as difference
        from jsonb_array_elements(compare_stripe_objects.objects) as o (object)
    ) as d
    -- What was looked at and found to be a matter for a person.
    left join lateral (
        select a.slug
        from private.stripe_alarms as a
        where a.object_id = d.object ->> 'id'
            -- These may have passed: another key, or what it waited for has come.
            and a.slug not in ('wrong_mode', 'unknown_payment')
        order by a.id
        limit 1
    ) as a on true
    where d.difference is not null
        and not exists (
            select
            from private.stripe_alarms as r
            where r.object_id = d.object ->> 'id'
                and r.resolved_at is not null
        );
$$;
COMMENT ON FUNCTION private.compare_stripe_objects(objects jsonb) IS 'Which of these objects of Stripe (an array, as its lists give them) are not in our rows as they
are there, and whether fetching them again can repair that: else an alarm tells why a person has
to look. What a person has resolved is passed over.';
CREATE FUNCTION private.continue_generation_job(profile_id uuid, job_id bigint, kind text, due_at timestamp with time zone DEFAULT now(), attempt_id uuid DEFAULT NULL::uuid, slug text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.set_generation_job_state(
        continue_generation_job.profile_id,
        continue_generation_job.job_id,
        private.continued(continue_generation_job.due_at, continue_generation_job.slug),
        continue_generation_job.kind,
        continue_generation_job.attempt_id
    );
end;
$$;
COMMENT ON FUNCTION private.continue_generation_job(profile_id uuid, job_id bigint, kind text, due_at timestamp with time zone, attempt_id uuid, slug text) IS 'The job goes on as this kind, with all its tries before it and nobody''s lease:
about this attempt, or still about the same when null. slug is
what made it go on; null keeps the last error.';
CREATE FUNCTION private.continue_job(job_id bigint, kind text, due_at timestamp with time zone DEFAULT now(), slug text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.set_job_state(
        continue_job.job_id,
        private.continued(continue_job.due_at, continue_job.slug),
        continue_job.kind
    );
end;
$$;
COMMENT ON FUNCTION private.continue_job(job_id bigint, kind text, due_at timestamp with time zone, slug text) IS 'The job goes on as this kind, with all its tries before it and nobody''s lease. slug is
what made it go on; null keeps the last error.';
CREATE FUNCTION private.continued(due_at timestamp with time zone, slug text) RETURNS private.job_state
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
    return (continued.due_at, 0, continued.slug, null)::private.job_state;
end;
$$;
COMMENT ON FUNCTION private.continued(due_at timestamp with time zone, slug text) IS 'A job goes on, with all its tries before it. slug is what made it go on.';
CREATE FUNCTION private.count_attempt_cost(profile_id uuid, attempt_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_cost_micros bigint;
begin
    -- The first one was counted when it was asked for.
    select a.expected_cost_micros into v_cost_micros
    from private.generation_attempts as a
    inner join private.generation_attempts as e
        on a.profile_id = e.profile_id and a.generation_id = e.generation_id
    where a.profile_id = count_attempt_cost.profile_id
        and a.id = count_attempt_cost.attempt_id
        and e.duplicate_of is null
        and e.attempt_number < a.attempt_number
    limit 1;
    if found then
        perform private.count_provider_spend(v_cost_micros);
    end if;
end;
$$;
COMMENT ON FUNCTION private.count_attempt_cost(profile_id uuid, attempt_id uuid) IS 'Counts the expected cost of an attempt that the provider has, or may have: not of one that never
got there.';
CREATE FUNCTION private.count_plan_uses(profile_id uuid, period interval, max_uses integer, OUT uses integer, OUT next_use_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    -- At most as many rows as fair use allows, however long the history.
    select
        count(*),
        case when count(*) >= count_plan_uses.max_uses then
            min(u.created_at) + count_plan_uses.period
        end
    into count_plan_uses.uses, count_plan_uses.next_use_at
    from (
        select u.created_at
        from public.plan_uses as u
        where u.profile_id = count_plan_uses.profile_id
            and u.returned_at is null
            and u.created_at > now() - count_plan_uses.period
        order by u.created_at desc
        limit count_plan_uses.max_uses
    ) as u;
end;
$$;
COMMENT ON FUNCTION private.count_plan_uses(profile_id uuid, period interval, max_uses integer, OUT uses integer, OUT next_use_at timestamp with time zone) IS 'Pictures that plans covered within the period; when these are max_uses, when the next is free.';
CREATE FUNCTION private.count_provider_spend(micros bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.add_provider_spend(
        (now() at time zone 'utc')::date, pg_backend_pid() % 16, count_provider_spend.micros
    );
$$;
COMMENT ON FUNCTION private.count_provider_spend(micros bigint) IS 'Counts a further attempt of a request that was let in, without refusing it.';
CREATE FUNCTION private.count_redemptions(promo_code_id uuid, profile_id uuid, address_hash bytea) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select count(*)::integer
    from private.promo_redemptions as r
    where r.promo_code_id = count_redemptions.promo_code_id
        and (
            r.profile_id = count_redemptions.profile_id
            or r.address_hash = count_redemptions.address_hash
        );
$$;
COMMENT ON FUNCTION private.count_redemptions(promo_code_id uuid, profile_id uuid, address_hash bytea) IS 'How often a person redeemed a code, under any of their accounts.';
CREATE FUNCTION private.create_promo_code(code text, credits bigint, who text, why text, max_redemptions integer DEFAULT NULL::integer, max_per_person integer DEFAULT 1, starts_at timestamp with time zone DEFAULT now(), ends_at timestamp with time zone DEFAULT NULL::timestamp with time zone, credits_last interval DEFAULT NULL::interval) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
declare
    v_code constant text := coalesce(
        private.normal_code(create_promo_code.code), private.random_code(12)
    );
    v_id uuid;
begin
    if v_code !~ '^[A-Z0-9]{4,40}$' then
        raise sqlstate 'PT422' using
            message = 'code_malformed',
            detail = 'A promotional code has 4 to 40 letters and digits.',
            hint = 'Leave the code out to get a random one.';
    end if;
    -- Before the constraints: their error would repeat the row.
    if least(
        create_promo_code.credits, create_promo_code.max_redemptions,
        create_promo_code.max_per_person
    ) < 1 then
        raise sqlstate 'PT422' using
            message = 'amount_not_positive',
            detail = 'Credits and limits have to be positive.',
            hint = 'Leave a limit out where there is none.';
    end if;
    if create_promo_code.ends_at <= greatest(create_promo_code.starts_at, now())
        or create_promo_code.credits_last <= interval '0'
    then
        raise sqlstate 'PT422' using
            message = 'expiry_not_ahead',
            detail = 'The code, or its credits, would be over before they begin.',
            hint = 'Give a time that is ahead, or none.';
    end if;
    insert into private.promo_codes (
        code_hash, code_hint, credits, max_redemptions, max_per_person, starts_at, ends_at,
        credits_last
    )
    values (
        private.keyed_hash(v_code), right(v_code, 2), create_promo_code.credits,
        create_promo_code.max_redemptions, create_promo_code.max_per_person,
        create_promo_code.starts_at, create_promo_code.ends_at, create_promo_code.credits_last
    )
    on conflict on constraint promo_codes_code_hash_key do nothing
    returning id into v_id;
    if v_id is null then
        raise sqlstate 'PT409' using
            message = 'code_exists',
            detail = 'This promotional code exists already.',
            hint = 'Choose another code.';
    end if;
    perform private.audit(
        create_promo_code.who,
        'create_promo_code',
        create_promo_code.why,
        'promo_code:' || v_id,
        details => jsonb_build_object('promo_code_id', v_id, 'credits', create_promo_code.credits)
    );
    return v_code;
end;
$_$;
COMMENT ON FUNCTION private.create_promo_code(code text, credits bigint, who text, why text, max_redemptions integer, max_per_person integer, starts_at timestamp with time zone, ends_at timestamp with time zone, credits_last interval) IS 'Makes a promotional code, a random one when code is null, and returns it: the only time it is seen.
Refuses with PT409 code_exists; PT422 code_malformed, amount_not_positive, expiry_not_ahead,
reason_required.';
CREATE FUNCTION private.declare_idle(worker_id text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    AS $$
begin
    -- A worker that sleeps says so every few seconds: who does not has died, and wakes for nothing.
    delete from private.idle_workers as w
    where w.idle_since < now() - interval '1 minute';
    perform pg_advisory_xact_lock(hashtext('thumbsmith.idle_workers'));
    insert into private.idle_workers (worker_id)
    values (declare_idle.worker_id)
    on conflict on constraint idle_workers_pkey do update set idle_since = now();
exception
    when lock_not_available then
        return;
end;
$$;
COMMENT ON FUNCTION private.declare_idle(worker_id text) IS 'A worker found nothing: from here on requests send NOTIFY thumbsmith_jobs. The worker must claim
once more before it sleeps.';
CREATE FUNCTION private.delete_my_account(confirmation text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_deleted_at timestamptz;
begin
    if delete_my_account.confirmation is distinct from 'delete my account' then
        raise sqlstate 'PT422' using
            message = 'confirmation_required',
            detail = 'The confirmation has to be: delete my account',
            hint = 'Ask the person first: what is deleted does not come back.';
    end if;
    v_deleted_at := private.close_account(v_profile_id, 'person');
    -- Another call was first: from here on the account is gone for this one too.
    if v_deleted_at is null then
        perform private.signed_in_profile();
    end if;
    return jsonb_build_object('deleted_at', v_deleted_at);
end;
$$;
COMMENT ON FUNCTION private.delete_my_account(confirmation text) IS 'The rule behind public.delete_my_account.';
CREATE FUNCTION private.disable_promo_code(promo_code_id uuid, who text, why text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.promo_codes as c
    set disabled_at = now()
    where c.id = disable_promo_code.promo_code_id
        and c.disabled_at is null;
    if not found then
        return false;
    end if;
    return private.audit(
        disable_promo_code.who,
        'disable_promo_code',
        disable_promo_code.why,
        'disable_promo_code:' || disable_promo_code.promo_code_id,
        details => jsonb_build_object('promo_code_id', disable_promo_code.promo_code_id)
    );
end;
$$;
COMMENT ON FUNCTION private.disable_promo_code(promo_code_id uuid, who text, why text) IS 'Ends a promotional code now. False when it was ended before, or there is none.';
CREATE FUNCTION private.end_carried_lots(profile_id uuid, subscription_id uuid, month_end timestamp with time zone) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- Months differ in length, by three days at most: a lot that is due to end at about this time
    -- was carried into this month. Others, frozen or refunded ones for example, keep their time.
    update public.credit_lots as l
    set expires_at = end_carried_lots.month_end
    where l.profile_id = end_carried_lots.profile_id
        and l.subscription_id = end_carried_lots.subscription_id
        and l.grant_key like '%:carried'
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at > now()
        and l.expires_at between end_carried_lots.month_end - interval '4 days'
        and end_carried_lots.month_end + interval '4 days';
$$;
COMMENT ON FUNCTION private.end_carried_lots(profile_id uuid, subscription_id uuid, month_end timestamp with time zone) IS 'Lets what was carried into a month end with it.';
CREATE FUNCTION private.end_pages(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job_id bigint;
    v_checkout_id uuid;
begin
    -- A customer that Stripe may be making now is waited for, or nobody would know its id.
    for v_job_id in
        select j.id
        from private.jobs as j
        where j.profile_id = end_pages.profile_id
            and j.checkout_id is not null
            and not (j.kind = 'customer' and (j.lease_token is not null or j.tries > 0))
        order by j.id
        for update
    loop
        perform private.finish_job(v_job_id);
    end loop;
    -- Those that are open at Stripe are ended there first.
    for v_checkout_id in
        select c.id
        from public.checkouts as c
        where c.profile_id = end_pages.profile_id
            and c.finished_at is null
            and c.stripe_session_id is null
            and not exists (
                select
                from private.jobs as j
                where j.checkout_id = c.id
            )
        order by c.id
    loop
        perform private.close_checkout(end_pages.profile_id, v_checkout_id, 'expired');
    end loop;
end;
$$;
COMMENT ON FUNCTION private.end_pages(profile_id uuid) IS 'Ends the pages of Stripe that a person has asked for and that are not open there.';
CREATE FUNCTION private.enqueue_cancel(profile_id uuid, attempt_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- Wakes nobody: the sweep comes by here too, with rows of many people.
    insert into private.generation_jobs (profile_id, kind, attempt_id)
    values (enqueue_cancel.profile_id, 'cancel', enqueue_cancel.attempt_id)
    on conflict do nothing;
$$;
COMMENT ON FUNCTION private.enqueue_cancel(profile_id uuid, attempt_id uuid) IS 'Has the attempt''s prediction stopped, and its cost counted: nobody waits for its picture.';
CREATE FUNCTION private.enqueue_fetch(object_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- Does not wait for whoever holds its job, who may be waiting for us; but for whoever is making
    -- it. So several are always asked for in the order of their ids.
    insert into private.jobs (kind, stripe_object_id)
    values ('fetch', enqueue_fetch.object_id)
    on conflict (stripe_object_id) where stripe_object_id is not null do nothing;
end;
$$;
COMMENT ON FUNCTION private.enqueue_fetch(object_id text) IS 'As private.fetch_stripe_object, unless there is a job for it already: for those who hold other
jobs. Wakes nobody: a worker that calls is awake, and the sweep meets many people.';
CREATE FUNCTION private.erase_payload(profile_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_bucket_id text;
    v_names text[];
    v_stripe_id text;
begin
    foreach v_bucket_id in array array['faces', 'thumbnails'] loop
        v_names := private.files_of(erase_payload.profile_id, v_bucket_id);
        if v_names is not null then
            return jsonb_build_object(
                'target', 'storage', 'bucket', v_bucket_id, 'names', v_names
            );
        end if;
    end loop;
    select c.stripe_session_id into v_stripe_id
    from public.checkouts as c
    where c.profile_id = erase_payload.profile_id
        and c.status = 'open'
        and c.stripe_session_id is not null
    order by c.id
    limit 1;
    if found then
        return jsonb_build_object(
            'target', 'stripe', 'call', 'checkout.sessions.expire', 'id', v_stripe_id
        );
    end if;
    -- Stripe ends a customer's subscriptions with it.
    select c.customer_id into v_stripe_id
    from private.stripe_customers as c
    where c.profile_id = erase_payload.profile_id
        and c.deleted_at is null
    order by c.created_at, c.customer_id
    limit 1;
    if found then
        return jsonb_build_object(
            'target', 'stripe', 'call', 'customers.delete', 'id', v_stripe_id
        );
    end if;
    -- Last: as long as something is left the account can still be found.
    return jsonb_build_object('target', 'auth', 'user_id', erase_payload.profile_id);
end;
$$;
COMMENT ON FUNCTION private.erase_payload(profile_id uuid) IS 'What is to be deleted next of a closed account, and by whom (target: storage, stripe or auth), by
what there still is: files, pages and customers at Stripe, and last the person at Auth. So a step
that was lost is simply done again.';
CREATE FUNCTION private.expedite_generation_job(profile_id uuid, job_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.set_generation_job_state(
        expedite_generation_job.profile_id, expedite_generation_job.job_id, private.expedited()
    );
end;
$$;
COMMENT ON FUNCTION private.expedite_generation_job(profile_id uuid, job_id bigint) IS 'The job is due now. Whoever holds it may have looked too early, so that lease ends.';
CREATE FUNCTION private.expedited() RETURNS private.job_state
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    return (now(), null, null, null)::private.job_state;
end;
$$;
COMMENT ON FUNCTION private.expedited() IS 'The job is due now. Whoever holds it may have looked too early, so that lease ends.';
CREATE FUNCTION private.expire_forgotten_generations(max_expired integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_progress private.sweep_progress;
    v_piece record;
    v_expired integer := 0;
begin
    -- Whoever else goes round already does the same.
    select p.* into v_progress
    from private.sweep_progress as p
    where p.step = 'forgotten'
    for update skip locked;
    -- Asked every minute, a round begins at the latest five minutes after the one before.
    if not found or v_progress.finished_at > now() - interval '4 minutes' then
        return 0;
    end if;
    if v_progress.started_at is null or v_progress.finished_at is not null then
        v_progress.started_at := now();
        v_progress.finished_at := null;
    end if;
    loop
        select * into v_piece
        from private.expire_unfinished_piece(
            1000, v_progress.after_profile_id, v_progress.after_generation_id
        );
        v_progress.after_profile_id := v_piece.after_profile_id;
        v_progress.after_generation_id := v_piece.after_generation_id;
        v_expired := v_expired + v_piece.expired;
        if v_piece.after_profile_id is null then
            v_progress.finished_at := now();
        end if;
        exit when v_progress.finished_at is not null
            or v_expired >= expire_forgotten_generations.max_expired;
    end loop;
    update private.sweep_progress as p
    set
        after_profile_id = v_progress.after_profile_id,
        after_generation_id = v_progress.after_generation_id,
        started_at = v_progress.started_at,
        finished_at = v_progress.finished_at
    where p.step = 'forgotten';
    return v_expired;
end;
$$;
COMMENT ON FUNCTION private.expire_forgotten_generations(max_expired integer) IS 'The safety net: goes round all unfinished generations in pieces of at most 1,000, once in five
minutes, and ends those whose deadline has passed, also where their job was lost. Returns how many
ended; goes on at the next call after about max_expired.';
CREATE FUNCTION private.expire_generation(profile_id uuid, generation_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if not private.finish_generation(
        expire_generation.profile_id, expire_generation.generation_id, 'expired'
    ) then
        return false;
    end if;
    perform private.release_work(expire_generation.profile_id, expire_generation.generation_id);
    return true;
end;
$$;
COMMENT ON FUNCTION private.expire_generation(profile_id uuid, generation_id uuid) IS 'Ends a generation whose deadline has passed: credits back, and its attempt canceled.';
CREATE FUNCTION private.expire_if_overdue(profile_id uuid, generation_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- Job, attempts, generation, as everywhere. What somebody holds is being looked at.
    perform
    from private.generation_jobs as j
    where j.profile_id = expire_if_overdue.profile_id
        and j.generation_id = expire_if_overdue.generation_id
    for update skip locked;
    if not found and exists (
        select
        from private.generation_jobs as j
        where j.profile_id = expire_if_overdue.profile_id
            and j.generation_id = expire_if_overdue.generation_id
    ) then
        return false;
    end if;
    perform
    from private.generation_attempts as a
    where a.profile_id = expire_if_overdue.profile_id
        and a.generation_id = expire_if_overdue.generation_id
    order by a.id
    for update;
    perform
    from public.generations as g
    where g.profile_id = expire_if_overdue.profile_id
        and g.id = expire_if_overdue.generation_id
        and g.finished_at is null
        and g.deadline_at <= now()
    for no key update skip locked;
    return found and private.expire_generation(
        expire_if_overdue.profile_id, expire_if_overdue.generation_id
    );
end;
$$;
COMMENT ON FUNCTION private.expire_if_overdue(profile_id uuid, generation_id uuid) IS 'Ends a generation whose deadline has passed, also one without a job. True when it did; false when
it is over, has time left, or is held by somebody else.';
CREATE FUNCTION private.expire_lots(max_lots integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id uuid;
    v_expired integer := 0;
begin
    -- Read without a lock, then locked one by one, in id order.
    for v_profile_id in
        select d.profile_id
        from (
            select l.profile_id
            from public.credit_lots as l
            where l.exhausted_at is null
                and l.frozen_at is null
                and l.expires_at <= now()
            order by l.expires_at
            limit expire_lots.max_lots
        ) as d
        group by d.profile_id
        order by d.profile_id
    loop
        -- Somebody who is busy is left for the next sweep: expired credits cannot be spent anyway.
        perform
        from public.profiles as p
        where p.id = v_profile_id
        for no key update skip locked;
        if found then
            v_expired := v_expired + private.expire_profile_lots(v_profile_id);
        end if;
    end loop;
    return v_expired;
end;
$$;
COMMENT ON FUNCTION private.expire_lots(max_lots integer) IS 'Writes the expiry of lots that are due, of at most so many profiles. Returns how many lots.';
CREATE FUNCTION private.expire_overdue_generations(max_generations integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_overdue record;
    v_expired integer := 0;
begin
    -- The usual way: the table of jobs is small. Read without a lock, then locked one by one.
    for v_overdue in
        select
            g.profile_id,
            g.id
        from private.generation_jobs as j
        inner join public.generations as g
            on j.profile_id = g.profile_id and j.generation_id = g.id
        where g.finished_at is null
            and g.deadline_at <= now()
        order by g.profile_id, g.id
        limit expire_overdue_generations.max_generations
    loop
        if private.expire_if_overdue(v_overdue.profile_id, v_overdue.id) then
            v_expired := v_expired + 1;
        end if;
    end loop;
    return v_expired;
end;
$$;
COMMENT ON FUNCTION private.expire_overdue_generations(max_generations integer) IS 'Ends generations of the queue whose deadline has passed, with the credits back. Returns how many.';
CREATE FUNCTION private.expire_profile_lots(profile_id uuid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_expired integer;
begin
    insert into public.credit_entries (profile_id, lot_id, amount, kind)
    select
        l.profile_id,
        l.id,
        -l.remaining,
        'expire'
    from public.credit_lots as l
    where l.profile_id = expire_profile_lots.profile_id
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at <= now()
    order by l.expires_at, l.created_at, l.id;
    get diagnostics v_expired = row_count;
    return v_expired;
end;
$$;
COMMENT ON FUNCTION private.expire_profile_lots(profile_id uuid) IS 'Writes the expiry of one profile''s lots that are due. The caller holds the profile''s lock.';
CREATE FUNCTION private.expire_unfinished_piece(max_generations integer, INOUT after_profile_id uuid, INOUT after_generation_id uuid, OUT expired integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_generation record;
    v_rows integer := 0;
begin
    expired := 0;
    for v_generation in
        select
            g.profile_id,
            g.id,
            g.deadline_at
        from public.generations as g
        where g.finished_at is null
            and (g.profile_id, g.id) > (
                coalesce(
                    expire_unfinished_piece.after_profile_id,
                    '00000000-0000-0000-0000-000000000000'
                ),
                coalesce(
                    expire_unfinished_piece.after_generation_id,
                    '00000000-0000-0000-0000-000000000000'
                )
            )
        order by g.profile_id, g.id
        limit expire_unfinished_piece.max_generations
    loop
        v_rows := v_rows + 1;
        after_profile_id := v_generation.profile_id;
        after_generation_id := v_generation.id;
        if v_generation.deadline_at <= now()
            and private.expire_if_overdue(v_generation.profile_id, v_generation.id)
        then
            expired := expired + 1;
        end if;
    end loop;
    if v_rows < expire_unfinished_piece.max_generations then
        after_profile_id := null;
        after_generation_id := null;
    end if;
end;
$$;
COMMENT ON FUNCTION private.expire_unfinished_piece(max_generations integer, INOUT after_profile_id uuid, INOUT after_generation_id uuid, OUT expired integer) IS 'Looks at so many unfinished generations after this one and ends those whose deadline has passed.
Returns the last one, null after the last of all, and how many ended.';
CREATE FUNCTION private.expire_user_images(max_images integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_image record;
    v_expired integer := 0;
begin
    for v_image in
        select
            i.profile_id,
            i.id
        from public.user_images as i
        where i.removed_at is null
            and i.expires_at <= now()
        order by i.expires_at
        limit expire_user_images.max_images
    loop
        -- Read without a lock, then locked one by one; again, since somebody may have removed it.
        perform
        from public.user_images as i
        where i.profile_id = v_image.profile_id
            and i.id = v_image.id
            and i.removed_at is null
        for update skip locked;
        if found then
            perform private.start_image_removal(v_image.profile_id, v_image.id, 'expired');
            v_expired := v_expired + 1;
        end if;
    end loop;
    return v_expired;
end;
$$;
COMMENT ON FUNCTION private.expire_user_images(max_images integer) IS 'Removes user images whose time is over. Returns how many.';
CREATE FUNCTION private.export_private_rows() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
begin
    return jsonb_build_object(
        'redemptions', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'promo_code_id', r.promo_code_id,
                        'redemption_number', r.redemption_number,
                        'created_at', r.created_at
                    )
                    order by r.created_at
                ),
                '[]'
            )
            from private.promo_redemptions as r
            where r.profile_id = v_profile_id
        ),
        'stripe_customers', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('customer_id', c.customer_id, 'created_at', c.created_at)
                    order by c.created_at
                ),
                '[]'
            )
            from private.stripe_customers as c
            where c.profile_id = v_profile_id
        ),
        'known_addresses', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'address_hash', encode(k.address_hash, 'hex'),
                        'claimed_at', k.claimed_at
                    )
                    order by k.claimed_at
                ),
                '[]'
            )
            from private.known_addresses as k
            where k.profile_id = v_profile_id
        )
    );
end;
$$;
COMMENT ON FUNCTION private.export_private_rows() IS 'What is kept about the caller outside of the tables that they read themselves.';
CREATE TABLE private.generation_jobs (
    id bigint NOT NULL,
    profile_id uuid NOT NULL,
    kind text NOT NULL,
    generation_id uuid,
    attempt_id uuid,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    lease_token uuid,
    last_error text,
    dead_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT generation_jobs_cancel_has_no_generation CHECK (((kind = 'cancel'::text) = (generation_id IS NULL))),
    CONSTRAINT generation_jobs_has_attempt_after_submit CHECK (((kind = 'submit'::text) OR (attempt_id IS NOT NULL))),
    CONSTRAINT generation_jobs_kind_known CHECK ((kind = ANY (ARRAY['submit'::text, 'find'::text, 'poll'::text, 'store'::text, 'cancel'::text]))),
    CONSTRAINT generation_jobs_tries_not_negative CHECK ((tries >= 0))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_insert_scale_factor='0');
COMMENT ON TABLE private.generation_jobs IS 'Work of the sidecar on pictures: one row per generation that is not over (submit → poll → store,
with find while an answer is lost) and per attempt whose prediction has to be stopped (cancel);
deleted when done.
Narrow on purpose: the queue''s churn stays out of the wide table. A claimed row is due again when
its lease ends, so work of a killed sidecar comes back by itself.
A row is inserted in the transaction of the spend, and must stay there, on the node of its person:
where the two are committed apart, a crash between them leaves credits spent and no job.';
COMMENT ON COLUMN private.generation_jobs.profile_id IS 'Whose picture it is.';
COMMENT ON COLUMN private.generation_jobs.generation_id IS 'Null for a cancel: its generation may be over, or have another job.';
COMMENT ON COLUMN private.generation_jobs.due_at IS 'When it may be claimed: later work, or the end of the lease.';
COMMENT ON COLUMN private.generation_jobs.tries IS 'Failed tries in a row.';
COMMENT ON COLUMN private.generation_jobs.lease_token IS 'Whoever holds it may report the result; others are stale.';
COMMENT ON COLUMN private.generation_jobs.dead_at IS 'When it was given up; a person has to look at it.';
CREATE FUNCTION private.fail_attempt(job private.generation_jobs, attempt_status text, error text, detail text, http_status integer DEFAULT NULL::integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.generation_attempts as a
    set
        status = fail_attempt.attempt_status,
        http_status = fail_attempt.http_status,
        provider_error = left(fail_attempt.detail, 2000),
        finished_at = now()
    where a.profile_id = fail_attempt.job.profile_id
        and a.id = fail_attempt.job.attempt_id
        and a.finished_at is null;
    -- What lies with the provider, or with how we word an input, may go well with another model, at
    -- no further charge. Content that was rejected is not carried elsewhere.
    if fail_attempt.error in (
        'provider_failed', 'provider_stopped', 'provider_unavailable', 'prediction_missing',
        'output_missing', 'input_refused'
    ) and private.has_next_model(fail_attempt.job) then
        perform private.continue_generation_job(
            fail_attempt.job.profile_id, fail_attempt.job.id, 'submit', slug => fail_attempt.error
        );
        return;
    end if;
    perform private.fail_generation(fail_attempt.job, fail_attempt.error);
end;
$$;
COMMENT ON FUNCTION private.fail_attempt(job private.generation_jobs, attempt_status text, error text, detail text, http_status integer) IS 'Ends an attempt without a picture: the next model is asked, or the generation fails with the
credits back.';
CREATE FUNCTION private.fail_cancel(job private.generation_jobs, slug text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if fail_cancel.slug = 'prediction_missing' then
        -- The provider has removed the job: it runs no more, and its cost is not known.
        update private.generation_attempts as a
        set
            status = 'canceled',
            finished_at = now()
        where a.profile_id = fail_cancel.job.profile_id
            and a.id = fail_cancel.job.attempt_id
            and a.finished_at is null;
        perform private.finish_generation_job(fail_cancel.job.profile_id, fail_cancel.job.id);
    -- The provider's own deadline ends the orphan too, so it is not urgent while that runs.
    elsif (fail_cancel.is_permanent or private.is_last_try(fail_cancel.job.tries)) and exists (
        select
        from private.generation_attempts as a
        inner join public.generations as g
            on a.profile_id = g.profile_id and a.generation_id = g.id
        where a.profile_id = fail_cancel.job.profile_id
            and a.id = fail_cancel.job.attempt_id
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.bury_generation_job(
            fail_cancel.job.profile_id, fail_cancel.job.id, fail_cancel.slug
        );
    else
        perform private.retry_generation_job(
            fail_cancel.job.profile_id, fail_cancel.job.id, fail_cancel.slug
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.fail_cancel(job private.generation_jobs, slug text, is_permanent boolean) IS 'A prediction could not be stopped: tried again, given up an hour after the deadline. The money is
settled all the while.';
CREATE FUNCTION private.fail_find(job private.generation_jobs, slug text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- Nobody waits for the generation, and the provider's deadline ended the job long ago.
    if fail_find.is_permanent or exists (
        select
        from public.generations as g
        where g.profile_id = fail_find.job.profile_id
            and g.id = fail_find.job.generation_id
            and g.finished_at is not null
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.retry_find(fail_find.job);
    else
        perform private.retry_generation_job(
            fail_find.job.profile_id, fail_find.job.id, fail_find.slug
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.fail_find(job private.generation_jobs, slug text, is_permanent boolean) IS 'The provider''s list could not be read, so a lost attempt may be there or not: it is looked for
until the list answers. Nothing is sent again before that.';
CREATE FUNCTION private.fail_generation(job private.generation_jobs, error text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.finish_generation(
        fail_generation.job.profile_id,
        fail_generation.job.generation_id,
        'failed',
        fail_generation.error
    );
    perform private.finish_generation_job(fail_generation.job.profile_id, fail_generation.job.id);
end;
$$;
COMMENT ON FUNCTION private.fail_generation(job private.generation_jobs, error text) IS 'Ends a generation and its job, with the credits back.';
CREATE FUNCTION private.fail_generation_job(job private.generation_jobs, slug text, detail text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    case
        when fail_generation_job.job.kind = 'find' then
            perform private.fail_find(
                fail_generation_job.job, fail_generation_job.slug, fail_generation_job.is_permanent
            );
        when fail_generation_job.job.kind = 'cancel' then
            perform private.fail_cancel(
                fail_generation_job.job, fail_generation_job.slug, fail_generation_job.is_permanent
            );
        when fail_generation_job.is_permanent then
            perform private.fail_attempt(
                fail_generation_job.job, 'failed', fail_generation_job.slug,
                fail_generation_job.detail
            );
        else
            -- A submit that failed before the call left no trace at the provider: it may go again.
            -- A thumbnail that was paid for is tried until the generation expires.
            delete from private.generation_attempts as a
            where a.profile_id = fail_generation_job.job.profile_id
                and a.id = fail_generation_job.job.attempt_id
                and a.status = 'submitting';
            perform private.retry_generation_job(
                fail_generation_job.job.profile_id, fail_generation_job.job.id,
                fail_generation_job.slug
            );
    end case;
end;
$$;
COMMENT ON FUNCTION private.fail_generation_job(job private.generation_jobs, slug text, detail text, is_permanent boolean) IS 'What follows from a job of a picture that did not work out.';
CREATE FUNCTION private.fail_other_job(job private.jobs, slug text, detail text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if fail_other_job.job.kind in ('remove_user_image', 'erase') then
        perform private.fail_removal(
            fail_other_job.job, fail_other_job.slug, fail_other_job.is_permanent
        );
    else
        perform private.fail_stripe_job(
            fail_other_job.job, fail_other_job.slug, fail_other_job.detail,
            fail_other_job.is_permanent
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.fail_other_job(job private.jobs, slug text, detail text, is_permanent boolean) IS 'What follows from a job about no picture that did not work out.';
CREATE FUNCTION private.fail_removal(job private.jobs, slug text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_call constant text := private.erase_payload(fail_removal.job.account_id) ->> 'call';
begin
    -- The object is gone already, or the page is over: nothing is left to delete.
    if (fail_removal.slug = 'stripe_missing' and v_call is not null)
        or (fail_removal.slug = 'stripe_refused' and v_call = 'checkout.sessions.expire')
    then
        perform private.apply_erased(
            fail_removal.job,
            jsonb_build_object(
                'object', case v_call
                    when 'customers.delete' then 'customer'
                    else 'checkout.session'
                end,
                'id', private.erase_payload(fail_removal.job.account_id) -> 'id',
                'error', fail_removal.slug
            )
        );
    elsif fail_removal.is_permanent then
        perform private.bury_job(fail_removal.job.id, fail_removal.slug);
    else
        perform private.retry_job(fail_removal.job.id, fail_removal.slug);
    end if;
end;
$$;
COMMENT ON FUNCTION private.fail_removal(job private.jobs, slug text, is_permanent boolean) IS 'A deletion did not work out. Nobody may be forgotten about: tried again for as long as it takes; a
dead letter only when the same call would be refused for ever.';
CREATE FUNCTION private.fail_stripe_job(job private.jobs, slug text, detail text, is_permanent boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
begin
    if fail_stripe_job.job.kind = 'checkout'
        and fail_stripe_job.slug = 'stripe_missing'
        and fail_stripe_job.detail ~ '\mcustomer$'
        and private.replace_customer(fail_stripe_job.job)
    then
        return;
    end if;
    if fail_stripe_job.job.checkout_id is not null
        and (fail_stripe_job.is_permanent or private.is_last_try(fail_stripe_job.job.tries))
    then
        perform private.close_checkout(
            fail_stripe_job.job.profile_id,
            fail_stripe_job.job.checkout_id,
            'failed',
            fail_stripe_job.slug
        );
        perform private.finish_job(fail_stripe_job.job.id);
    elsif fail_stripe_job.is_permanent and fail_stripe_job.job.kind <> 'reconcile' then
        perform private.raise_stripe_alarm(
            fail_stripe_job.job.stripe_object_id, fail_stripe_job.slug, fail_stripe_job.detail
        );
        perform private.finish_fetch(fail_stripe_job.job, true);
    else
        -- What Stripe has to tell is never given up: it only takes longer and longer.
        perform private.retry_job(fail_stripe_job.job.id, fail_stripe_job.slug);
    end if;
end;
$_$;
COMMENT ON FUNCTION private.fail_stripe_job(job private.jobs, slug text, detail text, is_permanent boolean) IS 'A call of Stripe did not work out. A page that cannot be made fails its checkout; an object that
cannot be read is an alarm when that is final, and else tried again for as long as it takes.';
CREATE FUNCTION private.fetch_call(kind text, object_id text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case
        when fetch_call.kind = 'find_invoice' then jsonb_build_object(
            'call', 'invoice_payments.list',
            'params', jsonb_build_object(
                'payment', jsonb_build_object(
                    'type', 'payment_intent', 'payment_intent', fetch_call.object_id
                )
            )
        )
        when fetch_call.kind = 'find_session' then jsonb_build_object(
            'call', 'checkout.sessions.list',
            'params', jsonb_build_object('payment_intent', fetch_call.object_id)
        )
        when fetch_call.object_id ~ '^(ch|py)_' then jsonb_build_object(
            'call', 'refunds.list',
            'params', jsonb_build_object('charge', fetch_call.object_id, 'limit', 100)
        )
        else jsonb_build_object(
            'call', case substring(fetch_call.object_id from '^[a-z]+')
                when 'cs' then 'checkout.sessions.retrieve'
                when 'in' then 'invoices.retrieve'
                when 'sub' then 'subscriptions.retrieve'
                when 're' then 'refunds.retrieve'
                when 'pyr' then 'refunds.retrieve'
                else 'disputes.retrieve'
            end,
            'id', fetch_call.object_id,
            'params', case substring(fetch_call.object_id from '^[a-z]+')
                when 'cs' then '{"expand": ["line_items", "payment_intent"]}'::jsonb
                when 'in' then '{"expand": ["payments"]}'::jsonb
                else '{}'::jsonb
            end
        )
    end;
$$;
COMMENT ON FUNCTION private.fetch_call(kind text, object_id text) IS 'The call that reads an object, or what it belongs to.';
CREATE FUNCTION private.fetch_stripe_object(object_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    insert into private.jobs as j (kind, stripe_object_id)
    values ('fetch', fetch_stripe_object.object_id)
    on conflict (stripe_object_id) where stripe_object_id is not null do update
    -- Whoever fetches it right now may have looked too early: that lease ends here.
    set
        kind = 'fetch',
        due_at = now(),
        tries = 0,
        lease_token = null,
        dead_at = null;
    perform private.wake_worker();
end;
$$;
COMMENT ON FUNCTION private.fetch_stripe_object(object_id text) IS 'Has an object of Stripe fetched and applied, however many ask for it at once.';
CREATE FUNCTION private.files_of(profile_id uuid, bucket_id text) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    -- A range, for an index on (bucket_id, name): "/" and the character after it.
    select array_agg(f.name order by f.name)
    from (
        select o.name
        from storage.objects as o
        where o.bucket_id = files_of.bucket_id
            and o.name collate "C" >= files_of.profile_id || '/'
            and o.name collate "C" < files_of.profile_id || '0'
        order by o.name collate "C"
        -- The Storage API deletes a thousand at most in one call.
        limit 500
    ) as f;
$$;
COMMENT ON FUNCTION private.files_of(profile_id uuid, bucket_id text) IS 'Names of files in a person''s folder of a bucket, recorded by us or not: a page of them; null when
there are none.';
CREATE FUNCTION private.find_checkout(profile_id uuid, idempotency_key uuid, item_kind text, item_key text, quantity integer) RETURNS public.checkouts
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_checkout public.checkouts;
begin
    perform private.require_idempotency_key(find_checkout.idempotency_key);
    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = find_checkout.profile_id
        and c.idempotency_key = find_checkout.idempotency_key;
    if found
        and (v_checkout.item_kind, v_checkout.item_key, v_checkout.quantity)
        is distinct from
        (find_checkout.item_kind, find_checkout.item_key, find_checkout.quantity)
    then
        perform private.refuse_reused_key();
    end if;
    return v_checkout;
end;
$$;
COMMENT ON FUNCTION private.find_checkout(profile_id uuid, idempotency_key uuid, item_kind text, item_key text, quantity integer) IS 'The checkout that this request made before, or null. PT409 idempotency_conflict when the key made
another one; PT400 idempotency_key_required.';
CREATE FUNCTION private.find_model(type_key text, after_preference integer DEFAULT 0) RETURNS private.generation_models
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select m.*
    from private.generation_models as m
    where m.type_key = find_model.type_key
        and m.preference > find_model.after_preference
        and m.is_enabled
    order by m.preference
    limit 1;
$$;
COMMENT ON FUNCTION private.find_model(type_key text, after_preference integer) IS 'The model to ask: the first that is enabled, or the next one after a preference; null when there is
none.';
CREATE FUNCTION private.find_repeat(profile_id uuid, idempotency_key uuid, generation_type text, prompt text, user_image_id uuid, options jsonb) RETURNS public.generations
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_generation public.generations;
begin
    perform private.require_idempotency_key(find_repeat.idempotency_key);
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = find_repeat.profile_id
        and g.idempotency_key = find_repeat.idempotency_key;
    if found
        and (
            v_generation.generation_type, v_generation.prompt, v_generation.user_image_id,
            v_generation.options
        )
        is distinct from (
            find_repeat.generation_type, find_repeat.prompt, find_repeat.user_image_id,
            coalesce(find_repeat.options, '{}')
        )
    then
        perform private.refuse_reused_key();
    end if;
    return v_generation;
end;
$$;
COMMENT ON FUNCTION private.find_repeat(profile_id uuid, idempotency_key uuid, generation_type text, prompt text, user_image_id uuid, options jsonb) IS 'The generation that this request made before, or null. PT409 idempotency_conflict when the key made
another one; PT400 idempotency_key_required.';
CREATE FUNCTION private.finish_fetch(job private.jobs, is_applied boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if finish_fetch.is_applied then
        -- All that came before it was fetched: an event that came later took this job's lease.
        update private.stripe_events as e
        set applied_at = now()
        where e.object_id = finish_fetch.job.stripe_object_id
            and e.applied_at is null;
        perform private.finish_job(finish_fetch.job.id);
        return;
    end if;
    if finish_fetch.job.tries + 1 >= (select s.max_job_tries from private.settings as s)
    then
        perform private.raise_stripe_alarm(
            finish_fetch.job.stripe_object_id, 'unknown_payment',
            'What it belongs to was never found here.'
        );
        perform private.finish_fetch(finish_fetch.job, true);
        return;
    end if;
    perform private.retry_job(finish_fetch.job.id);
end;
$$;
COMMENT ON FUNCTION private.finish_fetch(job private.jobs, is_applied boolean) IS 'Ends the job of an object, or has it fetched again later, with an alarm when that was too often.';
CREATE FUNCTION private.finish_generation(profile_id uuid, generation_id uuid, status text, error text DEFAULT NULL::text, output_path text DEFAULT NULL::text, preview_path text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- The first final status wins: whoever comes later changes nothing.
    update public.generations as g
    set
        status = finish_generation.status,
        error = finish_generation.error,
        output_path = finish_generation.output_path,
        preview_path = finish_generation.preview_path,
        finished_at = now()
    where g.profile_id = finish_generation.profile_id
        and g.id = finish_generation.generation_id
        and g.finished_at is null;
    if not found then
        return false;
    end if;
    if finish_generation.status <> 'succeeded' then
        perform private.refund_generation(
            finish_generation.profile_id, finish_generation.generation_id
        );
        update public.plan_uses as u
        set returned_at = now()
        where u.profile_id = finish_generation.profile_id
            and u.generation_id = finish_generation.generation_id;
    end if;
    return true;
end;
$$;
COMMENT ON FUNCTION private.finish_generation(profile_id uuid, generation_id uuid, status text, error text, output_path text, preview_path text) IS 'Moves a generation to its final status and, unless it succeeded, gives its credits back, or its use
of the plan. True when this call did it, false when it was final before.';
CREATE FUNCTION private.finish_generation_job(profile_id uuid, job_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    delete from private.generation_jobs as j
    where j.profile_id = finish_generation_job.profile_id
        and j.id = finish_generation_job.job_id;
end;
$$;
COMMENT ON FUNCTION private.finish_generation_job(profile_id uuid, job_id bigint) IS 'Nothing is left to do: the job''s row goes.';
CREATE FUNCTION private.finish_job(job_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    delete from private.jobs as j
    where j.id = finish_job.job_id;
end;
$$;
COMMENT ON FUNCTION private.finish_job(job_id bigint) IS 'Nothing is left to do: the job''s row goes.';
CREATE FUNCTION private.freeze_lot(profile_id uuid, lot_id bigint, freeze_key text, reason text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- What is due to expire does so first: a release gives back what was frozen, and no more.
    if private.lock_profile(freeze_lot.profile_id) then
        perform private.expire_profile_lots(freeze_lot.profile_id);
    end if;
    insert into private.credit_freezes (profile_id, lot_id, freeze_key, reason)
    values (
        freeze_lot.profile_id, freeze_lot.lot_id, freeze_lot.freeze_key, freeze_lot.reason
    )
    on conflict on constraint credit_freezes_pkey do nothing;
    if not found then
        return false;
    end if;
    update public.credit_lots as l
    set frozen_at = now()
    where l.profile_id = freeze_lot.profile_id
        and l.id = freeze_lot.lot_id
        and l.frozen_at is null;
    return true;
end;
$$;
COMMENT ON FUNCTION private.freeze_lot(profile_id uuid, lot_id bigint, freeze_key text, reason text) IS 'Keeps a lot from being burned, repaid from or expired. False when this key froze it before.';
CREATE FUNCTION private.freeze_payment(profile_id uuid, payment_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_hold record;
begin
    for v_hold in
        select
            l.id as lot_id,
            r.reversal_key,
            r.status = 'open' as is_open
        from public.credit_lots as l
        inner join private.payment_reversals as r
            on l.profile_id = r.profile_id and l.payment_id = r.payment_id
        where l.profile_id = freeze_payment.profile_id
            and l.payment_id = freeze_payment.payment_id
            and r.kind = 'dispute'
        order by l.created_at, l.id, r.reversal_key
    loop
        if v_hold.is_open then
            perform private.freeze_lot(
                freeze_payment.profile_id, v_hold.lot_id, v_hold.reversal_key, 'dispute'
            );
        else
            perform private.release_lot(
                freeze_payment.profile_id, v_hold.lot_id, v_hold.reversal_key
            );
        end if;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.freeze_payment(profile_id uuid, payment_id uuid) IS 'Freezes the lots of a payment while a dispute is open, and releases them when it is closed.';
CREATE FUNCTION private.give_sign_up_credits(user_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot public.credit_lots;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = give_sign_up_credits.user_id
        and l.grant_key = 'sign_up:' || give_sign_up_credits.user_id;
    -- Given when the account was made, before it showed who it belongs to.
    if v_lot.id is not null and private.is_known_person(give_sign_up_credits.user_id) then
        perform private.claw_back_lot(
            v_lot.profile_id, v_lot.id, v_lot.amount, 'known_person'
        );
    elsif v_lot.id is null and not private.is_known_person(give_sign_up_credits.user_id) then
        perform private.grant_credits(
            give_sign_up_credits.user_id,
            (select s.sign_up_credits from private.settings as s),
            'sign_up',
            'sign_up:' || give_sign_up_credits.user_id
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.give_sign_up_credits(user_id uuid) IS 'Gives a person the credits of a sign-up, once in a life: somebody whose address another profile has
confirmed before gets none, and loses them if they were given too early.';
CREATE FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 100, payment_id uuid DEFAULT NULL::uuid, subscription_id uuid DEFAULT NULL::uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot_id bigint;
begin
    if grant_credits.amount = 0 or not private.lock_profile(grant_credits.profile_id) then
        return false;
    end if;
    insert into public.credit_lots (
        profile_id, source, grant_key, amount, remaining, priority, expires_at, payment_id,
        subscription_id
    )
    values (
        grant_credits.profile_id, grant_credits.source, grant_credits.grant_key,
        grant_credits.amount, grant_credits.amount, grant_credits.priority,
        grant_credits.expires_at, grant_credits.payment_id, grant_credits.subscription_id
    )
    on conflict on constraint credit_lots_grant_key_key do nothing
    returning id into v_lot_id;
    if v_lot_id is null then
        return false;
    end if;
    perform private.repay_debts(grant_credits.profile_id, v_lot_id);
    return true;
end;
$$;
COMMENT ON FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority integer, payment_id uuid, subscription_id uuid) IS 'Gives a profile a new lot of credits; what the person owes is repaid from it at once.
True when it did; false when the key was used before, the amount is zero or there is no such
profile.';
CREATE FUNCTION private.grant_due_months(max_periods integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_due record;
    v_periods integer := 0;
begin
    -- Read without a lock, then locked one by one, in id order.
    for v_due in
        select
            d.profile_id,
            d.invoice_line_id
        from (
            select
                q.profile_id,
                q.invoice_line_id,
                q.period_start
            from private.paid_periods as q
            where q.next_month_at <= now()
            order by q.next_month_at
            limit grant_due_months.max_periods
        ) as d
        order by d.profile_id, d.period_start
    loop
        -- Somebody who is busy is left for the next sweep.
        perform
        from public.profiles as p
        where p.id = v_due.profile_id
        for no key update skip locked;
        if found then
            perform private.grant_paid_months(v_due.profile_id, v_due.invoice_line_id);
            v_periods := v_periods + 1;
        end if;
    end loop;
    return v_periods;
end;
$$;
COMMENT ON FUNCTION private.grant_due_months(max_periods integer) IS 'Grants the months of yearly plans that have begun. Returns for how many paid periods.';
CREATE FUNCTION private.grant_month(profile_id uuid, subscription_id uuid, month_key text, month_start timestamp with time zone, month_end timestamp with time zone, month_length interval, plan_name text, quantity integer, payment_id uuid) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_subscription public.subscriptions;
    v_plan public.plans;
    v_credits bigint;
    v_earned numeric;
    v_granted bigint;
    v_carried bigint;
begin
    select s.* into v_subscription
    from public.subscriptions as s
    where s.profile_id = grant_month.profile_id
        and s.id = grant_month.subscription_id;
    perform private.lock_profile(v_subscription.profile_id);
    select p.* into v_plan
    from public.plans as p
    where p.plan_name = coalesce(grant_month.plan_name, v_subscription.plan_name);
    v_credits := v_plan.credits_per_month * coalesce(
        grant_month.quantity, v_subscription.quantity
    );
    if coalesce(v_credits, 0) = 0 or exists (
        select
        from private.subscription_months as m
        where m.profile_id = grant_month.profile_id
            and m.subscription_id = grant_month.subscription_id
            and m.month_key = grant_month.month_key
    ) then
        return 0;
    end if;
    v_earned := private.unearned_credits(
        v_subscription.profile_id, v_subscription.id, grant_month.month_start,
        grant_month.month_end, v_credits, grant_month.month_length
    );
    -- Rounded down over all months together, so that their order does not matter; the tiny bit more
    -- makes up for fractions that were cut.
    select floor(coalesce(sum(m.earned), 0) + v_earned + 0.000001) - coalesce(sum(m.granted), 0)
    into v_granted
    from private.subscription_months as m
    where m.profile_id = v_subscription.profile_id
        and m.subscription_id = v_subscription.id;
    insert into private.subscription_months (
        profile_id, subscription_id, month_key, month_start, month_end, credits, earned, granted
    )
    values (
        v_subscription.profile_id, v_subscription.id, grant_month.month_key,
        grant_month.month_start,
        grant_month.month_end, v_credits, v_earned, v_granted
    );
    perform private.end_carried_lots(
        v_subscription.profile_id, v_subscription.id, grant_month.month_end
    );
    -- Rollover needs nobody to be awake when the month ends: what may be carried over is a lot of
    -- its own that lives longer and, by its expiry, burns after all that does not. So what is left
    -- of it is the smaller of the cap and of all that was left.
    v_carried := case v_plan.rollover
        when 'none' then 0
        when 'capped' then least(v_plan.rollover_cap, v_granted)
        else v_granted
    end;
    perform private.grant_plan_lot(
        v_subscription, grant_month.month_key || ':proration', v_granted - v_carried,
        grant_month.month_end, grant_month.payment_id
    );
    perform private.grant_plan_lot(
        v_subscription, grant_month.month_key || ':carried', v_carried,
        case
            when v_plan.rollover = 'capped' then grant_month.month_end + grant_month.month_length
        end,
        grant_month.payment_id
    );
    update public.subscriptions as s
    set next_grant_at = greatest(s.next_grant_at, grant_month.month_end)
    where s.profile_id = v_subscription.profile_id
        and s.id = v_subscription.id;
    if grant_month.payment_id is not null then
        update public.payments as p
        set credits_added = p.credits_added + v_granted
        where p.profile_id = v_subscription.profile_id
            and p.id = grant_month.payment_id;
        perform private.settle_payment(
            v_subscription.profile_id, grant_month.payment_id,
            format('month:%s', grant_month.month_key)
        );
    end if;
    return v_granted;
end;
$$;
COMMENT ON FUNCTION private.grant_month(profile_id uuid, subscription_id uuid, month_key text, month_start timestamp with time zone, month_end timestamp with time zone, month_length interval, plan_name text, quantity integer, payment_id uuid) IS 'Grants what a month of a plan, or the rest of one, has not earned yet, once per month_key. Returns
the credits granted.
A shorter time than month_length gives its part of a month''s credits. Unused credits are gone at
month_end (rollover none), live one more month up to the cap (capped), or stay (all).';
CREATE FUNCTION private.grant_paid_months(profile_id uuid, invoice_line_id text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_period private.paid_periods;
    v_is_yearly boolean;
    v_start timestamptz;
    v_end timestamptz;
    v_length interval;
    v_granted bigint := 0;
begin
    perform private.lock_profile(grant_paid_months.profile_id);
    -- Read now that nobody else grants.
    select p.* into v_period
    from private.paid_periods as p
    where p.profile_id = grant_paid_months.profile_id
        and p.invoice_line_id = grant_paid_months.invoice_line_id;
    select l.billing_interval = 'year' into v_is_yearly
    from public.plans as l
    where l.plan_name = v_period.plan_name;
    -- The first month is there as soon as it is paid, whatever the clocks say.
    while v_period.next_month_at <= now() or v_period.months_granted = 0 loop
        v_start := v_period.next_month_at;
        -- Who has ended it is given no further month.
        exit when v_period.months_granted > 0 and exists (
            select
            from public.subscriptions as s
            where s.profile_id = v_period.profile_id
                and s.id = v_period.subscription_id
                and s.status = 'canceled'
                and s.end_date <= v_start
        );
        if v_is_yearly then
            v_end := private.add_months(v_period.period_start, v_period.months_granted + 1);
            v_length := v_end - v_start;
        else
            v_end := v_period.period_end;
            -- The rest of a month earns its part of that month.
            v_length := v_end - coalesce((
                select min(b.period_start)
                from private.paid_periods as b
                where v_period.is_proration
                    and b.profile_id = v_period.profile_id
                    and b.subscription_id = v_period.subscription_id
                    and b.period_end = v_period.period_end
                    and not b.is_proration
            ), v_start);
        end if;
        v_end := least(v_end, v_period.period_end);
        v_granted := v_granted + case
            when v_period.is_proration or v_period.months_granted > 0 then private.grant_month(
                v_period.profile_id,
                v_period.subscription_id,
                format('%s:%s', v_period.invoice_line_id, v_period.months_granted),
                v_start,
                v_end,
                v_length,
                v_period.plan_name,
                v_period.quantity,
                v_period.payment_id
            )
            else private.grant_period(
                v_period.profile_id, v_period.subscription_id, v_start, v_end,
                v_period.payment_id, v_period.plan_name, v_period.quantity
            )
        end;
        v_period.months_granted := v_period.months_granted + 1;
        v_period.next_month_at := case when v_end < v_period.period_end then v_end end;
    end loop;
    if v_period.next_month_at <= now() then
        v_period.next_month_at := null;
    end if;
    update private.paid_periods as p
    set
        months_granted = v_period.months_granted,
        next_month_at = v_period.next_month_at
    where p.profile_id = v_period.profile_id
        and p.invoice_line_id = v_period.invoice_line_id;
    return v_granted;
end;
$$;
COMMENT ON FUNCTION private.grant_paid_months(profile_id uuid, invoice_line_id text) IS 'Grants the months of a paid period that have begun. Returns the credits granted now.';
CREATE FUNCTION private.grant_period(profile_id uuid, subscription_id uuid, period_start timestamp with time zone, period_end timestamp with time zone, payment_id uuid DEFAULT NULL::uuid, plan_name text DEFAULT NULL::text, quantity integer DEFAULT NULL::integer) RETURNS bigint
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.grant_month(
        grant_period.profile_id,
        grant_period.subscription_id,
        to_char(grant_period.period_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        grant_period.period_start,
        grant_period.period_end,
        grant_period.period_end - grant_period.period_start,
        grant_period.plan_name,
        grant_period.quantity,
        grant_period.payment_id
    );
$$;
COMMENT ON FUNCTION private.grant_period(profile_id uuid, subscription_id uuid, period_start timestamp with time zone, period_end timestamp with time zone, payment_id uuid, plan_name text, quantity integer) IS 'Grants the credits of one whole month of a subscription, once per (subscription, period_start).
Without plan_name and quantity they are the subscription''s own. Returns the credits granted.';
CREATE FUNCTION private.grant_plan_lot(subscription public.subscriptions, grant_key text, credits bigint, expires_at timestamp with time zone, payment_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- Priority 50: before what was bought for good.
    select private.grant_credits(
        (grant_plan_lot.subscription).profile_id,
        grant_plan_lot.credits,
        'subscription',
        format(
            'subscription:%s:%s', (grant_plan_lot.subscription).id, grant_plan_lot.grant_key
        ),
        grant_plan_lot.expires_at,
        50,
        grant_plan_lot.payment_id,
        (grant_plan_lot.subscription).id
    );
$$;
COMMENT ON FUNCTION private.grant_plan_lot(subscription public.subscriptions, grant_key text, credits bigint, expires_at timestamp with time zone, payment_id uuid) IS 'Grants one lot of a plan''s month.';
CREATE FUNCTION private.has_next_model(job private.generation_jobs) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_attempts integer;
    v_attempt private.generation_attempts;
    v_generation public.generations;
begin
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = has_next_model.job.profile_id
        and g.id = has_next_model.job.generation_id;
    if v_generation.status not in ('submitting', 'processing')
        or v_generation.deadline_at <= now()
    then
        return false;
    end if;
    select count(*) into v_attempts
    from private.generation_attempts as a
    where a.profile_id = has_next_model.job.profile_id
        and a.generation_id = has_next_model.job.generation_id
        and a.duplicate_of is null;
    if v_attempts >= (select s.max_generation_attempts from private.settings as s) then
        return false;
    end if;
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = has_next_model.job.profile_id
        and a.id = has_next_model.job.attempt_id;
    return (
        private.find_model(v_generation.generation_type, v_attempt.preference)
    ).model is not null;
end;
$$;
COMMENT ON FUNCTION private.has_next_model(job private.generation_jobs) IS 'Whether the generation may be sent to another model: there is one, there is time, and the attempts
are not used up.';
CREATE FUNCTION private.insert_attempt(profile_id uuid, generation_id uuid, model private.generation_models) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_attempt_id uuid;
begin
    insert into private.generation_attempts (
        profile_id, generation_id, attempt_number, preference, model, expected_cost_micros,
        cost_per_second_micros
    )
    select
        insert_attempt.profile_id,
        insert_attempt.generation_id,
        coalesce(max(a.attempt_number), 0) + 1,
        insert_attempt.model.preference,
        insert_attempt.model.model,
        insert_attempt.model.expected_cost_micros,
        insert_attempt.model.cost_per_second_micros
    from private.generation_attempts as a
    where a.profile_id = insert_attempt.profile_id
        and a.generation_id = insert_attempt.generation_id
    returning id into v_attempt_id;
    return v_attempt_id;
end;
$$;
COMMENT ON FUNCTION private.insert_attempt(profile_id uuid, generation_id uuid, model private.generation_models) IS 'Writes an attempt with the model''s prices of now, and returns its id.';
CREATE FUNCTION private.is_ancestor(profile_id uuid, ancestor_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_chain uuid[] := array[is_ancestor.profile_id];
    v_next_id uuid;
begin
    -- One by one up the chain: a recursive query could not say whose row it reads.
    loop
        select p.referred_by into v_next_id
        from public.profiles as p
        where p.id = v_chain[1];
        if v_next_id = is_ancestor.ancestor_id then
            return true;
        end if;
        -- Its end; or a circle, which only a hand could have made.
        exit when v_next_id is null or v_next_id = any(v_chain);
        v_chain := v_next_id || v_chain;
    end loop;
    return false;
end;
$$;
COMMENT ON FUNCTION private.is_ancestor(profile_id uuid, ancestor_id uuid) IS 'Whether the first profile was brought by the second, directly or through others.';
CREATE FUNCTION private.is_confirmed(user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select exists (
        select
        from auth.users as u
        where u.id = is_confirmed.user_id
            and not coalesce(u.is_anonymous, false)
            and coalesce(u.email_confirmed_at, u.phone_confirmed_at) is not null
    );
$$;
COMMENT ON FUNCTION private.is_confirmed(user_id uuid) IS 'Whether there is a person with a confirmed address behind this id.';
CREATE FUNCTION private.is_known_person(user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select exists (
        select
        from private.known_addresses as k
        inner join private.address_hashes_of(is_known_person.user_id) as a
            on k.address_hash = a.address_hash
    )
    -- Whoever was first with one address may move to any other.
    and not exists (
        select
        from private.known_addresses as k
        where k.profile_id = is_known_person.user_id
    );
$$;
COMMENT ON FUNCTION private.is_known_person(user_id uuid) IS 'Whether another profile confirmed the address of this person before, and this one was never first
with any.';
CREATE FUNCTION private.is_last_try(tries integer) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select is_last_try.tries + 1 >= s.max_job_tries
    from private.settings as s;
$$;
COMMENT ON FUNCTION private.is_last_try(tries integer) IS 'Whether a job that failed this many times before is given up when it fails now.';
CREATE FUNCTION private.is_stripe_object_ours(object_id text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
    -- Sessions, invoices, subscriptions, refunds, disputes, charges.
    select is_stripe_object_ours.object_id
        ~ '^(cs|in|sub|re|pyr|du|dp|ch|py)_[A-Za-z0-9_]{1,250}$';
$_$;
COMMENT ON FUNCTION private.is_stripe_object_ours(object_id text) IS 'Whether we do anything with objects of this kind, by the prefix of the id.';
CREATE FUNCTION private.item_of_subscription(subscription jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    -- Of several items the one that is a plan of ours; what else is billed along concerns us not.
    select i.item || jsonb_build_object('plan_name', p.item_key)
    from jsonb_array_elements(
        item_of_subscription.subscription #> '{items,data}'
    ) with ordinality as i (item, position)
    left join private.stripe_prices as p
        on p.price_id = i.item #>> '{price,id}'
        and p.item_kind = 'subscription'
    order by p.item_key is null, i.position
    limit 1;
$$;
COMMENT ON FUNCTION private.item_of_subscription(subscription jsonb) IS 'The item of a subscription that is one of our plans, with its plan_name; that is null when none
is.';
CREATE FUNCTION private.job_payload(job private.jobs) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case
        when job_payload.job.user_image_id is not null
        then private.user_image_payload(
            job_payload.job.profile_id, job_payload.job.user_image_id
        )
        when job_payload.job.account_id is not null
        then private.erase_payload(job_payload.job.account_id)
        else private.stripe_call(job_payload.job)
    end;
$$;
COMMENT ON FUNCTION private.job_payload(job private.jobs) IS 'What the sidecar needs for a job that is about no picture.';
CREATE FUNCTION private.jobs_of(profile_id uuid) RETURNS bigint[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select coalesce(array_agg(w.id order by w.id), '{}')
    from (
        select j.id
        from private.generation_jobs as j
        where j.profile_id = jobs_of.profile_id
            and j.generation_id in (
                select g.id
                from public.generations as g
                where g.profile_id = jobs_of.profile_id
                    and g.finished_at is null
            )
        union all
        select j.id
        from private.jobs as j
        where j.profile_id = jobs_of.profile_id
            and j.checkout_id in (
                select c.id
                from public.checkouts as c
                where c.profile_id = jobs_of.profile_id
                    and c.finished_at is null
            )
    ) as w;
$$;
COMMENT ON FUNCTION private.jobs_of(profile_id uuid) IS 'The jobs of a person''s thumbnails and pages that are under way.';
CREATE FUNCTION private.judge_referral(referred_id uuid, referrer_id uuid, code text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $_$
    select case
        when judge_referral.code !~ '^[2-9A-HJKMNP-TV-Z]{8}$' then 'malformed_code'
        when judge_referral.referrer_id is null then 'unknown_code'
        when judge_referral.referrer_id = p.id then 'own_code'
        when p.referred_by is not null then 'repeated'
        when p.created_at + s.referral_window < now() then 'late'
        when private.is_known_person(p.id) then 'known_person'
        when private.is_ancestor(judge_referral.referrer_id, p.id) then 'circular'
    end
    from public.profiles as p
    cross join private.settings as s
    where p.id = judge_referral.referred_id;
$_$;
COMMENT ON FUNCTION private.judge_referral(referred_id uuid, referrer_id uuid, code text) IS 'Why this code does not count for this person; null when it does.';
CREATE FUNCTION private.keyed_hash(content text) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select extensions.hmac(keyed_hash.content, s.decrypted_secret, 'sha256')
    from vault.decrypted_secrets as s
    where s.name = 'thumbsmith_hash_key';
$$;
COMMENT ON FUNCTION private.keyed_hash(content text) IS 'HMAC-SHA256 of a text with the key thumbsmith_hash_key of Vault; null without that key.';
CREATE FUNCTION private.lease_due_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) RETURNS SETOF private.generation_jobs
    LANGUAGE plpgsql ROWS 10
    SET search_path TO ''
    AS $$
begin
    return query
    update private.generation_jobs as j
    set
        due_at = now() + make_interval(secs => lease_due_generation_jobs.lease_seconds),
        lease_token = lease_due_generation_jobs.lease_token
    -- An array, so that the generic plan keeps the index and stops at the limit.
    where j.id = any(array(
        select q.id
        from private.generation_jobs as q
        where q.due_at <= now()
            and q.dead_at is null
        order by q.due_at
        limit lease_due_generation_jobs.max_jobs
        for update skip locked
    ))
    returning j.*;
end;
$$;
COMMENT ON FUNCTION private.lease_due_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) IS 'Takes the longest due jobs that nobody looks at, under this token and for this many seconds. A job
whose lease ended is due again. This one statement of the queue meets many people.';
CREATE FUNCTION private.lease_due_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) RETURNS SETOF private.jobs
    LANGUAGE plpgsql ROWS 10
    SET search_path TO ''
    AS $$
begin
    return query
    update private.jobs as j
    set
        due_at = now() + make_interval(secs => lease_due_jobs.lease_seconds),
        lease_token = lease_due_jobs.lease_token
    -- An array, so that the generic plan keeps the index and stops at the limit.
    where j.id = any(array(
        select q.id
        from private.jobs as q
        where q.due_at <= now()
            and q.dead_at is null
        order by q.due_at
        limit lease_due_jobs.max_jobs
        for update skip locked
    ))
    returning j.*;
end;
$$;
COMMENT ON FUNCTION private.lease_due_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) IS 'Takes the longest due jobs that nobody looks at, under this token and for this many seconds. A job
whose lease ended is due again.';
CREATE FUNCTION private.link_stripe_price(item_kind text, item_key text, price_id text, product_id text, amount bigint, currency text, billing_interval text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_item private.catalog;
begin
    -- Whoever links first lets the next one see it.
    perform pg_advisory_xact_lock(hashtext('thumbsmith.link_stripe_price'));
    select c.* into v_item
    from private.catalog as c
    where c.item_kind = link_stripe_price.item_kind
        and c.item_key = link_stripe_price.item_key;
    if not found then
        raise sqlstate 'PT404' using
            message = 'item_not_found',
            detail = 'There is no such pack or plan.',
            hint = 'Read private.catalog for what there is.';
    end if;
    if (v_item.amount, v_item.currency, v_item.billing_interval) is distinct from (
        link_stripe_price.amount, link_stripe_price.currency, link_stripe_price.billing_interval
    ) then
        raise sqlstate 'PT409' using
            message = 'price_differs',
            detail = format('%s costs %s %s here.', v_item.item_key, v_item.amount,
                v_item.currency),
            hint = 'Make a price that is the catalog''s: thumbsmith catalog push';
    end if;
    if v_item.price_id = link_stripe_price.price_id then
        return false;
    end if;
    update private.stripe_prices as p
    set is_current = false
    where p.item_kind = link_stripe_price.item_kind
        and p.item_key = link_stripe_price.item_key
        and p.is_current;
    insert into private.stripe_prices as p (
        price_id, item_kind, item_key, product_id, amount, currency, billing_interval
    )
    values (
        link_stripe_price.price_id, link_stripe_price.item_kind, link_stripe_price.item_key,
        link_stripe_price.product_id, link_stripe_price.amount, link_stripe_price.currency,
        link_stripe_price.billing_interval
    )
    -- An old price may become current again; what it sells never changes.
    on conflict on constraint stripe_prices_pkey do update
    set is_current = true
    where (p.item_kind, p.item_key) = (excluded.item_kind, excluded.item_key);
    if not found then
        raise sqlstate 'PT409' using
            message = 'price_sells_something_else',
            detail = format('%s is the price of another pack or plan.',
                link_stripe_price.price_id),
            hint = 'Make a price of its own for each item.';
    end if;
    return true;
end;
$$;
COMMENT ON FUNCTION private.link_stripe_price(item_kind text, item_key text, price_id text, product_id text, amount bigint, currency text, billing_interval text) IS 'Makes a price at Stripe the one that new Checkouts of an item use. True when that changes
something. Refuses with PT404 item_not_found; PT409 price_differs when it is not what the
catalog says, price_sells_something_else.';
CREATE FUNCTION private.lock_caller(other_id uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.lock_profiles(array[auth.uid(), lock_caller.other_id]);
    -- Looked at under the lock: a deletion that came first is seen.
    return private.signed_in_profile();
end;
$$;
COMMENT ON FUNCTION private.lock_caller(other_id uuid) IS 'Locks the caller''s profile, and another one with it, so that calls of one person follow each
other. Returns the caller''s id, or refuses with PT401 not_signed_in.';
CREATE FUNCTION private.lock_generation_job(profile_id uuid, generation_id uuid) RETURNS private.generation_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = lock_generation_job.profile_id
        and j.generation_id = lock_generation_job.generation_id
    for update;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_generation_job(profile_id uuid, generation_id uuid) IS 'The job of a generation, locked whoever holds its lease; null when there is none.';
CREATE VIEW private.all_jobs WITH (security_invoker='true') AS
 SELECT j.id,
    j.kind,
    j.profile_id,
    j.generation_id,
    j.attempt_id,
    NULL::uuid AS checkout_id,
    NULL::text AS stripe_object_id,
    NULL::uuid AS user_image_id,
    NULL::uuid AS account_id,
    j.due_at,
    j.tries,
    j.lease_token,
    j.last_error,
    j.dead_at,
    j.created_at
   FROM private.generation_jobs j
UNION ALL
 SELECT j.id,
    j.kind,
    j.profile_id,
    NULL::uuid AS generation_id,
    NULL::uuid AS attempt_id,
    j.checkout_id,
    j.stripe_object_id,
    j.user_image_id,
    j.account_id,
    j.due_at,
    j.tries,
    j.lease_token,
    j.last_error,
    j.dead_at,
    j.created_at
   FROM private.jobs j;
COMMENT ON VIEW private.all_jobs IS 'Jobs of both tables, for operators, checks and metrics: profile_id is whose work it is, where one
knows.';
CREATE FUNCTION private.lock_job(job_id bigint) RETURNS private.all_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id uuid;
    v_job private.all_jobs;
begin
    -- An operator names a job by its number: this finds its person.
    select j.profile_id into v_profile_id
    from private.generation_jobs as j
    where j.id = lock_job.job_id;
    if found then
        perform
        from private.generation_jobs as j
        where j.profile_id = v_profile_id
            and j.id = lock_job.job_id
        for update;
    else
        perform
        from private.jobs as j
        where j.id = lock_job.job_id
        for update;
    end if;
    select j.* into v_job
    from private.all_jobs as j
    where j.id = lock_job.job_id;
    if not found then
        raise sqlstate 'PT404' using
            message = 'job_not_found',
            detail = 'There is no such job.',
            hint = 'See what there is with: thumbsmith jobs list --all';
    end if;
    if v_job.lease_token is not null and v_job.due_at > now() then
        raise sqlstate 'PT409' using
            message = 'job_is_running',
            detail = format('A worker has it until %s at the latest.', v_job.due_at),
            hint = 'Wait until then.';
    end if;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_job(job_id bigint) IS 'The job of either table, locked. Refuses with PT404 job_not_found; PT409 job_is_running.';
CREATE FUNCTION private.lock_leased_generation_job(profile_id uuid, job_id bigint, lease_token uuid) RETURNS private.generation_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = lock_leased_generation_job.profile_id
        and j.id = lock_leased_generation_job.job_id
        and j.lease_token = lock_leased_generation_job.lease_token
    for update;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_leased_generation_job(profile_id uuid, job_id bigint, lease_token uuid) IS 'The job, locked, if this lease still holds it; else null and the report is stale.';
CREATE FUNCTION private.lock_leased_job(job_id bigint, lease_token uuid) RETURNS private.jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.jobs;
begin
    select j.* into v_job
    from private.jobs as j
    where j.id = lock_leased_job.job_id
        and j.lease_token = lock_leased_job.lease_token
    for update;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_leased_job(job_id bigint, lease_token uuid) IS 'The job, locked, if this lease still holds it; else null and the report is stale.';
CREATE FUNCTION private.lock_person(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_deleted_at timestamptz;
begin
    select p.deleted_at into v_deleted_at
    from public.profiles as p
    where p.id = lock_person.profile_id
    for no key update;
    -- Looked at under the lock: a deletion that came first is seen.
    if not found or v_deleted_at is not null then
        perform private.refuse_not_signed_in(lock_person.profile_id);
    end if;
end;
$$;
COMMENT ON FUNCTION private.lock_person(profile_id uuid) IS 'Locks the profile of somebody who calls, so that calls of one person follow each other. Refuses
with PT401 not_signed_in when there is none, or the account was deleted.';
CREATE FUNCTION private.lock_profile(profile_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform
    from public.profiles as p
    where p.id = lock_profile.profile_id
    for no key update;
    return found;
end;
$$;
COMMENT ON FUNCTION private.lock_profile(profile_id uuid) IS 'Locks one profile, so that whatever changes its lots follows. False when there is none.';
CREATE FUNCTION private.lock_profiles(profile_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id uuid;
    v_locked integer := 0;
begin
    -- One by one: a statement that locks rows of many people cannot be spread over nodes.
    for v_profile_id in
        select distinct i.id
        from unnest(lock_profiles.profile_ids) as i (id)
        order by i.id
    loop
        if private.lock_profile(v_profile_id) then
            v_locked := v_locked + 1;
        end if;
    end loop;
    return v_locked;
end;
$$;
COMMENT ON FUNCTION private.lock_profiles(profile_ids uuid[]) IS 'Locks profiles in id order, so that two transactions never wait for each other. Returns how many
there are.';
CREATE FUNCTION private.lock_reported_generation_job(profile_id uuid, job_id bigint, lease_token uuid) RETURNS private.generation_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job constant private.generation_jobs := private.lock_leased_generation_job(
        lock_reported_generation_job.profile_id,
        lock_reported_generation_job.job_id,
        lock_reported_generation_job.lease_token
    );
begin
    -- By its number alone, since the point is that the person may be a wrong one.
    if v_job.id is null and exists (
        select
        from private.generation_jobs as j
        where j.id = lock_reported_generation_job.job_id
            and j.lease_token = lock_reported_generation_job.lease_token
            and j.profile_id is distinct from lock_reported_generation_job.profile_id
    ) then
        perform private.refuse_job_of_another_person();
    end if;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_reported_generation_job(profile_id uuid, job_id bigint, lease_token uuid) IS 'The job of a picture, locked, if this lease still holds it; else null and the report is stale.
PT403 job_of_another_person.';
CREATE FUNCTION private.lock_reported_job(profile_id uuid, job_id bigint, lease_token uuid) RETURNS private.jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job constant private.jobs := private.lock_leased_job(
        lock_reported_job.job_id, lock_reported_job.lease_token
    );
begin
    if v_job.id is not null
        and v_job.profile_id is distinct from lock_reported_job.profile_id
    then
        perform private.refuse_job_of_another_person();
    end if;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.lock_reported_job(profile_id uuid, job_id bigint, lease_token uuid) IS 'The job that is about no picture, locked, if this lease still holds it; else null and the report is
stale. profile_id is null where the job has none. PT403 job_of_another_person.';
CREATE FUNCTION private.lock_with_referrer(referred_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_referrer_id uuid;
begin
    loop
        v_referrer_id := private.referrer_of(lock_with_referrer.referred_id);
        begin
            perform private.lock_profiles(
                array[lock_with_referrer.referred_id, v_referrer_id]
            );
            if private.referrer_of(lock_with_referrer.referred_id)
                is distinct from v_referrer_id
            then
                raise sqlstate 'TS001';
            end if;
            return;
        exception
            -- A code was applied while this waited. Locking its owner now could be out of order,
            -- so the locks of this block are let go and taken anew.
            when sqlstate 'TS001' then
                null;
        end;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.lock_with_referrer(referred_id uuid) IS 'Locks a person and who brought them, in id order, for whatever may settle their referral.';
CREATE FUNCTION private.lock_with_work(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_jobs bigint[];
begin
    loop
        begin
            v_jobs := private.jobs_of(lock_with_work.profile_id);
            perform
            from private.generation_jobs as j
            where j.profile_id = lock_with_work.profile_id
                and j.id = any(v_jobs)
            order by j.id
            for update;
            perform
            from private.jobs as j
            where j.id = any(v_jobs)
            order by j.id
            for update;
            perform
            from public.generations as g
            where g.profile_id = lock_with_work.profile_id
                and g.finished_at is null
            order by g.id
            for no key update;
            perform private.lock_profile(lock_with_work.profile_id);
            if not private.jobs_of(lock_with_work.profile_id) <@ v_jobs then
                raise sqlstate 'TS001';
            end if;
            return;
        exception
            -- Something was asked for while this waited. Locking its job now would be out of order,
            -- so the locks of this block are let go and taken anew.
            when sqlstate 'TS001' then
                null;
        end;
    end loop;
end;
$$;
COMMENT ON FUNCTION private.lock_with_work(profile_id uuid) IS 'Locks all that a person has under way and then the profile, in the order of private.sweep() and
the workers.';
CREATE FUNCTION private.mark_submit_unknown(job private.generation_jobs, detail text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_heard text;
    v_find_after interval;
begin
    update private.generation_attempts as a
    set
        status = 'submit_unknown',
        unknown_since = now(),
        provider_error = left(mark_submit_unknown.detail, 2000)
    where a.profile_id = mark_submit_unknown.job.profile_id
        and a.id = mark_submit_unknown.job.attempt_id
        and a.status = 'submitting';
    if found then
        perform private.count_attempt_cost(
            mark_submit_unknown.job.profile_id, mark_submit_unknown.job.attempt_id
        );
    end if;
    -- The attempt's webhook may have come before this report.
    select w.body ->> 'id' into v_heard
    from private.provider_webhooks as w
    inner join private.generation_attempts as a
        on w.profile_id = a.profile_id and w.attempt_token = a.attempt_token
    where a.profile_id = mark_submit_unknown.job.profile_id
        and a.id = mark_submit_unknown.job.attempt_id
        and w.body ->> 'id' is not null
    limit 1;
    if v_heard is not null then
        perform private.adopt_provider_job(
            mark_submit_unknown.job.profile_id, mark_submit_unknown.job.attempt_id, v_heard
        );
        return;
    end if;
    select s.submit_find_after into v_find_after
    from private.settings as s;
    perform private.continue_generation_job(
        mark_submit_unknown.job.profile_id,
        mark_submit_unknown.job.id,
        'find',
        now() + v_find_after,
        mark_submit_unknown.job.attempt_id
    );
end;
$$;
COMMENT ON FUNCTION private.mark_submit_unknown(job private.generation_jobs, detail text) IS 'The provider may have the attempt or not. Its webhook or the provider''s list may still tell; until
the grace time is over nothing is sent again.';
CREATE FUNCTION private.my_credits() RETURNS public.credit_summary
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.my_credits_for(private.signed_in_profile());
end;
$$;
COMMENT ON FUNCTION private.my_credits() IS 'public.my_credits for whoever calls.';
CREATE FUNCTION private.my_credits_for(profile_id uuid) RETURNS public.credit_summary
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := my_credits_for.profile_id;
    v_summary public.credit_summary;
    v_subscription record;
    v_plan_credits bigint;
begin
    select
        coalesce(sum(l.remaining) filter (where l.frozen_at is null), 0),
        coalesce(sum(l.remaining) filter (where l.frozen_at is not null), 0),
        min(l.expires_at) filter (where l.frozen_at is null)
    into v_summary.available, v_summary.frozen, v_summary.expiring_at
    from public.credit_lots as l
    where l.profile_id = v_profile_id
        and l.exhausted_at is null
        and (l.frozen_at is not null or l.expires_at is null or l.expires_at > now());
    select coalesce(sum(l.remaining), 0) into v_summary.expiring_soon
    from public.credit_lots as l
    where l.profile_id = v_profile_id
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at = v_summary.expiring_at;
    select coalesce(sum(g.credit_cost), 0) into v_summary.held
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.finished_at is null;
    select p.debt into v_summary.debt
    from public.profiles as p
    where p.id = v_profile_id;
    for v_subscription in
        select
            s.plan_name,
            s.quantity,
            s.next_grant_at
        from public.subscriptions as s
        where s.profile_id = v_profile_id
            and s.is_active
            and s.next_grant_at > now()
            and (s.next_grant_at < s.end_date or s.end_date is null)
            and not (s.cancel_at_period_end and s.next_grant_at >= s.current_period_end)
        order by s.next_grant_at
    loop
        select p.credits_per_month into v_plan_credits
        from public.plans as p
        where p.plan_name = v_subscription.plan_name;
        -- The first one that grants any.
        if v_plan_credits > 0 then
            v_summary.next_grant_credits := v_plan_credits * v_subscription.quantity;
            v_summary.next_grant_at := v_subscription.next_grant_at;
            exit;
        end if;
    end loop;
    v_summary.debt := coalesce(v_summary.debt, 0);
    v_summary.next_grant_credits := coalesce(v_summary.next_grant_credits, 0);
    return v_summary;
end;
$$;
COMMENT ON FUNCTION private.my_credits_for(profile_id uuid) IS 'The rule behind public.my_credits, for this person.';
CREATE FUNCTION private.next_job_in_ms() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    -- greatest() and least() pass over nulls, so an empty queue has to give no row at all.
    select greatest(
        least(extract(epoch from j.due_at - clock_timestamp()) * 1000, 3600000), 0
    )::integer
    from (
        (
            select g.due_at
            from private.generation_jobs as g
            where g.dead_at is null
            order by g.due_at
            limit 1
        )
        union all
        (
            select o.due_at
            from private.jobs as o
            where o.dead_at is null
            order by o.due_at
            limit 1
        )
    ) as j
    order by j.due_at
    limit 1;
$$;
COMMENT ON FUNCTION private.next_job_in_ms() IS 'Milliseconds until the next job is due, at most an hour; null when there is none.';
CREATE FUNCTION private.next_model(generation_type text, last_attempt private.generation_attempts) RETURNS private.generation_models
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    return private.find_model(
        next_model.generation_type,
        case
            when next_model.last_attempt.id is null then 0
            when next_model.last_attempt.status = 'abandoned'
                then next_model.last_attempt.preference - 1
            else next_model.last_attempt.preference
        end
    );
end;
$$;
COMMENT ON FUNCTION private.next_model(generation_type text, last_attempt private.generation_attempts) IS 'The model of the next attempt: the same after a lost answer, the next one after a failure, and null
when the type of the generation has no model left.';
CREATE FUNCTION private.normal_address(address text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
    -- A dot rarely tells two people apart, and the worst that a clash costs is a gift: so dots go
    -- at every provider, not only where they are known to mean nothing.
    select case
        when a.address like '%@%' then
            replace(split_part(substring(a.address from '^(.*)@'), '+', 1), '.', '')
            || '@' || regexp_replace(
                substring(a.address from '@([^@]*)$'), '^googlemail\.com$', 'gmail.com'
            )
        else a.address
    end
    from (select lower(btrim(normal_address.address)) as address) as a;
$_$;
COMMENT ON FUNCTION private.normal_address(address text) IS 'One spelling of an e-mail address: lower case, without the dots and the +tag of its first part. A
phone number stays as it is.';
CREATE FUNCTION private.normal_code(code text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select upper(regexp_replace(normal_code.code, '[\s-]', '', 'g'));
$$;
COMMENT ON FUNCTION private.normal_code(code text) IS 'A promotional code as it is hashed: upper case, without blanks and hyphens.';
CREATE FUNCTION private.open_checkout(profile_id uuid, item_kind text, item_key text, quantity integer, credits bigint, idempotency_key uuid) RETURNS public.checkouts
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_checkout public.checkouts;
begin
    perform private.check_checkout_rate(open_checkout.profile_id);
    insert into public.checkouts (
        profile_id, item_kind, item_key, quantity, credits, idempotency_key
    )
    values (
        open_checkout.profile_id, open_checkout.item_kind, open_checkout.item_key,
        open_checkout.quantity, open_checkout.credits, open_checkout.idempotency_key
    )
    returning * into v_checkout;
    insert into private.jobs (kind, checkout_id, profile_id)
    values (
        case
            when exists (
                select
                from private.stripe_customers as c
                where c.profile_id = open_checkout.profile_id
                    and c.is_current
            ) then 'checkout'
            else 'customer'
        end,
        v_checkout.id,
        v_checkout.profile_id
    );
    perform private.wake_worker();
    return v_checkout;
end;
$$;
COMMENT ON FUNCTION private.open_checkout(profile_id uuid, item_kind text, item_key text, quantity integer, credits bigint, idempotency_key uuid) IS 'Writes the intent and its job: the person''s customer at Stripe first, if there is none yet.';
CREATE FUNCTION private.operator_drop_job(job_id bigint, who text, why text) RETURNS private.all_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.all_jobs := private.lock_job(operator_drop_job.job_id);
begin
    if v_job.kind in ('remove_user_image', 'erase') then
        raise sqlstate 'PT409' using
            message = 'job_is_owed',
            detail = 'Somebody asked for their data to be deleted: that is owed to them.',
            hint = 'Mend what is in its way, then: thumbsmith jobs retry';
    end if;
    perform private.audit(
        operator_drop_job.who, 'drop_job', operator_drop_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, jsonb_strip_nulls(to_jsonb(v_job)) - 'lease_token'
    );
    if v_job.generation_id is not null then
        -- The credits go back. A submission whose answer is lost is still looked for.
        perform private.finish_generation(
            v_job.profile_id, v_job.generation_id, 'failed', 'stopped_by_operator'
        );
        perform private.release_work(v_job.profile_id, v_job.generation_id);
        perform private.wake_worker();
    elsif v_job.kind = 'cancel' then
        update private.generation_attempts as a
        set
            status = 'canceled',
            finished_at = now()
        where a.profile_id = v_job.profile_id
            and a.id = v_job.attempt_id
            and a.finished_at is null;
        perform private.finish_generation_job(v_job.profile_id, v_job.id);
    else
        if v_job.checkout_id is not null then
            perform private.close_checkout(
                v_job.profile_id, v_job.checkout_id, 'failed', 'stopped_by_operator');
        end if;
        perform private.finish_job(v_job.id);
    end if;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.operator_drop_job(job_id bigint, who text, why text) IS 'Gives a job up: a generation fails with its credits back, a page of Stripe fails, an orphan at the
provider runs to its own deadline, an object of Stripe is left to the next comparison. PT404
job_not_found; PT409 job_is_running, job_is_owed; PT422 reason_required.';
CREATE FUNCTION private.operator_freeze(profile_id uuid, lot_id bigint, who text, why text, action_key text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot_id bigint;
    v_frozen integer := 0;
begin
    if not private.begin_operator_action(
        'freeze', operator_freeze.profile_id, operator_freeze.who, operator_freeze.why,
        operator_freeze.action_key, jsonb_build_object('lot_id', operator_freeze.lot_id)
    ) then
        return 0;
    end if;
    perform private.check_operator_lot(operator_freeze.profile_id, operator_freeze.lot_id);
    perform private.expire_profile_lots(operator_freeze.profile_id);
    for v_lot_id in
        select l.id
        from public.credit_lots as l
        where l.profile_id = operator_freeze.profile_id
            and l.id = coalesce(operator_freeze.lot_id, l.id)
            and (l.exhausted_at is null or operator_freeze.lot_id is not null)
        order by l.created_at, l.id
    loop
        if private.freeze_lot(
            operator_freeze.profile_id, v_lot_id, 'operator:' || operator_freeze.action_key,
            operator_freeze.why
        ) then
            v_frozen := v_frozen + 1;
        end if;
    end loop;
    return v_frozen;
end;
$$;
COMMENT ON FUNCTION private.operator_freeze(profile_id uuid, lot_id bigint, who text, why text, action_key text) IS 'Freezes one lot, or every open lot when lot_id is null. Returns how many; zero when this key acted
before. PT404 lot_not_found.';
CREATE FUNCTION private.operator_grant(profile_id uuid, amount bigint, who text, why text, action_key text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 100) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.check_operator_amount(operator_grant.amount);
    if operator_grant.expires_at <= now() then
        raise sqlstate 'PT422' using
            message = 'expiry_not_ahead',
            detail = 'Credits that have expired already cannot be given.',
            hint = 'Give a time that is ahead, or none.';
    end if;
    if not private.begin_operator_action(
        'grant', operator_grant.profile_id, operator_grant.who, operator_grant.why,
        operator_grant.action_key, jsonb_build_object('credits', operator_grant.amount)
    ) then
        return false;
    end if;
    return private.grant_credits(
        operator_grant.profile_id, operator_grant.amount, 'operator',
        'operator:' || operator_grant.action_key, operator_grant.expires_at,
        operator_grant.priority
    );
end;
$$;
COMMENT ON FUNCTION private.operator_grant(profile_id uuid, amount bigint, who text, why text, action_key text, expires_at timestamp with time zone, priority integer) IS 'Gives credits. False when this key did so before. PT422 amount_not_positive, expiry_not_ahead.';
CREATE FUNCTION private.operator_release(profile_id uuid, lot_id bigint, who text, why text, action_key text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_freeze record;
    v_released integer := 0;
begin
    if not private.begin_operator_action(
        'release', operator_release.profile_id, operator_release.who, operator_release.why,
        operator_release.action_key, jsonb_build_object('lot_id', operator_release.lot_id)
    ) then
        return 0;
    end if;
    perform private.check_operator_lot(operator_release.profile_id, operator_release.lot_id);
    for v_freeze in
        select
            f.lot_id,
            f.freeze_key
        from private.credit_freezes as f
        where f.profile_id = operator_release.profile_id
            and f.lot_id = coalesce(operator_release.lot_id, f.lot_id)
            and f.freeze_key like 'operator:%'
            and f.released_at is null
        order by f.frozen_at, f.lot_id, f.freeze_key
    loop
        if private.release_lot(
            operator_release.profile_id, v_freeze.lot_id, v_freeze.freeze_key
        ) then
            v_released := v_released + 1;
        end if;
    end loop;
    return v_released;
end;
$$;
COMMENT ON FUNCTION private.operator_release(profile_id uuid, lot_id bigint, who text, why text, action_key text) IS 'Ends the freezes of operators on one lot, or on all when lot_id is null; a dispute''s stay. Returns
how many. PT404 lot_not_found.';
CREATE FUNCTION private.operator_retry_job(job_id bigint, who text, why text) RETURNS private.all_jobs
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.all_jobs := private.lock_job(operator_retry_job.job_id);
begin
    perform private.audit(
        operator_retry_job.who, 'retry_job', operator_retry_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, jsonb_strip_nulls(to_jsonb(v_job)) - 'lease_token'
    );
    if v_job.kind in ('submit', 'find', 'poll', 'store', 'cancel') then
        perform private.continue_generation_job(v_job.profile_id, v_job.id, v_job.kind);
    else
        perform private.continue_job(v_job.id, v_job.kind);
    end if;
    perform private.wake_worker();
    select j.* into v_job
    from private.all_jobs as j
    where j.id = operator_retry_job.job_id;
    return v_job;
end;
$$;
COMMENT ON FUNCTION private.operator_retry_job(job_id bigint, who text, why text) IS 'Has a job done now, with all its tries before it again; a dead one too. PT404 job_not_found; PT409
job_is_running; PT422 reason_required.';
CREATE FUNCTION private.operator_revoke(profile_id uuid, amount bigint, who text, why text, action_key text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_missing bigint;
begin
    perform private.check_operator_amount(operator_revoke.amount);
    if not private.begin_operator_action(
        'revoke', operator_revoke.profile_id, operator_revoke.who, operator_revoke.why,
        operator_revoke.action_key, jsonb_build_object('credits', operator_revoke.amount)
    ) then
        return false;
    end if;
    v_missing := private.burn_lots(
        operator_revoke.profile_id, operator_revoke.amount, 'revoke',
        reason => 'operator:' || operator_revoke.action_key
    );
    if v_missing > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format('%s of %s credits are missing.', v_missing, operator_revoke.amount),
            hint = 'Revoke no more than is available.';
    end if;
    return true;
end;
$$;
COMMENT ON FUNCTION private.operator_revoke(profile_id uuid, amount bigint, who text, why text, action_key text) IS 'Takes credits, in burn order. False when this key acted before; PT402 insufficient_credits when so
many are not available.';
CREATE FUNCTION private.operator_set_setting(setting text, value text, who text, why text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
declare
    v_type constant regtype := private.type_of_setting(operator_set_setting.setting);
    v_before jsonb;
    v_after jsonb;
    v_constraint text;
begin
    perform private.check_reason(operator_set_setting.who, operator_set_setting.why);
    select to_jsonb(s) -> operator_set_setting.setting into v_before
    from private.settings as s
    for no key update;
    -- The trigger of the table writes them into the audit log.
    perform
        set_config('thumbsmith.who', operator_set_setting.who, true),
        set_config('thumbsmith.why', operator_set_setting.why, true);
    execute format(
        'update private.settings as s set %I = cast($1 as %s) where s.id'
        ' returning to_jsonb(s) -> $2',
        operator_set_setting.setting, v_type
    )
    into v_after
    using operator_set_setting.value, operator_set_setting.setting;
    return jsonb_build_object('before', v_before, 'after', v_after);
exception
    -- Its message would repeat the whole row.
    when check_violation or not_null_violation then
        get stacked diagnostics v_constraint = constraint_name;
        raise sqlstate 'PT422' using
            message = 'setting_out_of_range',
            detail = format(
                '%s does not take %s: %s.', operator_set_setting.setting,
                coalesce(operator_set_setting.value, 'null'),
                coalesce(nullif(v_constraint, ''), 'it is required')
            ),
            hint = 'docs/settings.md says what each setting takes.';
end;
$_$;
COMMENT ON FUNCTION private.operator_set_setting(setting text, value text, who text, why text) IS 'Changes a setting; null takes a limit away. Returns its value before and after; the audit log has
a row unless they are the same. PT404 setting_not_found; PT422 reason_required,
setting_out_of_range.';
CREATE FUNCTION private.option_fits(declared public.generation_options, given jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case option_fits.declared.value_type
        when 'boolean' then jsonb_typeof(option_fits.given) = 'boolean'
        when 'choice' then
            jsonb_typeof(option_fits.given) = 'string'
            and option_fits.given #>> '{}' = any(option_fits.declared.choices)
        when 'integer' then
            case
                when jsonb_typeof(option_fits.given) = 'number'
                then (option_fits.given #>> '{}')::numeric
                    between option_fits.declared.minimum and option_fits.declared.maximum
                    and scale(trim_scale((option_fits.given #>> '{}')::numeric)) = 0
                else false
            end
        else false
    end;
$$;
COMMENT ON FUNCTION private.option_fits(declared public.generation_options, given jsonb) IS 'Whether a value is one that the option takes.';
CREATE FUNCTION private.output_url(output jsonb, pointer text[] DEFAULT NULL::text[]) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    -- Models answer with a URI, a list of URIs, or objects that hold one.
    select case
        when output_url.pointer is not null then output_url.output #>> output_url.pointer
        when jsonb_typeof(output_url.output) = 'string' then output_url.output #>> '{}'
        when jsonb_typeof(output_url.output) = 'object' then output_url.output ->> 'url'
        when jsonb_typeof(output_url.output) = 'array'
        then coalesce(output_url.output #>> '{0,url}', output_url.output ->> 0)
    end;
$$;
COMMENT ON FUNCTION private.output_url(output jsonb, pointer text[]) IS 'The file of a prediction''s output: where the pointer says, or the first one; null for none.';
CREATE FUNCTION private.owner_of_code(code text) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    select p.id
    from public.profiles as p
    where p.referral_code = upper(btrim(owner_of_code.code));
$$;
COMMENT ON FUNCTION private.owner_of_code(code text) IS 'Whose referral code this is, also when the account was closed; null when nobody''s.';
CREATE FUNCTION private.paid_lines(invoice jsonb) RETURNS TABLE(line jsonb, is_proration boolean, period_end timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select
        l.line,
        coalesce((l.line #> '{parent,subscription_item_details,proration}')::boolean, false),
        private.stripe_instant(l.line #> '{period,end}')
    from jsonb_array_elements(paid_lines.invoice #> '{lines,data}') as l (line)
    -- Renewals and changes of the subscription, and nothing that somebody wrote by hand. A trial
    -- costs nothing and gives nothing; a discount is not in the amount of a line.
    where paid_lines.invoice ->> 'billing_reason' in (
        'subscription_create', 'subscription_cycle', 'subscription_update'
    )
        and l.line #>> '{parent,type}' = 'subscription_item_details'
        and (l.line ->> 'amount')::bigint > 0
    order by private.stripe_instant(l.line #> '{period,start}'), l.line ->> 'id';
$$;
COMMENT ON FUNCTION private.paid_lines(invoice jsonb) IS 'The lines of an invoice that paid a subscription for some time, oldest first.';
CREATE TABLE private.payment_intents (
    payment_intent_id text NOT NULL,
    profile_id uuid NOT NULL,
    payment_id uuid NOT NULL
);
COMMENT ON TABLE private.payment_intents IS 'Which payment a PaymentIntent of Stripe (pi_…) belongs to: refunds and disputes name only that.';
COMMENT ON COLUMN private.payment_intents.profile_id IS 'Who paid.';
CREATE FUNCTION private.payment_of_intent(payment_intent_id text) RETURNS private.payment_intents
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_intent private.payment_intents;
begin
    select i.* into v_intent
    from private.payment_intents as i
    where i.payment_intent_id = payment_of_intent.payment_intent_id;
    -- The payment of this reversal is not here yet: it has to be found and fetched first.
    if not found and payment_of_intent.payment_intent_id is not null then
        insert into private.jobs (kind, stripe_object_id)
        values ('find_invoice', payment_of_intent.payment_intent_id)
        on conflict (stripe_object_id) where stripe_object_id is not null do nothing;
    end if;
    return v_intent;
end;
$$;
COMMENT ON FUNCTION private.payment_of_intent(payment_intent_id text) IS 'The payment behind a PaymentIntent, and whose it is; null when it is not here yet, and then it is
looked for.';
CREATE FUNCTION private.plan_cover_of(profile_id uuid, unlimited_plans public.plans[]) RETURNS private.plan_cover
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_subscription record;
    v_plan public.plans;
    v_day record;
    v_month record;
    v_cover private.plan_cover;
    v_best private.plan_cover;
begin
    if coalesce(cardinality(plan_cover_of.unlimited_plans), 0) = 0 then
        return null;
    end if;
    for v_subscription in
        select
            s.id,
            s.plan_name
        from public.subscriptions as s
        where s.profile_id = plan_cover_of.profile_id
            and s.is_active
            and (s.end_date is null or s.end_date > now())
        order by s.id
    loop
        select p.* into v_plan
        from unnest(plan_cover_of.unlimited_plans) as p
        where p.plan_name = v_subscription.plan_name;
        continue when not found;
        select * into v_day
        from private.count_plan_uses(
            plan_cover_of.profile_id, interval '24 hours', v_plan.fair_use_per_day
        );
        select * into v_month
        from private.count_plan_uses(
            plan_cover_of.profile_id, interval '30 days', v_plan.fair_use_per_month
        );
        v_cover := (
            v_subscription.id,
            least(v_plan.fair_use_per_day - v_day.uses, v_plan.fair_use_per_month - v_month.uses),
            greatest(v_day.next_use_at, v_month.next_use_at)
        )::private.plan_cover;
        -- With two such plans the one counts that covers more, or covers again sooner.
        if v_best.subscription_id is null
            or v_cover.uses_left > v_best.uses_left
            or (
                v_cover.uses_left = v_best.uses_left
                and v_cover.next_use_at < v_best.next_use_at
            )
        then
            v_best := v_cover;
        end if;
    end loop;
    return v_best;
end;
$$;
COMMENT ON FUNCTION private.plan_cover_of(profile_id uuid, unlimited_plans public.plans[]) IS 'Of these unlimited plans the one that covers the next picture, and how many it still covers within
fair use: 24 rolling hours and 30 rolling days. Null when there is none.';
CREATE FUNCTION private.poll_interval(polls integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case
        when poll_interval.polls < 5 then interval '2 seconds'
        when poll_interval.polls < 10 then interval '5 seconds'
        when poll_interval.polls < 20 then interval '10 seconds'
        else interval '30 seconds'
    end;
$$;
COMMENT ON FUNCTION private.poll_interval(polls integer) IS 'How long to wait before the next look, after this many.';
CREATE FUNCTION private.price_generation(profile_id uuid, terms private.request_terms, pay_with_credits boolean) RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_cover constant private.plan_cover := private.plan_cover_of(
        price_generation.profile_id, price_generation.terms.unlimited_plans
    );
begin
    if v_cover.uses_left > 0 then
        return v_cover.subscription_id;
    end if;
    -- Never a surprise: what the plan would have covered costs credits only if the person says so.
    if v_cover.subscription_id is not null and not price_generation.pay_with_credits then
        raise sqlstate 'PT402' using
            message = 'fair_use_reached',
            detail = format(
                'The fair use of your plan is reached until %s. This costs %s credits now.',
                to_char(v_cover.next_use_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"'),
                (price_generation.terms.generation_type).cost_credits
            ),
            hint = 'Wait until then, or send pay_with_credits = true.';
    end if;
    return null;
end;
$$;
COMMENT ON FUNCTION private.price_generation(profile_id uuid, terms private.request_terms, pay_with_credits boolean) IS 'The subscription that covers this picture; null when it costs credits. PT402 fair_use_reached when
the plan covers no more for now and the person has not agreed to pay.';
CREATE FUNCTION private.profile_of_customer(customer_id text) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select c.profile_id
    from private.stripe_customers as c
    where c.customer_id = profile_of_customer.customer_id;
$$;
COMMENT ON FUNCTION private.profile_of_customer(customer_id text) IS 'Whose customer at Stripe this is; null when nobody''s.';
CREATE FUNCTION private.provider_spend_of(day date) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    return (
        select coalesce(sum(s.micros), 0)
        from private.provider_spend as s
        where s.day = provider_spend_of.day
    );
end;
$$;
COMMENT ON FUNCTION private.provider_spend_of(day date) IS 'Expected spend of a day so far, in millionths of a US dollar.';
CREATE FUNCTION private.qualifying_payment(profile_id uuid) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select p.id
    from public.payments as p
    where p.profile_id = qualifying_payment.profile_id
        and p.amount > p.amount_reversed
    order by p.id
    limit 1;
$$;
COMMENT ON FUNCTION private.qualifying_payment(profile_id uuid) IS 'The first payment of a person that was not given back in full.';
CREATE FUNCTION private.queue_metrics() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'jobs_due', count(*) filter (where j.dead_at is null and j.due_at <= now()),
        'jobs_leased', count(*) filter (where j.lease_token is not null and j.due_at > now()),
        'jobs_dead', count(*) filter (where j.dead_at is not null),
        'oldest_due_seconds', coalesce(
            extract(epoch from now() - min(j.due_at) filter (
                where j.dead_at is null and j.due_at <= now()
            )),
            0
        ),
        'stripe_alarms_open', (
            select count(*)
            from private.stripe_alarms as a
            where a.resolved_at is null
        ),
        'max_job_tries', coalesce(max(j.tries), 0),
        'oldest_due_poll_seconds', coalesce(
            extract(epoch from now() - min(j.due_at) filter (
                where j.dead_at is null and j.due_at <= now() and j.kind = 'poll'
            )),
            0
        ),
        'attempts_unknown', count(*) filter (where j.kind = 'find'),
        'attempts_to_cancel', count(*) filter (where j.kind = 'cancel')
    )
    from private.all_jobs as j;
$$;
COMMENT ON FUNCTION private.queue_metrics() IS 'Counts of due, leased and dead jobs, of lost submissions, of predictions to be stopped and of open
alarms about Stripe; the most tries a job has had; how late the oldest due job and the oldest due
poll are, in seconds.';
CREATE FUNCTION private.quote_generation(generation_type text) RETURNS public.generation_quote
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_terms constant private.request_terms := private.request_terms_of(
        quote_generation.generation_type
    );
    v_type constant public.generation_types := v_terms.generation_type;
    v_cover private.plan_cover;
    v_is_covered boolean;
    v_missing bigint;
begin
    if (v_terms.model).model is null then
        perform private.refuse_unknown_type();
    end if;
    v_cover := private.plan_cover_of(v_profile_id, v_terms.unlimited_plans);
    v_is_covered := coalesce(v_cover.uses_left > 0, false);
    v_missing := greatest(v_type.cost_credits - private.available_credits(v_profile_id), 0);
    return (
        case when v_is_covered then 0 else v_type.cost_credits end,
        v_is_covered,
        v_is_covered or v_missing = 0,
        case when v_is_covered then 0 else v_missing end,
        v_cover.uses_left,
        v_cover.next_use_at
    )::public.generation_quote;
end;
$$;
COMMENT ON FUNCTION private.quote_generation(generation_type text) IS 'The rule behind public.quote_generation.';
CREATE FUNCTION private.raise_stripe_alarm(object_id text, slug text, detail text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    insert into private.stripe_alarms as a (object_id, slug, detail)
    values (
        raise_stripe_alarm.object_id, raise_stripe_alarm.slug,
        left(raise_stripe_alarm.detail, 500)
    )
    on conflict on constraint stripe_alarms_object_id_slug_key do update
    set
        detail = excluded.detail,
        last_seen_at = now(),
        times = a.times + 1;
    return raise_stripe_alarm.slug;
end;
$$;
COMMENT ON FUNCTION private.raise_stripe_alarm(object_id text, slug text, detail text) IS 'Records an alarm, or that it was seen again; one that was resolved stays so. Returns its slug.';
CREATE FUNCTION private.random_code(length integer) RETURNS text
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- 30 letters and digits that nobody confuses when reading them aloud (no 0 O 1 I L U).
    -- gen_random_uuid() draws from the strong random source; random() is guessable.
    select string_agg(
        substr(
            '23456789ABCDEFGHJKMNPQRSTVWXYZ',
            1 + (get_byte(uuid_send(gen_random_uuid()), 15) % 30),
            1
        ),
        ''
    )
    from generate_series(1, random_code.length);
$$;
COMMENT ON FUNCTION private.random_code(length integer) IS 'A random code of the given length from an alphabet without look-alikes.';
CREATE FUNCTION private.reconcile_call() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'call', c.call,
        'params', c.params || jsonb_strip_nulls(
            jsonb_build_object('starting_after', r.last_object_id)
        )
    )
    from private.reconcile_runs as r
    cross join private.reconcile_calls(r.since) as c
    where r.finished_at is null
        and c.call_position = r.call_position;
$$;
COMMENT ON FUNCTION private.reconcile_call() IS 'The page that the comparison under way reads next.';
CREATE FUNCTION private.reconcile_calls(since timestamp with time zone) RETURNS TABLE(call_position integer, call text, params jsonb)
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select
        l.call_position,
        l.call,
        l.params
        -- Subscriptions are compared whatever their age.
        || case
            when l.call = 'subscriptions.list' then '{}'::jsonb
            else jsonb_build_object('created', jsonb_build_object(
                'gte', floor(extract(epoch from reconcile_calls.since))::bigint
            ))
        end
    from (
        values
        (1, 'events.list', '{"delivery_success": false, "limit": 100}'::jsonb),
        (2, 'checkout.sessions.list', '{"limit": 100}'),
        (3, 'subscriptions.list', '{"status": "all", "limit": 100}'),
        (4, 'invoices.list', '{"status": "paid", "limit": 100}'),
        (5, 'refunds.list', '{"limit": 100}'),
        (6, 'disputes.list', '{"limit": 100}')
    ) as l (call_position, call, params);
$$;
COMMENT ON FUNCTION private.reconcile_calls(since timestamp with time zone) IS 'The lists of Stripe that are compared with our rows, in this order, from the given time on; each is
read page by page with starting_after.';
CREATE FUNCTION private.redeem_code(code text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.lock_caller();
    v_address_hash constant bytea := private.address_hash_of(v_profile_id);
    v_retry_after constant integer := private.code_retry_after(v_profile_id);
    v_promo private.promo_codes;
    v_used integer;
    v_expires_at timestamptz;
begin
    perform private.check_plain_call();
    if not private.is_confirmed(v_profile_id) then
        raise sqlstate 'PT403' using
            message = 'confirmed_address_required',
            detail = 'Codes are for people with a confirmed address.',
            hint = 'Confirm your address first.';
    end if;
    if v_retry_after is not null then
        return private.too_many_codes(v_retry_after);
    end if;
    select c.* into v_promo
    from private.promo_codes as c
    where c.code_hash = private.keyed_hash(private.normal_code(redeem_code.code))
        and c.disabled_at is null
        and c.starts_at <= now()
    for no key update;
    if not found then
        perform private.store_code_failure(v_profile_id);
        return private.refuse(
            404, 'code_not_found', 'There is no such code.', 'Copy the code instead of typing it.'
        );
    end if;
    v_used := private.count_redemptions(v_promo.id, v_profile_id, v_address_hash);
    perform private.check_promo_code(v_promo, v_used);
    update private.promo_codes as c
    set redemptions = c.redemptions + 1
    where c.id = v_promo.id;
    insert into private.promo_redemptions (
        promo_code_id, profile_id, redemption_number, address_hash
    )
    values (v_promo.id, v_profile_id, v_used + 1, v_address_hash);
    v_expires_at := now() + v_promo.credits_last;
    perform private.grant_credits(
        v_profile_id,
        v_promo.credits,
        'promotion',
        format('promo:%s:%s:%s', v_promo.id, v_profile_id, v_used + 1),
        v_expires_at
    );
    return jsonb_build_object('credits', v_promo.credits, 'expires_at', v_expires_at);
end;
$$;
COMMENT ON FUNCTION private.redeem_code(code text) IS 'The rule behind public.redeem_code.';
CREATE FUNCTION private.referrer_of(referred_id uuid) RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select r.referrer_id
    from public.referrals as r
    where r.referred_id = referrer_of.referred_id
        and r.status <> 'rejected';
$$;
COMMENT ON FUNCTION private.referrer_of(referred_id uuid) IS 'Who is or may yet be rewarded for this person; null when nobody.';
CREATE FUNCTION private.refund_generation(profile_id uuid, generation_id uuid) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_spent record;
    v_refunded bigint := 0;
begin
    perform private.lock_profile(refund_generation.profile_id);
    -- Each lot gets back exactly what this generation took from it. A second refund of the same
    -- generation violates credit_entries_generation_id_lot_id_kind_key.
    for v_spent in
        select
            e.lot_id,
            -e.amount as amount
        from public.credit_entries as e
        where e.profile_id = refund_generation.profile_id
            and e.generation_id = refund_generation.generation_id
            and e.kind = 'spend'
        order by e.entry_number
    loop
        perform private.return_to_lot(
            refund_generation.profile_id, v_spent.lot_id, v_spent.amount, 'refund',
            refund_generation.generation_id
        );
        v_refunded := v_refunded + v_spent.amount;
    end loop;
    return v_refunded;
end;
$$;
COMMENT ON FUNCTION private.refund_generation(profile_id uuid, generation_id uuid) IS 'Gives what a generation burned back to the lots it came from, once. Returns the credits given
back.';
CREATE FUNCTION private.refuse(status integer, slug text, detail text, hint text, retry_after_seconds integer DEFAULT NULL::integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- An exception would roll back what the refusal has to leave behind, a counted guess for
    -- example. PostgREST reads these two settings: postgrest.org, "Transaction-scoped settings".
    perform set_config('response.status', refuse.status::text, true);
    if refuse.retry_after_seconds is not null then
        perform set_config(
            'response.headers',
            jsonb_build_array(
                jsonb_build_object('Retry-After', refuse.retry_after_seconds::text)
            )::text,
            true
        );
    end if;
    return jsonb_build_object(
        'code', 'PT' || refuse.status,
        'message', refuse.slug,
        'details', refuse.detail,
        'hint', refuse.hint
    );
end;
$$;
COMMENT ON FUNCTION private.refuse(status integer, slug text, detail text, hint text, retry_after_seconds integer) IS 'A refusal that is committed: the HTTP status for PostgREST, and the error as it would say it.';
CREATE FUNCTION private.refuse_daily_capacity(retry_after_seconds integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    perform private.refuse_for_now(
        'daily_capacity_reached',
        'No more thumbnails can be made today.',
        'Wait as long as Retry-After says, and try again with the same idempotency_key.',
        refuse_daily_capacity.retry_after_seconds
    );
end;
$$;
COMMENT ON FUNCTION private.refuse_daily_capacity(retry_after_seconds integer) IS 'The breaker''s refusal.';
CREATE FUNCTION private.refuse_for_now(slug text, detail text, hint text, retry_after_seconds integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- PGRST is the SQLSTATE with which PostgREST lets an error set headers: docs.postgrest.org,
    -- "Raise errors with HTTP status codes".
    raise sqlstate 'PGRST' using
        message = jsonb_build_object(
            'code', 'PT429',
            'message', refuse_for_now.slug,
            'details', refuse_for_now.detail,
            'hint', refuse_for_now.hint
        )::text,
        detail = jsonb_build_object(
            'status', 429,
            'headers', jsonb_build_object(
                'Retry-After', greatest(refuse_for_now.retry_after_seconds, 1)::text
            )
        )::text;
end;
$$;
COMMENT ON FUNCTION private.refuse_for_now(slug text, detail text, hint text, retry_after_seconds integer) IS 'Refuses with HTTP 429 and Retry-After in seconds.';
CREATE FUNCTION private.refuse_job_of_another_person() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise sqlstate 'PT403' using
        message = 'job_of_another_person',
        detail = 'This job is not of the person that the report names.',
        hint = 'Report a job with the profile_id that claim_jobs() gave with it.';
end;
$$;
COMMENT ON FUNCTION private.refuse_job_of_another_person() IS 'Refuses with PT403 job_of_another_person.';
CREATE FUNCTION private.refuse_not_signed_in(profile_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise sqlstate 'PT401' using
        message = 'not_signed_in',
        detail = case
            when refuse_not_signed_in.profile_id is null then 'This needs a signed-in person.'
            else 'This account does not exist any more.'
        end,
        hint = 'Sign in, and send the access token.';
end;
$$;
COMMENT ON FUNCTION private.refuse_not_signed_in(profile_id uuid) IS 'Refuses with PT401 not_signed_in.';
CREATE FUNCTION private.refuse_reused_key() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise sqlstate 'PT409' using
        message = 'idempotency_conflict',
        detail = 'This idempotency_key was used for another request.',
        hint = 'Make a new key for a new request.';
end;
$$;
COMMENT ON FUNCTION private.refuse_reused_key() IS 'Refuses with PT409 idempotency_conflict.';
CREATE FUNCTION private.refuse_unknown_type() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise sqlstate 'PT404' using
        message = 'generation_type_not_found',
        detail = 'There is no such generation type.',
        hint = 'Read generation_types for what there is.';
end;
$$;
COMMENT ON FUNCTION private.refuse_unknown_type() IS 'Refuses with PT404 generation_type_not_found.';
CREATE FUNCTION private.release_lot(profile_id uuid, lot_id bigint, freeze_key text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_grace_ends_at timestamptz;
begin
    perform private.lock_profile(release_lot.profile_id);
    update private.credit_freezes as f
    set released_at = now()
    where f.profile_id = release_lot.profile_id
        and f.lot_id = release_lot.lot_id
        and f.freeze_key = release_lot.freeze_key
        and f.released_at is null;
    if not found then
        return false;
    end if;
    if exists (
        select
        from private.credit_freezes as f
        where f.profile_id = release_lot.profile_id
            and f.lot_id = release_lot.lot_id
            and f.released_at is null
    ) then
        return true;
    end if;
    update public.credit_lots as l
    set frozen_at = null
    where l.profile_id = release_lot.profile_id
        and l.id = release_lot.lot_id;
    select now() + s.refund_grace into v_grace_ends_at
    from private.settings as s;
    -- A lot may have expired while it was frozen: then it gets time to be used.
    update public.credit_lots as l
    set expires_at = v_grace_ends_at
    where l.profile_id = release_lot.profile_id
        and l.id = release_lot.lot_id
        and l.expires_at <= now();
    return true;
end;
$$;
COMMENT ON FUNCTION private.release_lot(profile_id uuid, lot_id bigint, freeze_key text) IS 'Ends the freeze of this key. The lot is free again when no other holds it. False when there was
none.';
CREATE FUNCTION private.release_work(profile_id uuid, generation_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_attempt private.generation_attempts;
    v_job private.generation_jobs;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = release_work.profile_id
        and a.generation_id = release_work.generation_id
        and a.finished_at is null
        and a.duplicate_of is null
    order by a.attempt_number desc
    limit 1
    for update;
    -- The provider may have it, and its id is not known yet: the job stays until its answer, a list
    -- match or a webhook tells.
    if v_attempt.status in ('submitting', 'submit_unknown') then
        return;
    end if;
    v_job := private.lock_generation_job(release_work.profile_id, release_work.generation_id);
    perform private.finish_generation_job(release_work.profile_id, v_job.id);
    if v_attempt.id is not null then
        perform private.enqueue_cancel(release_work.profile_id, v_attempt.id);
    end if;
end;
$$;
COMMENT ON FUNCTION private.release_work(profile_id uuid, generation_id uuid) IS 'The generation is over but its attempt may not be: ends its job, and has the prediction stopped.';
CREATE FUNCTION private.remove_user_image(id uuid) RETURNS public.user_images
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.lock_caller();
    v_image public.user_images;
begin
    if not exists (
        select
        from public.user_images as i
        where i.id = remove_user_image.id
            and i.profile_id = v_profile_id
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;
    v_image := private.start_image_removal(v_profile_id, remove_user_image.id, 'asked');
    perform private.wake_worker();
    return v_image;
end;
$$;
COMMENT ON FUNCTION private.remove_user_image(id uuid) IS 'The rule behind public.remove_user_image.';
CREATE FUNCTION private.repair_stripe_objects(objects jsonb) RETURNS TABLE(object_type text, object_id text, difference text, is_repairable boolean)
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
    v_wanted text[];
begin
    return query
    select c.*
    from private.compare_stripe_objects(repair_stripe_objects.objects) as c;
    -- All events first, in the order of their ids, and only then the jobs, in the order of theirs:
    -- a delivery, a worker and another page at the same time never wait in a circle.
    select array_agg(w.object_id) into v_wanted
    from (
        select (private.store_stripe_event(e.object)).object_id
        from (
            select o.object
            from jsonb_array_elements(repair_stripe_objects.objects) as o (object)
            where o.object ->> 'object' = 'event'
            order by o.object ->> 'id'
        ) as e
        union all
        select c.object_id
        from private.compare_stripe_objects(repair_stripe_objects.objects) as c
        where c.is_repairable
            and c.object_type <> 'event'
    ) as w;
    perform private.enqueue_fetch(w.object_id)
    from (
        select distinct u.object_id
        from unnest(v_wanted) as u (object_id)
        where u.object_id is not null
        order by u.object_id
    ) as w;
end;
$$;
COMMENT ON FUNCTION private.repair_stripe_objects(objects jsonb) IS 'As private.compare_stripe_objects, and has what can be repaired fetched and applied by the
worker.';
CREATE FUNCTION private.repay_debts(profile_id uuid, lot_id bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_owing record;
    v_left bigint;
    v_repaid bigint := 0;
begin
    select l.remaining into v_left
    from public.credit_lots as l
    where l.profile_id = repay_debts.profile_id
        and l.id = repay_debts.lot_id
        and l.frozen_at is null
        and (l.expires_at is null or l.expires_at > now());
    for v_owing in
        select
            l.id,
            l.owed
        from public.credit_lots as l
        where l.profile_id = repay_debts.profile_id
            and l.owed > 0
        order by l.created_at, l.id
    loop
        exit when coalesce(v_left, 0) = 0;
        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, debt, debt_lot_id
        )
        values (
            repay_debts.profile_id, repay_debts.lot_id, -least(v_left, v_owing.owed), 'repay',
            -least(v_left, v_owing.owed), v_owing.id
        );
        v_repaid := v_repaid + least(v_left, v_owing.owed);
        v_left := v_left - least(v_left, v_owing.owed);
    end loop;
    return v_repaid;
end;
$$;
COMMENT ON FUNCTION private.repay_debts(profile_id uuid, lot_id bigint) IS 'Pays a profile''s debts, the oldest first, from this lot. Returns the credits paid.';
CREATE FUNCTION private.replace_customer(job private.jobs) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_asked_at timestamptz;
begin
    select c.created_at into v_asked_at
    from public.checkouts as c
    where c.profile_id = replace_customer.job.profile_id
        and c.id = replace_customer.job.checkout_id;
    -- A customer made after this page was asked for is not gone: something else is wrong.
    update private.stripe_customers as s
    set is_current = false
    where s.profile_id = replace_customer.job.profile_id
        and s.is_current
        and s.created_at < v_asked_at;
    if not found then
        return false;
    end if;
    perform private.continue_job(replace_customer.job.id, 'customer');
    return true;
end;
$$;
COMMENT ON FUNCTION private.replace_customer(job private.jobs) IS 'Somebody deleted the person''s customer at Stripe: the page gets a new one. False when the customer
is not older than the page.';
CREATE FUNCTION private.replay_stripe_event(event jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_stored record;
begin
    select n.* into v_stored
    from private.store_stripe_event(replay_stripe_event.event) as n;
    if v_stored.object_id is not null then
        perform private.fetch_stripe_object(v_stored.object_id);
    end if;
    return case v_stored.outcome when 'duplicate' then 'replayed' else v_stored.outcome end;
end;
$$;
COMMENT ON FUNCTION private.replay_stripe_event(event jsonb) IS 'As private.report_stripe_event, but the object is fetched again also when the event is known
(replayed). For operators.';
CREATE FUNCTION private.report_job_failed(profile_id uuid, job_id bigint, lease_token uuid, slug text, detail text, is_permanent boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_picture private.generation_jobs;
    v_other private.jobs;
begin
    v_picture := private.lock_reported_generation_job(
        report_job_failed.profile_id, report_job_failed.job_id, report_job_failed.lease_token
    );
    if v_picture.id is not null then
        perform private.fail_generation_job(
            v_picture, report_job_failed.slug, report_job_failed.detail,
            report_job_failed.is_permanent
        );
        return 'ok';
    end if;
    v_other := private.lock_reported_job(
        report_job_failed.profile_id, report_job_failed.job_id, report_job_failed.lease_token
    );
    if v_other.id is null then
        return 'stale';
    end if;
    perform private.fail_other_job(
        v_other, report_job_failed.slug, report_job_failed.detail, report_job_failed.is_permanent
    );
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_job_failed(profile_id uuid, job_id bigint, lease_token uuid, slug text, detail text, is_permanent boolean) IS 'The job did not work out, for the reason slug: tried again with growing waits, or, when
is_permanent, ended with the credits back. A job that nobody paid for is given up when it was tried
too often. For a submit: only when nothing was sent. ok, or stale.';
CREATE FUNCTION private.report_provider_job(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_provider_job.profile_id,
        report_provider_job.job_id,
        report_provider_job.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    case v_job.kind
        when 'poll' then
            perform private.settle_provider_job(v_job, report_provider_job.provider_job);
        when 'cancel' then
            perform private.settle_cancel(v_job, report_provider_job.provider_job);
        when 'find' then
            if report_provider_job.provider_job ->> 'id' is null then
                perform private.retry_find(v_job);
            else
                perform private.adopt_provider_job(
                    v_job.profile_id,
                    v_job.attempt_id,
                    report_provider_job.provider_job ->> 'id'
                );
            end if;
    end case;
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_provider_job(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) IS 'The prediction as the provider shows it now, after a poll, a cancel or a find; null when a find
found none. ok, or stale.';
CREATE FUNCTION private.report_provider_webhook(webhook_id text, profile_id uuid, attempt_token uuid, body jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_provider_job_id constant text := report_provider_webhook.body ->> 'id';
    v_attempt private.generation_attempts;
    v_job private.generation_jobs;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = report_provider_webhook.profile_id
        and a.attempt_token = report_provider_webhook.attempt_token;
    -- By its token alone, since the point is that the person may be a wrong one.
    if not found and exists (
        select
        from private.generation_attempts as a
        where a.attempt_token = report_provider_webhook.attempt_token
    ) then
        return 'attempt_of_another_person';
    end if;
    insert into private.provider_webhooks (webhook_id, profile_id, attempt_token, body)
    values (
        report_provider_webhook.webhook_id,
        report_provider_webhook.profile_id,
        report_provider_webhook.attempt_token,
        -- The input holds signed URLs of user images: not kept.
        report_provider_webhook.body - 'input' - 'logs'
    )
    on conflict on constraint provider_webhooks_pkey do nothing;
    if not found then
        return 'duplicate';
    end if;
    -- The job's row first, as everywhere; then the attempt as it is by now.
    v_job := private.lock_generation_job(
        report_provider_webhook.profile_id, v_attempt.generation_id
    );
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = report_provider_webhook.profile_id
        and a.id = v_attempt.id
    for update;
    -- Of no attempt of ours, or of one whose answer is under way and will bring the id.
    if v_attempt.id is null or v_provider_job_id is null or v_attempt.status = 'submitting' then
        return 'stored';
    end if;
    if v_attempt.status = 'submit_unknown' then
        perform private.adopt_provider_job(
            v_attempt.profile_id, v_attempt.id, v_provider_job_id
        );
    elsif v_attempt.provider_job_id is null then
        -- The attempt was abandoned, and its provider job turns up after all.
        update private.generation_attempts as a
        set provider_job_id = v_provider_job_id
        where a.profile_id = v_attempt.profile_id
            and a.id = v_attempt.id;
        perform private.enqueue_cancel(v_attempt.profile_id, v_attempt.id);
    elsif v_attempt.provider_job_id <> v_provider_job_id then
        perform private.store_duplicate(v_attempt, v_provider_job_id);
    elsif v_job.attempt_id = v_attempt.id and v_job.kind = 'poll' then
        -- Also while a poll is under way.
        perform private.expedite_generation_job(v_job.profile_id, v_job.id);
    end if;
    perform private.wake_worker();
    return 'stored';
end;
$$;
COMMENT ON FUNCTION private.report_provider_webhook(webhook_id text, profile_id uuid, attempt_token uuid, body jsonb) IS 'Stores a verified webhook and has its prediction looked at now; adopts an attempt whose answer was
lost, and has one that nobody waits for stopped. stored, duplicate, or
attempt_of_another_person, which stores nothing.';
CREATE FUNCTION private.report_removed(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.jobs := private.lock_reported_job(
        report_removed.profile_id, report_removed.job_id, report_removed.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    return case v_job.kind
        when 'remove_user_image' then private.apply_user_image_removed(v_job, report_removed.answer)
        else private.apply_erased(v_job, report_removed.answer)
    end;
end;
$$;
COMMENT ON FUNCTION private.report_removed(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) IS 'What Storage, Stripe or Auth answered to a deletion: {"bucket", "status", "removed"},
{"user_id", "status"}, or the object of Stripe. Returns the outcome, or stale.';
CREATE FUNCTION private.report_stored(profile_id uuid, job_id bigint, lease_token uuid, stored jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_stored.profile_id, report_stored.job_id, report_stored.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    perform private.finish_generation(
        v_job.profile_id,
        v_job.generation_id,
        'succeeded',
        null,
        report_stored.stored ->> 'object_path',
        report_stored.stored ->> 'preview_path'
    );
    perform private.finish_generation_job(v_job.profile_id, v_job.id);
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_stored(profile_id uuid, job_id bigint, lease_token uuid, stored jsonb) IS 'The picture is in Storage at stored.object_path, and its preview at stored.preview_path: the
generation succeeded. ok, or stale.';
CREATE FUNCTION private.report_stripe(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.jobs := private.lock_reported_job(
        report_stripe.profile_id, report_stripe.job_id, report_stripe.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    return case v_job.kind
        when 'customer' then private.apply_customer(v_job, report_stripe.answer)
        when 'checkout' then private.apply_page_opened(v_job, report_stripe.answer)
        when 'fetch' then private.apply_fetched(v_job, report_stripe.answer)
        when 'reconcile' then private.apply_reconcile_page(v_job, report_stripe.answer)
        else private.apply_found(v_job, report_stripe.answer)
    end;
end;
$$;
COMMENT ON FUNCTION private.report_stripe(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) IS 'What Stripe answered to the call of a job: applied. Returns the outcome, or stale.';
CREATE FUNCTION private.report_stripe_event(event jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_stored record;
begin
    select n.* into v_stored
    from private.store_stripe_event(report_stripe_event.event) as n;
    if v_stored.outcome = 'stored' and v_stored.object_id is not null then
        perform private.fetch_stripe_object(v_stored.object_id);
    end if;
    return v_stored.outcome;
end;
$$;
COMMENT ON FUNCTION private.report_stripe_event(event jsonb) IS 'Stores a verified event, snapshot or thin, and has its object fetched. stored, duplicate,
wrong_mode (test and live do not mix) or invalid (no id or no type).';
CREATE FUNCTION private.report_submit_refused(profile_id uuid, job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submit_refused.profile_id,
        report_submit_refused.job_id,
        report_submit_refused.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    -- Throttled: nothing was made, so asking again later is safe, until the deadline.
    if report_submit_refused.http_status = 429 then
        delete from private.generation_attempts as a
        where a.profile_id = v_job.profile_id
            and a.id = v_job.attempt_id;
        perform private.retry_generation_job(
            v_job.profile_id,
            v_job.id,
            'provider_throttled',
            now() + greatest(
                make_interval(secs => coalesce(report_submit_refused.retry_after_seconds, 0)),
                private.backoff(v_job.tries)
            )
        );
        return 'ok';
    end if;
    perform private.fail_attempt(
        v_job,
        'refused',
        case report_submit_refused.http_status
            when 422 then 'input_refused'
            else 'provider_unavailable'
        end,
        report_submit_refused.detail,
        report_submit_refused.http_status
    );
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_submit_refused(profile_id uuid, job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) IS 'The provider refused with this HTTP status and certainly made nothing: tried again when throttled
(429), else sent to the next model or failed with the credits back. ok, or stale.';
CREATE FUNCTION private.report_submit_unknown(profile_id uuid, job_id bigint, lease_token uuid, detail text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submit_unknown.profile_id,
        report_submit_unknown.job_id,
        report_submit_unknown.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    perform private.mark_submit_unknown(v_job, report_submit_unknown.detail);
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_submit_unknown(profile_id uuid, job_id bigint, lease_token uuid, detail text) IS 'No answer, so the provider may have the attempt or not: its webhook or the provider''s list adopts
it, or another attempt follows after the grace time. ok, or stale.';
CREATE FUNCTION private.report_submitted(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submitted.profile_id, report_submitted.job_id, report_submitted.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;
    update private.generation_attempts as a
    set
        status = 'processing',
        provider_job_id = report_submitted.provider_job ->> 'id',
        provider_status = report_submitted.provider_job ->> 'status'
    where a.profile_id = v_job.profile_id
        and a.id = v_job.attempt_id
        and a.status = 'submitting';
    if found then
        perform private.count_attempt_cost(v_job.profile_id, v_job.attempt_id);
    end if;
    perform private.start_processing(v_job.profile_id, v_job.generation_id);
    -- Canceled or expired while the call was under way: then this prediction is an orphan.
    if (
        select g.finished_at is not null
        from public.generations as g
        where g.profile_id = v_job.profile_id
            and g.id = v_job.generation_id
    ) then
        perform private.release_work(v_job.profile_id, v_job.generation_id);
        return 'ok';
    end if;
    perform private.continue_generation_job(
        v_job.profile_id,
        v_job.id,
        'poll',
        case
            when exists (
                select
                from private.provider_webhooks as w
                inner join private.generation_attempts as a
                    on w.profile_id = a.profile_id and w.attempt_token = a.attempt_token
                where a.profile_id = v_job.profile_id
                    and a.id = v_job.attempt_id
            ) then now()
            else now() + private.poll_interval(0)
        end
    );
    return 'ok';
end;
$$;
COMMENT ON FUNCTION private.report_submitted(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) IS 'The provider took the attempt and answered with this prediction. ok, or stale.';
CREATE FUNCTION private.reported_period() RETURNS interval
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select make_interval(
        days => coalesce(nullif(current_setting('thumbsmith.report_days', true), ''), '30')::integer
    );
$$;
COMMENT ON FUNCTION private.reported_period() IS 'How far back the files of sql/reports look: 30 days, or what thumbsmith.report_days is set to.';
CREATE FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) RETURNS public.generations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.request_generation_for(
        auth.uid(),
        request_generation.generation_type,
        request_generation.prompt,
        request_generation.idempotency_key,
        request_generation.user_image_id,
        request_generation.pay_with_credits,
        request_generation.options
    );
end;
$$;
COMMENT ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) IS 'public.request_generation for whoever calls.';
CREATE FUNCTION private.request_generation_for(profile_id uuid, generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) RETURNS public.generations
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := request_generation_for.profile_id;
    v_terms constant private.request_terms := private.request_terms_of(
        request_generation_for.generation_type
    );
    v_settings constant private.settings := v_terms.settings;
    v_type constant public.generation_types := v_terms.generation_type;
    v_model constant private.generation_models := v_terms.model;
    v_prompt text;
    v_options jsonb;
    v_subscription_id uuid;
    v_cost_credits bigint := 0;
    v_generation public.generations;
begin
    -- The lock makes calls of one person follow each other: all that is looked at below stays so.
    perform private.lock_person(v_profile_id);
    v_prompt := private.check_prompt(
        request_generation_for.prompt, v_settings.max_prompt_characters
    );
    v_generation := private.find_repeat(
        v_profile_id, request_generation_for.idempotency_key,
        request_generation_for.generation_type, v_prompt, request_generation_for.user_image_id,
        request_generation_for.options
    );
    if v_generation.id is not null then
        return v_generation;
    end if;
    if v_model.model is null then
        perform private.refuse_unknown_type();
    end if;
    perform private.check_user_image(
        v_profile_id, request_generation_for.user_image_id, v_type.user_image
    );
    v_options := private.check_options(v_terms.options, request_generation_for.options);
    perform private.check_limits(v_profile_id, v_settings);
    v_subscription_id := private.price_generation(
        v_profile_id, v_terms, coalesce(request_generation_for.pay_with_credits, false)
    );
    if v_subscription_id is null then
        v_cost_credits := v_type.cost_credits;
    end if;
    insert into public.generations (
        profile_id, generation_type, prompt, user_image_id, options, credit_cost,
        idempotency_key, deadline_at
    )
    values (
        v_profile_id,
        v_type.type_key,
        v_prompt,
        request_generation_for.user_image_id,
        v_options,
        v_cost_credits,
        request_generation_for.idempotency_key,
        now() + coalesce(v_model.deadline, v_settings.generation_deadline)
    )
    returning * into v_generation;
    if v_subscription_id is null then
        perform private.spend_credits(v_profile_id, v_type.cost_credits, v_generation.id);
    else
        insert into public.plan_uses (generation_id, profile_id, subscription_id)
        values (v_generation.id, v_profile_id, v_subscription_id);
    end if;
    -- In this transaction and on the node of the spend, always: see private.generation_jobs.
    insert into private.generation_jobs (profile_id, kind, generation_id)
    values (v_profile_id, 'submit', v_generation.id);
    -- Last, since it may hold up other people's requests until this one commits.
    perform private.reserve_provider_spend(v_model.expected_cost_micros, v_terms);
    perform private.wake_worker();
    return v_generation;
end;
$$;
COMMENT ON FUNCTION private.request_generation_for(profile_id uuid, generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) IS 'The rule behind public.request_generation, for this person: it reads no claims and no settings of
the session.';
CREATE FUNCTION private.request_terms_of(generation_type text) RETURNS private.request_terms
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_terms private.request_terms;
begin
    select
        s,
        t,
        m,
        array(
            select o
            from public.generation_options as o
            where o.type_key = t.type_key
        ),
        case when t.is_in_unlimited then
            array(
                select p
                from public.plans as p
                where p.is_unlimited
            )
        end,
        (select max(o.expected_cost_micros) from private.generation_models as o)
    into v_terms
    from private.settings as s
    left join public.generation_types as t
        on t.type_key = request_terms_of.generation_type and t.is_enabled
    left join lateral private.find_model(t.type_key) as m on true;
    return v_terms;
end;
$$;
COMMENT ON FUNCTION private.request_terms_of(generation_type text) IS 'What a request for this type is judged by, in one statement: it reads nobody''s rows. Type and
model are null when it is not for sale.';
CREATE FUNCTION private.require_idempotency_key(idempotency_key uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if require_idempotency_key.idempotency_key is null then
        raise sqlstate 'PT400' using
            message = 'idempotency_key_required',
            detail = 'The idempotency_key is missing.',
            hint = 'Make a UUID once per request, and send the same one when you try again.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.require_idempotency_key(idempotency_key uuid) IS 'Refuses with PT400 idempotency_key_required.';
CREATE FUNCTION private.reserve_provider_spend(micros bigint, terms private.request_terms) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_day constant date := (now() at time zone 'utc')::date;
    v_max constant bigint :=
        (reserve_provider_spend.terms.settings).max_provider_spend_per_day_micros;
    v_in_flight constant bigint :=
        16 * coalesce(reserve_provider_spend.terms.max_expected_cost_micros, 0);
begin
    if v_max is null or reserve_provider_spend.micros = 0 then
        return;
    end if;
    -- Far from the limit each session adds to a shard of its own. What others have added and not
    -- committed is invisible: at most one request a shard.
    if private.provider_spend_of(v_day) + reserve_provider_spend.micros + v_in_flight <= v_max then
        perform private.add_provider_spend(
            v_day, pg_backend_pid() % 16, reserve_provider_spend.micros
        );
        if private.provider_spend_of(v_day) + v_in_flight <= v_max then
            return;
        end if;
        -- The limit came near between two statements: the next try goes the exact way.
        perform private.refuse_daily_capacity(1);
    end if;
    -- Near the limit all shards are locked, in order, and the sum is exact.
    perform private.add_provider_spend(v_day, 0, 0);
    perform
    from private.provider_spend as s
    where s.day = v_day
    order by s.shard
    for no key update;
    if private.provider_spend_of(v_day) + reserve_provider_spend.micros > v_max then
        perform private.refuse_daily_capacity(
            ceil(extract(
                epoch from (v_day + 1)::timestamp at time zone 'utc' - now()
            ))::integer
        );
    end if;
    perform private.add_provider_spend(v_day, 0, reserve_provider_spend.micros);
end;
$$;
COMMENT ON FUNCTION private.reserve_provider_spend(micros bigint, terms private.request_terms) IS 'Counts the expected cost of an attempt, or refuses with 429 daily_capacity_reached until the day is
over. Never admits more than settings.max_provider_spend_per_day_micros, however many ask at once.';
CREATE FUNCTION private.resolve_stripe_alarm(id bigint, who text, why text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if not exists (
        select
        from private.stripe_alarms as a
        where a.id = resolve_stripe_alarm.id
    ) then
        raise sqlstate 'PT404' using
            message = 'alarm_not_found',
            detail = 'There is no such alarm.',
            hint = 'Read them with: thumbsmith stripe alarms';
    end if;
    perform private.audit(
        resolve_stripe_alarm.who, 'resolve_stripe_alarm', resolve_stripe_alarm.why,
        'stripe_alarm:' || resolve_stripe_alarm.id
    );
    update private.stripe_alarms as a
    set resolved_at = now()
    where a.id = resolve_stripe_alarm.id
        and a.resolved_at is null;
    return found;
end;
$$;
COMMENT ON FUNCTION private.resolve_stripe_alarm(id bigint, who text, why text) IS 'A person says that an alarm is dealt with. False when it was before. Refuses with PT404
alarm_not_found; PT422 reason_required.';
CREATE FUNCTION private.resume_erasure() RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id uuid;
begin
    -- One person a call: each is locked with all that is under way.
    select p.id into v_profile_id
    from public.profiles as p
    where p.deleted_at > now() - interval '3 days'
        and not exists (select from auth.users as u where u.id = p.id)
        and not exists (
            select
            from private.erasures as e
            where e.profile_id = p.id
                and e.restored_at is null
        )
    limit 1;
    if found then
        return (private.close_account(v_profile_id, 'auth') is not null)::integer;
    end if;
    -- An upload or a page that was under way may end after its account did: signed addresses for
    -- uploads live for hours, resumable uploads for a day.
    select e.profile_id into v_profile_id
    from private.erasures as e
    where e.finished_at > now() - interval '3 days'
        and e.restored_at is null
        and not private.erase_payload(e.profile_id) ? 'user_id'
    limit 1;
    if found then
        perform private.start_erasure(v_profile_id, 'auth');
        return 1;
    end if;
    return 0;
end;
$$;
COMMENT ON FUNCTION private.resume_erasure() IS 'Closes an account that Auth deleted while somebody held it, or erases again what turned up after an
erasure. Returns how many: at most one.';
CREATE FUNCTION private.retried(tries integer, slug text, due_at timestamp with time zone, is_awaited boolean) RETURNS private.job_state
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    return (
        coalesce(
            retried.due_at, now() + private.retry_wait(retried.tries, retried.is_awaited)
        ),
        retried.tries + 1,
        retried.slug,
        null
    )::private.job_state;
end;
$$;
COMMENT ON FUNCTION private.retried(tries integer, slug text, due_at timestamp with time zone, is_awaited boolean) IS 'A try has failed after this many others, for the reason slug: the job is tried again at this time;
null waits as long as its failed tries ask for, less while a person waits.';
CREATE FUNCTION private.retry_find(job private.generation_jobs) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_grace interval;
    v_until timestamptz;
    v_is_over boolean;
begin
    select s.submit_unknown_grace into v_grace
    from private.settings as s;
    select
        a.unknown_since + v_grace,
        g.finished_at is not null
    into v_until, v_is_over
    from private.generation_attempts as a
    inner join public.generations as g
        on a.profile_id = g.profile_id and a.generation_id = g.id
    where a.profile_id = retry_find.job.profile_id
        and a.id = retry_find.job.attempt_id;
    if now() < v_until then
        perform private.retry_generation_job(
            retry_find.job.profile_id,
            retry_find.job.id,
            due_at => least(now() + private.backoff(retry_find.job.tries + 2), v_until)
        );
        return;
    end if;
    update private.generation_attempts as a
    set
        status = 'abandoned',
        finished_at = now()
    where a.profile_id = retry_find.job.profile_id
        and a.id = retry_find.job.attempt_id
        and a.status = 'submit_unknown';
    if v_is_over then
        perform private.finish_generation_job(retry_find.job.profile_id, retry_find.job.id);
        return;
    end if;
    perform private.continue_generation_job(retry_find.job.profile_id, retry_find.job.id, 'submit');
end;
$$;
COMMENT ON FUNCTION private.retry_find(job private.generation_jobs) IS 'The lost attempt was not in the provider''s list: looked for again, and given up for another
attempt once the grace time is over. If it turns up after that, it is canceled.';
CREATE FUNCTION private.retry_generation_job(profile_id uuid, job_id bigint, slug text DEFAULT NULL::text, due_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = retry_generation_job.profile_id
        and j.id = retry_generation_job.job_id;
    perform private.set_generation_job_state(
        retry_generation_job.profile_id, retry_generation_job.job_id,
        private.retried(
            v_job.tries, retry_generation_job.slug, retry_generation_job.due_at,
            is_awaited => v_job.generation_id is not null
        )
    );
end;
$$;
COMMENT ON FUNCTION private.retry_generation_job(profile_id uuid, job_id bigint, slug text, due_at timestamp with time zone) IS 'A try has failed, for the reason slug: the job is tried again at this time; null waits as long as
its failed tries ask for, or keeps the last error.';
CREATE FUNCTION private.retry_job(job_id bigint, slug text DEFAULT NULL::text, due_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job private.jobs;
begin
    select j.* into v_job
    from private.jobs as j
    where j.id = retry_job.job_id;
    perform private.set_job_state(
        retry_job.job_id,
        private.retried(
            v_job.tries, retry_job.slug, retry_job.due_at,
            is_awaited => false
        )
    );
end;
$$;
COMMENT ON FUNCTION private.retry_job(job_id bigint, slug text, due_at timestamp with time zone) IS 'A try has failed, for the reason slug: the job is tried again at this time; null waits as long as
its failed tries ask for, or keeps the last error.';
CREATE FUNCTION private.retry_wait(tries integer, is_awaited boolean) RETURNS interval
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select least(
        private.backoff(retry_wait.tries),
        case when retry_wait.is_awaited then private.poll_interval(retry_wait.tries) end
    );
$$;
COMMENT ON FUNCTION private.retry_wait(tries integer, is_awaited boolean) IS 'How long a job waits after this many failed tries; not longer than a look at the provider while a
person waits for it.';
CREATE FUNCTION private.return_to_lot(profile_id uuid, lot_id bigint, amount bigint, kind text, generation_id uuid DEFAULT NULL::uuid, debt_lot_id bigint DEFAULT NULL::bigint, reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot public.credit_lots;
    v_grace interval;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = return_to_lot.profile_id
        and l.id = return_to_lot.lot_id;
    -- The lot expired meanwhile: what was left in it is gone, what comes back lives on for a while.
    -- A frozen lot gets its time when it is released.
    if v_lot.expires_at <= now() and v_lot.frozen_at is null then
        insert into public.credit_entries (profile_id, lot_id, amount, kind)
        select v_lot.profile_id, v_lot.id, -v_lot.remaining, 'expire'
        where v_lot.remaining > 0;
        select s.refund_grace into v_grace
        from private.settings as s;
        update public.credit_lots as l
        set expires_at = now() + v_grace
        where l.profile_id = v_lot.profile_id
            and l.id = v_lot.id;
    end if;
    insert into public.credit_entries (
        profile_id, lot_id, amount, kind, generation_id, debt_lot_id, reason
    )
    values (
        v_lot.profile_id, v_lot.id, return_to_lot.amount, return_to_lot.kind,
        return_to_lot.generation_id, return_to_lot.debt_lot_id, return_to_lot.reason
    );
    -- Its money went back after these credits were spent: they belong to that debt.
    if v_lot.owed > 0 then
        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, debt, debt_lot_id
        )
        values (
            v_lot.profile_id, v_lot.id, -least(v_lot.owed, return_to_lot.amount), 'repay',
            -least(v_lot.owed, return_to_lot.amount), v_lot.id
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.return_to_lot(profile_id uuid, lot_id bigint, amount bigint, kind text, generation_id uuid, debt_lot_id bigint, reason text) IS 'Puts credits back into the lot they came from. An expired lot lives again for
settings.refund_grace; a lot that owes repays itself first. The caller holds the profile''s lock.';
CREATE FUNCTION private.reversal_difference(reversal jsonb, statuses text[]) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case
        when not exists (
            select
            from private.payment_reversals as r
            where r.reversal_key = reversal_difference.reversal ->> 'id'
                and r.amount = (reversal_difference.reversal ->> 'amount')::bigint
                and r.status = any(reversal_difference.statuses)
        ) then reversal_difference.reversal ->> 'object' || '_differs'
    end;
$$;
COMMENT ON FUNCTION private.reversal_difference(reversal jsonb, statuses text[]) IS 'Whether a refund or a dispute is in our rows with one of these statuses; null when it is.';
CREATE FUNCTION private.reverse_bonus(profile_id uuid, grant_key text, referral_id uuid, is_reversed boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_lot public.credit_lots;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = reverse_bonus.profile_id
        and l.grant_key = reverse_bonus.grant_key;
    if found then
        perform private.claw_back_lot(
            reverse_bonus.profile_id,
            v_lot.id,
            case when reverse_bonus.is_reversed then v_lot.amount else 0 end,
            'referral:' || reverse_bonus.referral_id
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.reverse_bonus(profile_id uuid, grant_key text, referral_id uuid, is_reversed boolean) IS 'Takes the bonus of one side of a referral back, or gives it again.';
CREATE TABLE public.referrals (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    referred_id uuid NOT NULL,
    referrer_id uuid,
    code text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text,
    payment_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    rewarded_at timestamp with time zone,
    reversed_at timestamp with time zone,
    CONSTRAINT referrals_code_is_short CHECK ((char_length(code) <= 64)),
    CONSTRAINT referrals_reason_known CHECK ((reason = ANY (ARRAY['malformed_code'::text, 'unknown_code'::text, 'own_code'::text, 'circular'::text, 'repeated'::text, 'late'::text, 'known_person'::text, 'monthly_cap'::text, 'referrer_gone'::text]))),
    CONSTRAINT referrals_rejected_has_reason CHECK (((status = 'rejected'::text) = (reason IS NOT NULL))),
    CONSTRAINT referrals_rejected_or_has_referrer CHECK (((status = 'rejected'::text) OR (referrer_id IS NOT NULL))),
    CONSTRAINT referrals_reversed_has_payment CHECK (((status <> 'reversed'::text) OR (payment_id IS NOT NULL))),
    CONSTRAINT referrals_reversed_has_reversed_at CHECK (((status = 'reversed'::text) = (reversed_at IS NOT NULL))),
    CONSTRAINT referrals_rewarded_has_rewarded_at CHECK (((status = ANY (ARRAY['rewarded'::text, 'reversed'::text])) = (rewarded_at IS NOT NULL))),
    CONSTRAINT referrals_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'rewarded'::text, 'rejected'::text, 'reversed'::text])))
);
COMMENT ON TABLE public.referrals IS 'One row per code that somebody came with, usable or not: pending → rewarded → reversed, or
rejected with the reason.';
COMMENT ON COLUMN public.referrals.code IS 'The code as it was given, cut at 64 characters.';
COMMENT ON COLUMN public.referrals.status IS 'pending, rewarded, reversed or rejected.';
COMMENT ON COLUMN public.referrals.reason IS 'Why it was rejected.';
COMMENT ON COLUMN public.referrals.payment_id IS 'The purchase that earned the reward, where the policy is first_purchase.';
CREATE FUNCTION private.reverse_referral(referral public.referrals, is_reversed boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_referral constant public.referrals := reverse_referral.referral;
    v_reversed_at constant timestamptz := case when reverse_referral.is_reversed then now() end;
begin
    update public.referrals as r
    set
        status = case when reverse_referral.is_reversed then 'reversed' else 'rewarded' end,
        reversed_at = v_reversed_at
    where r.referred_id = v_referral.referred_id
        and r.id = v_referral.id;
    perform private.reverse_bonus(
        v_referral.referrer_id, 'referral:' || v_referral.referred_id, v_referral.id,
        reverse_referral.is_reversed
    );
    perform private.reverse_bonus(
        v_referral.referred_id, 'referred:' || v_referral.referred_id, v_referral.id,
        reverse_referral.is_reversed
    );
end;
$$;
COMMENT ON FUNCTION private.reverse_referral(referral public.referrals, is_reversed boolean) IS 'Takes both bonuses of a referral back, or gives them again. The caller holds both profiles''
locks.';
CREATE FUNCTION private.reward_referral(referral public.referrals, payment_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_settings private.settings;
    v_reason text;
    v_rewarded_at timestamptz;
begin
    select s.* into v_settings
    from private.settings as s;
    v_reason := case
        when private.is_known_person(reward_referral.referral.referred_id) then 'known_person'
        when exists (
            select
            from public.profiles as p
            where p.id = reward_referral.referral.referrer_id
                and p.deleted_at is not null
        ) then 'referrer_gone'
        -- Rewards are counted under the referrer's lock, so that the cap holds.
        when (
            select count(*) >= v_settings.max_referral_rewards_per_month
            from public.referrals as r
            where r.referrer_id = reward_referral.referral.referrer_id
                and r.rewarded_at >= date_trunc('month', now(), 'utc')
        ) then 'monthly_cap'
    end;
    if v_reason is null then
        v_rewarded_at := now();
    end if;
    update public.referrals as r
    set
        status = case when v_reason is null then 'rewarded' else 'rejected' end,
        reason = v_reason,
        rewarded_at = v_rewarded_at,
        payment_id = case when v_reason is null then reward_referral.payment_id end
    where r.referred_id = reward_referral.referral.referred_id
        and r.id = reward_referral.referral.id
        and r.status = 'pending';
    if not found or v_reason is not null then
        return false;
    end if;
    perform private.grant_credits(
        reward_referral.referral.referrer_id, v_settings.referral_bonus_credits, 'referral',
        'referral:' || reward_referral.referral.referred_id
    );
    perform private.grant_credits(
        reward_referral.referral.referred_id, v_settings.referred_bonus_credits, 'referral',
        'referred:' || reward_referral.referral.referred_id
    );
    return true;
end;
$$;
COMMENT ON FUNCTION private.reward_referral(referral public.referrals, payment_id uuid) IS 'Pays a pending referral, or rejects it: known_person, referrer_gone, monthly_cap. True when it
paid. The caller holds both profiles'' locks.';
CREATE FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- Anonymous sign-ins cost nothing to make, so their credits wait until they become a person.
    if is_anonymous then
        return;
    end if;
    if private.is_confirmed(user_id) then
        -- Stays, whatever becomes of the referral: keeping a referrer busy makes nobody unknown.
        perform private.claim_address(user_id);
        perform private.try_settle_referral(user_id);
    end if;
    perform private.give_sign_up_credits(user_id);
end;
$$;
COMMENT ON FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean) IS 'Pays what a sign-up earns: the person''s own credits, and the referral once the address is
confirmed. Safe to call again: each grant has its key.';
CREATE FUNCTION private.run_sweep_step(step text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_done integer;
begin
    v_done := case run_sweep_step.step
        when 'expired' then private.expire_overdue_generations(500)
        when 'forgotten' then private.expire_forgotten_generations(500)
        when 'expired_lots' then private.expire_lots()
        when 'rewarded' then private.settle_pending_referrals(100)
        when 'granted_periods' then private.grant_due_months(100)
        when 'stale_checkouts' then private.close_stale_checkouts(100)
        when 'expired_user_images' then private.expire_user_images(100)
        when 'erasures' then private.resume_erasure()
    end;
    -- What Stripe has to be asked for goes with the pages of Stripe.
    if run_sweep_step.step = 'stale_checkouts' then
        perform private.start_reconcile();
    end if;
    return v_done;
end;
$$;
COMMENT ON FUNCTION private.run_sweep_step(step text) IS 'Does what is due of one step, up to a limit. Returns how many that were.';
CREATE FUNCTION private.session_call(checkout public.checkouts) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'call', 'checkout.sessions.create',
        'params', jsonb_build_object(
            'mode', m.mode,
            'customer', m.customer_id,
            'client_reference_id', m.id,
            'metadata', m.names,
            -- A session's metadata is not copied to what it makes.
            m.mode_data, jsonb_build_object('metadata', m.names),
            'line_items', jsonb_build_array(
                jsonb_build_object('price', m.price_id, 'quantity', m.quantity)
            ),
            'success_url', m.checkout_success_url,
            'cancel_url', m.checkout_cancel_url
        )
    )
    from (
        select
            c.customer_id,
            p.price_id,
            (session_call.checkout).id::text as id,
            (session_call.checkout).quantity,
            jsonb_build_object(
                'checkout_id', (session_call.checkout).id,
                'profile_id', (session_call.checkout).profile_id
            ) as names,
            case (session_call.checkout).item_kind
                when 'pack' then 'payment' else 'subscription'
            end as mode,
            case (session_call.checkout).item_kind
                when 'pack' then 'payment_intent_data' else 'subscription_data'
            end as mode_data,
            s.checkout_success_url,
            coalesce(s.checkout_cancel_url, s.checkout_success_url) as checkout_cancel_url
        from private.settings as s
        inner join private.stripe_customers as c
            on c.profile_id = (session_call.checkout).profile_id
            and c.is_current
        inner join private.stripe_prices as p
            on p.item_kind = (session_call.checkout).item_kind
            and p.item_key = (session_call.checkout).item_key
            and p.is_current
    ) as m;
$$;
COMMENT ON FUNCTION private.session_call(checkout public.checkouts) IS 'The call that makes the Checkout session of a pack or a subscription.';
CREATE FUNCTION private.session_difference(session jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case
        when session_difference.session ->> 'mode' = 'payment'
            and session_difference.session ->> 'payment_status' in ('paid', 'no_payment_required')
            and session_difference.session ->> 'status' = 'complete'
            and not exists (
                select
                from public.payments as p
                where p.stripe_payment_id = session_difference.session ->> 'id'
            ) then 'payment_missing'
        when exists (
            select
            from public.checkouts as c
            where (
                    c.stripe_session_id = session_difference.session ->> 'id'
                    -- As private.adopt_session() would take it.
                    or (
                        c.stripe_session_id is null
                        and c.id::text = session_difference.session ->> 'client_reference_id'
                        and c.profile_id = private.profile_of_customer(
                            session_difference.session ->> 'customer'
                        )
                    )
                )
                and c.status <> case session_difference.session ->> 'status'
                    when 'expired' then 'expired'
                    when 'open' then c.status
                    else case
                        when session_difference.session ->> 'payment_status' <> 'unpaid'
                            or session_difference.session ->> 'mode' = 'subscription'
                            then 'completed'
                        -- No or not yet: only the session with its PaymentIntent tells.
                        when c.status = 'failed' then 'failed'
                        else 'pending'
                    end
                end
                and not (
                    session_difference.session ->> 'status' = 'expired' and c.status = 'failed'
                )
        ) then 'checkout_differs'
    end;
$$;
COMMENT ON FUNCTION private.session_difference(session jsonb) IS 'What of a Checkout session is not in our rows; null when all is.';
CREATE FUNCTION private.set_generation_job_attempt(profile_id uuid, job_id bigint, attempt_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.generation_jobs as j
    set attempt_id = set_generation_job_attempt.attempt_id
    where j.profile_id = set_generation_job_attempt.profile_id
        and j.id = set_generation_job_attempt.job_id;
end;
$$;
COMMENT ON FUNCTION private.set_generation_job_attempt(profile_id uuid, job_id bigint, attempt_id uuid) IS 'The job is about this attempt at the provider from now on; its lease stays.';
CREATE FUNCTION private.set_generation_job_state(profile_id uuid, job_id bigint, state private.job_state, kind text DEFAULT NULL::text, attempt_id uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.generation_jobs as j
    set
        kind = coalesce(set_generation_job_state.kind, j.kind),
        -- The next submission is another attempt.
        attempt_id = case
            when coalesce(set_generation_job_state.kind, j.kind) <> 'submit'
            then coalesce(set_generation_job_state.attempt_id, j.attempt_id)
        end,
        due_at = coalesce(set_generation_job_state.state.due_at, j.due_at),
        tries = coalesce(set_generation_job_state.state.tries, j.tries),
        lease_token = null,
        last_error = coalesce(set_generation_job_state.state.last_error, j.last_error),
        dead_at = set_generation_job_state.state.dead_at
    where j.profile_id = set_generation_job_state.profile_id
        and j.id = set_generation_job_state.job_id;
end;
$$;
COMMENT ON FUNCTION private.set_generation_job_state(profile_id uuid, job_id bigint, state private.job_state, kind text, attempt_id uuid) IS 'Writes what becomes of a job. Null keeps its kind and its attempt.';
CREATE FUNCTION private.set_job_state(job_id bigint, state private.job_state, kind text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.jobs as j
    set
        kind = coalesce(set_job_state.kind, j.kind),
        due_at = coalesce(set_job_state.state.due_at, j.due_at),
        tries = coalesce(set_job_state.state.tries, j.tries),
        lease_token = null,
        last_error = coalesce(set_job_state.state.last_error, j.last_error),
        dead_at = set_job_state.state.dead_at
    where j.id = set_job_state.job_id;
end;
$$;
COMMENT ON FUNCTION private.set_job_state(job_id bigint, state private.job_state, kind text) IS 'Writes what becomes of a job. Null keeps its kind.';
CREATE FUNCTION private.settle_cancel(job private.generation_jobs, provider_job jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- What counts is that the provider stops; until it does, ask again.
    if private.store_attempt_state(
        settle_cancel.job.profile_id, settle_cancel.job.attempt_id, settle_cancel.provider_job
    ) then
        perform private.finish_generation_job(settle_cancel.job.profile_id, settle_cancel.job.id);
    else
        perform private.retry_generation_job(settle_cancel.job.profile_id, settle_cancel.job.id);
    end if;
end;
$$;
COMMENT ON FUNCTION private.settle_cancel(job private.generation_jobs, provider_job jsonb) IS 'A prediction that nobody waits for: stopped, and its cost counted; a picture it may have made is
not looked at.';
CREATE FUNCTION private.settle_payment(profile_id uuid, payment_id uuid, reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_reversed bigint;
    v_dispute_status text;
    v_payment public.payments;
    v_lot record;
begin
    perform private.lock_profile(settle_payment.profile_id);
    select
        coalesce(sum(r.amount) filter (where r.status in ('taken', 'lost')), 0),
        -- One open dispute is enough to be in dispute; one lost outweighs one won.
        coalesce(
            min(r.status) filter (where r.status = 'open'),
            min(r.status) filter (where r.kind = 'dispute')
        )
    into v_reversed, v_dispute_status
    from private.payment_reversals as r
    where r.profile_id = settle_payment.profile_id
        and r.payment_id = settle_payment.payment_id;
    update public.payments as p
    set
        amount_reversed = least(p.amount, v_reversed),
        dispute_status = v_dispute_status
    where p.profile_id = settle_payment.profile_id
        and p.id = settle_payment.payment_id
    returning p.* into v_payment;
    -- In proportion, in favor of the person; the whole amount takes the whole lot.
    for v_lot in
        select
            l.id,
            floor(l.amount::numeric * v_payment.amount_reversed / v_payment.amount)::bigint
                as target
        from public.credit_lots as l
        where l.profile_id = settle_payment.profile_id
            and l.payment_id = settle_payment.payment_id
            and v_payment.amount > 0
        order by l.created_at, l.id
    loop
        perform private.claw_back_lot(
            settle_payment.profile_id, v_lot.id, v_lot.target, settle_payment.reason
        );
    end loop;
    perform private.freeze_payment(settle_payment.profile_id, settle_payment.payment_id);
end;
$$;
COMMENT ON FUNCTION private.settle_payment(profile_id uuid, payment_id uuid, reason text) IS 'Makes the credits of a payment what its reversals say: claws back in proportion to the money that
went back, and freezes while a dispute is open. Safe to call again.';
CREATE FUNCTION private.settle_pending_referrals(max_referrals integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_pending record;
    v_policy text;
    v_due uuid[];
    v_people uuid[];
    v_rewarded integer := 0;
begin
    select s.referral_policy into v_policy
    from private.settings as s;
    select
        array_agg(d.referred_id order by d.created_at),
        array_agg(d.referred_id) || array_agg(d.referrer_id)
    into v_due, v_people
    from (
        select
            r.referred_id,
            r.referrer_id,
            r.created_at
        from public.referrals as r
        where r.status = 'pending'
            and private.is_confirmed(r.referred_id)
            and (
                v_policy = 'confirmed'
                or private.qualifying_payment(r.referred_id) is not null
            )
        order by r.created_at
        limit settle_pending_referrals.max_referrals
    ) as d;
    -- All of them at once, in id order: one pair after the other could meet another transaction's.
    perform private.lock_profiles(v_people);
    for v_pending in
        select d.referred_id
        from unnest(v_due) with ordinality as d (referred_id, position)
        order by d.position
    loop
        if private.settle_referral(v_pending.referred_id) then
            v_rewarded := v_rewarded + 1;
        end if;
    end loop;
    return v_rewarded;
end;
$$;
COMMENT ON FUNCTION private.settle_pending_referrals(max_referrals integer) IS 'Settles pending referrals that are due: whose reward was postponed, or whose policy changed.
Returns how many were paid.';
CREATE FUNCTION private.settle_provider_job(job private.generation_jobs, provider_job jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_status constant text := settle_provider_job.provider_job ->> 'status';
    v_error constant text := settle_provider_job.provider_job ->> 'error';
    v_is_final constant boolean := private.store_attempt_state(
        settle_provider_job.job.profile_id,
        settle_provider_job.job.attempt_id,
        settle_provider_job.provider_job
    );
    v_attempt private.generation_attempts;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = settle_provider_job.job.profile_id
        and a.id = settle_provider_job.job.attempt_id;
    if v_status = 'succeeded' and v_attempt.output_url is not null then
        perform private.start_storing(
            settle_provider_job.job.profile_id, settle_provider_job.job.generation_id
        );
        perform private.continue_generation_job(
            settle_provider_job.job.profile_id, settle_provider_job.job.id, 'store'
        );
    elsif v_is_final then
        perform private.fail_attempt(
            settle_provider_job.job,
            'failed',
            case
                when v_status = 'succeeded'
                    and settle_provider_job.provider_job -> 'data_removed' = 'true'
                then 'output_gone'
                when v_status = 'succeeded' then 'output_missing'
                when v_error ~* '(nsfw|safety|sensitive|flagged|content policy)'
                then 'content_rejected'
                when v_status = 'failed' then 'provider_failed'
                else 'provider_stopped'
            end,
            v_error
        );
    elsif (
        select g.deadline_at <= now()
        from public.generations as g
        where g.profile_id = settle_provider_job.job.profile_id
            and g.id = settle_provider_job.job.generation_id
    ) then
        perform private.expire_generation(
            settle_provider_job.job.profile_id, settle_provider_job.job.generation_id
        );
    else
        perform private.continue_generation_job(
            settle_provider_job.job.profile_id,
            settle_provider_job.job.id,
            'poll',
            now() + private.poll_interval(v_attempt.polls)
        );
    end if;
end;
$$;
COMMENT ON FUNCTION private.settle_provider_job(job private.generation_jobs, provider_job jsonb) IS 'Decides what follows from the state of a prediction: store, another model, fail with refund,
expire, or look again.';
CREATE FUNCTION private.settle_referral(referred_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_referral public.referrals;
    v_payment_id uuid;
    v_is_earned boolean;
    v_is_refunded boolean;
begin
    -- Nobody to lock for most people, who came by themselves.
    if private.referrer_of(settle_referral.referred_id) is null then
        return false;
    end if;
    -- Profiles before the referral's own row, as everywhere.
    perform private.lock_with_referrer(settle_referral.referred_id);
    select r.* into v_referral
    from public.referrals as r
    where r.referred_id = settle_referral.referred_id
        and r.status <> 'rejected';
    if v_referral.status = 'pending' then
        select
            case s.referral_policy when 'first_purchase' then q.payment_id end,
            u.is_confirmed and (s.referral_policy = 'confirmed' or q.payment_id is not null)
        into v_payment_id, v_is_earned
        from private.settings as s
        cross join (
            select private.qualifying_payment(v_referral.referred_id) as payment_id
        ) as q
        cross join private.is_confirmed(v_referral.referred_id) as u (is_confirmed);
        if not v_is_earned then
            return false;
        end if;
        return private.reward_referral(v_referral, v_payment_id);
    end if;
    if v_referral.payment_id is not null then
        select p.amount_reversed >= p.amount into v_is_refunded
        from public.payments as p
        where p.profile_id = v_referral.referred_id
            and p.id = v_referral.payment_id;
        if v_is_refunded <> (v_referral.status = 'reversed') then
            perform private.reverse_referral(v_referral, v_is_refunded);
        end if;
    end if;
    return false;
end;
$$;
COMMENT ON FUNCTION private.settle_referral(referred_id uuid) IS 'Does what is due for the referral of this person: pays it once it is earned, and reverses it when
the purchase that earned it was refunded in full. Safe to call again. True when it paid now.';
CREATE FUNCTION private.sidecar_ready() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from private.settings as s);
$$;
COMMENT ON FUNCTION private.sidecar_ready() IS 'Whether the schema that the sidecar needs is in place.';
CREATE FUNCTION private.signed_in_profile() RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := auth.uid();
begin
    -- The token of a deleted account is valid for up to an hour.
    if not exists (
        select
        from public.profiles as p
        where p.id = v_profile_id
            and p.deleted_at is null
    ) then
        perform private.refuse_not_signed_in(v_profile_id);
    end if;
    return v_profile_id;
end;
$$;
COMMENT ON FUNCTION private.signed_in_profile() IS 'The caller''s profile id, or PT401 not_signed_in: also when the account was deleted.';
CREATE TABLE private.stripe_prices (
    price_id text NOT NULL,
    item_kind text NOT NULL,
    item_key text NOT NULL,
    product_id text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    billing_interval text,
    is_current boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stripe_prices_amount_not_negative CHECK ((amount >= 0)),
    CONSTRAINT stripe_prices_billing_interval_known CHECK ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT stripe_prices_item_kind_known CHECK ((item_kind = ANY (ARRAY['pack'::text, 'subscription'::text]))),
    CONSTRAINT stripe_prices_subscription_has_interval CHECK (((item_kind = 'subscription'::text) = (billing_interval IS NOT NULL)))
);
COMMENT ON TABLE private.stripe_prices IS 'Each price at Stripe that was ever ours, and what it sells. Old ones stay: somebody may still pay
them. What a payment bought follows from here, never from its metadata.';
COMMENT ON COLUMN private.stripe_prices.amount IS 'Minor units of the currency.';
COMMENT ON COLUMN private.stripe_prices.is_current IS 'Whether new Checkouts use it.';
CREATE TABLE public.credit_packs (
    pack_key text NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    credits bigint NOT NULL,
    credits_last interval,
    price_amount bigint NOT NULL,
    currency text DEFAULT 'usd'::text NOT NULL,
    max_quantity integer DEFAULT 1 NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT credit_packs_credits_last_positive CHECK ((credits_last > '00:00:00'::interval)),
    CONSTRAINT credit_packs_credits_positive CHECK ((credits > 0)),
    CONSTRAINT credit_packs_currency_is_iso CHECK ((currency ~ '^[a-z]{3}$'::text)),
    CONSTRAINT credit_packs_max_quantity_in_range CHECK (((max_quantity >= 1) AND (max_quantity <= 1000))),
    CONSTRAINT credit_packs_pack_key_is_slug CHECK ((pack_key ~ '^[a-z][a-z0-9_]{1,62}$'::text)),
    CONSTRAINT credit_packs_price_amount_not_negative CHECK ((price_amount >= 0))
);
COMMENT ON TABLE public.credit_packs IS 'Credits that can be bought once.';
COMMENT ON COLUMN public.credit_packs.title IS 'Its name, as people read it.';
COMMENT ON COLUMN public.credit_packs.description IS 'What it is, as people read it.';
COMMENT ON COLUMN public.credit_packs.credits IS 'Credits of one pack.';
COMMENT ON COLUMN public.credit_packs.credits_last IS 'How long its credits live from the purchase on; null: for ever.';
COMMENT ON COLUMN public.credit_packs.price_amount IS 'Price of one pack, in minor units of the currency.';
COMMENT ON COLUMN public.credit_packs.currency IS 'ISO 4217, in lower case as Stripe has it.';
COMMENT ON COLUMN public.credit_packs.max_quantity IS 'How many may be bought at once.';
COMMENT ON COLUMN public.credit_packs.is_enabled IS 'Whether it can be bought now.';
CREATE VIEW private.catalog WITH (security_invoker='true') AS
 SELECT i.item_kind,
    i.item_key,
    (
        CASE i.item_kind
            WHEN 'pack'::text THEN 'pack_'::text
            ELSE 'plan_'::text
        END || i.item_key) AS lookup_key,
    (('thumbsmith_'::text ||
        CASE i.item_kind
            WHEN 'pack'::text THEN 'pack_'::text
            ELSE 'plan_'::text
        END) || i.item_key) AS product_id,
    i.title,
    i.description,
    i.amount,
    i.currency,
    i.billing_interval,
    i.is_enabled,
    p.price_id
   FROM (( SELECT 'pack'::text AS item_kind,
            c.pack_key AS item_key,
            c.title,
            c.description,
            c.price_amount AS amount,
            c.currency,
            NULL::text AS billing_interval,
            c.is_enabled
           FROM public.credit_packs c
        UNION ALL
         SELECT 'subscription'::text AS item_kind,
            l.plan_name AS item_key,
            l.title,
            l.description,
            l.price_amount AS amount,
            l.currency,
            l.billing_interval,
            l.is_enabled
           FROM public.plans l) i
     LEFT JOIN private.stripe_prices p ON (((i.item_kind = p.item_kind) AND (i.item_key = p.item_key) AND p.is_current AND (i.amount = p.amount) AND (i.currency = p.currency) AND (NOT (i.billing_interval IS DISTINCT FROM p.billing_interval)))));
COMMENT ON VIEW private.catalog IS 'All that is sold, and its price at Stripe: null until `thumbsmith catalog push` has made one.';
COMMENT ON COLUMN private.catalog.lookup_key IS 'The lookup key of its price at Stripe.';
COMMENT ON COLUMN private.catalog.product_id IS 'The id of its product at Stripe.';
CREATE FUNCTION private.sold_item(item_kind text, item_key text) RETURNS private.catalog
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_item private.catalog;
begin
    -- Written out, so that who asks is told the words.
    if coalesce(sold_item.item_kind not in ('pack', 'subscription'), true) then
        raise sqlstate 'PT422' using
            message = 'item_kind_unknown',
            detail = 'item_kind is pack or subscription.',
            hint = 'A pack is bought once, a subscription is paid every month or year.';
    end if;
    select c.* into v_item
    from private.catalog as c
    where c.item_kind = sold_item.item_kind
        and c.item_key = sold_item.item_key
        and c.is_enabled;
    if not found then
        raise sqlstate 'PT404' using
            message = 'item_not_found',
            detail = 'There is no such pack or plan.',
            hint = 'Read credit_packs and plans for what there is.';
    end if;
    if v_item.price_id is null or exists (
        select
        from private.settings as s
        where s.checkout_success_url is null
    ) then
        raise sqlstate 'PT503' using
            message = 'checkout_not_ready',
            detail = 'This cannot be bought yet.',
            hint = 'The operator has to run: thumbsmith catalog push, and to set the addresses.';
    end if;
    return v_item;
end;
$$;
COMMENT ON FUNCTION private.sold_item(item_kind text, item_key text) IS 'What is for sale under this key, or PT404 item_not_found; PT422 item_kind_unknown; PT503
checkout_not_ready while it has no price at Stripe or there is no page to come back to.';
CREATE FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_missing bigint;
begin
    perform private.lock_profile(spend_credits.profile_id);
    v_missing := private.burn_lots(
        spend_credits.profile_id, spend_credits.amount, 'spend', spend_credits.generation_id
    );
    if v_missing > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format(
                'It costs %s credits and %s are missing.', spend_credits.amount, v_missing
            ),
            hint = 'Buy credits, or ask for a cheaper generation type.';
    end if;
end;
$$;
COMMENT ON FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) IS 'Burns credits for a generation, or raises PT402 insufficient_credits and changes nothing.';
CREATE FUNCTION private.start_attempt(job private.generation_jobs) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := start_attempt.job.profile_id;
    v_last private.generation_attempts;
    v_generation public.generations;
    v_model private.generation_models;
    v_error text;
begin
    select a.* into v_last
    from private.generation_attempts as a
    where a.profile_id = v_profile_id
        and a.generation_id = start_attempt.job.generation_id
        and a.duplicate_of is null
    order by a.attempt_number desc
    limit 1
    for update;
    -- A worker had it and never answered: the provider may have the request.
    if v_last.status = 'submitting' then
        job.attempt_id := v_last.id;
        perform private.mark_submit_unknown(job, 'no report');
        return null;
    end if;
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.id = start_attempt.job.generation_id;
    -- The generation ended while its job waited: nothing is sent any more.
    if v_generation.finished_at is not null then
        perform private.finish_generation_job(v_profile_id, start_attempt.job.id);
        return null;
    end if;
    v_error := private.unsendable(v_generation);
    v_model := private.next_model(v_generation.generation_type, v_last);
    -- A type that has lost its models since: nobody could ever make the picture.
    if v_error is not null or v_model.model is null then
        perform private.fail_generation(
            start_attempt.job, coalesce(v_error, 'provider_unavailable')
        );
        return null;
    end if;
    perform private.start_submitting(v_profile_id, v_generation.id);
    return private.insert_attempt(v_profile_id, v_generation.id, v_model);
end;
$$;
COMMENT ON FUNCTION private.start_attempt(job private.generation_jobs) IS 'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send: then the job has been seen to.';
CREATE FUNCTION private.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) RETURNS public.checkouts
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.start_checkout_for(
        auth.uid(),
        start_checkout.item_kind,
        start_checkout.item_key,
        start_checkout.idempotency_key,
        start_checkout.quantity
    );
end;
$$;
COMMENT ON FUNCTION private.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) IS 'public.start_checkout for whoever calls.';
CREATE FUNCTION private.start_checkout_for(profile_id uuid, item_kind text, item_key text, idempotency_key uuid, quantity integer) RETURNS public.checkouts
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := start_checkout_for.profile_id;
    v_quantity constant integer := coalesce(start_checkout_for.quantity, 1);
    v_checkout public.checkouts;
    v_item private.catalog;
    v_pack public.credit_packs;
begin
    perform private.lock_person(v_profile_id);
    v_checkout := private.find_checkout(
        v_profile_id, start_checkout_for.idempotency_key, start_checkout_for.item_kind,
        start_checkout_for.item_key, v_quantity
    );
    if v_checkout.id is not null then
        return v_checkout;
    end if;
    v_item := private.sold_item(start_checkout_for.item_kind, start_checkout_for.item_key);
    select p.* into v_pack
    from public.credit_packs as p
    where v_item.item_kind = 'pack'
        and p.pack_key = v_item.item_key;
    if v_quantity not between 1 and coalesce(v_pack.max_quantity, 1) then
        raise sqlstate 'PT422' using
            message = 'quantity_out_of_range',
            detail = format('From 1 to %s may be bought at once.',
                coalesce(v_pack.max_quantity, 1)),
            hint = 'Ask for fewer.';
    end if;
    -- The page that is open already does: whoever lost its address finds it again.
    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = v_profile_id
        and (c.item_kind, c.item_key, c.quantity)
        = (v_item.item_kind, v_item.item_key, v_quantity)
        and c.status in ('requested', 'open')
        and (c.expires_at is null or c.expires_at > now())
    order by c.id desc
    limit 1;
    if found then
        return v_checkout;
    end if;
    if v_item.item_kind = 'subscription' then
        perform private.check_no_subscription(v_profile_id, v_item.item_key);
    end if;
    return private.open_checkout(
        v_profile_id, v_item.item_kind, v_item.item_key, v_quantity, v_pack.credits,
        start_checkout_for.idempotency_key
    );
end;
$$;
COMMENT ON FUNCTION private.start_checkout_for(profile_id uuid, item_kind text, item_key text, idempotency_key uuid, quantity integer) IS 'The rule behind public.start_checkout, for this person.';
CREATE FUNCTION private.start_erasure(profile_id uuid, asked_by text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
    insert into private.erasures (profile_id, asked_by)
    values (start_erasure.profile_id, start_erasure.asked_by)
    on conflict (profile_id) where restored_at is null do update
    set finished_at = null;
    insert into private.jobs (kind, account_id, profile_id)
    values ('erase', start_erasure.profile_id, start_erasure.profile_id)
    on conflict (account_id) where account_id is not null do nothing;
    perform private.wake_worker();
end;
$$;
COMMENT ON FUNCTION private.start_erasure(profile_id uuid, asked_by text) IS 'Has a closed account erased, or what turned up after it was.';
CREATE FUNCTION private.start_image_removal(profile_id uuid, user_image_id uuid, reason text) RETURNS public.user_images
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_image public.user_images;
begin
    update public.user_images as i
    set
        removed_at = now(),
        removal_reason = start_image_removal.reason
    where i.profile_id = start_image_removal.profile_id
        and i.id = start_image_removal.user_image_id
        and i.removed_at is null;
    if found then
        insert into private.jobs (kind, user_image_id, profile_id)
        values (
            'remove_user_image', start_image_removal.user_image_id,
            start_image_removal.profile_id
        );
    end if;
    select i.* into v_image
    from public.user_images as i
    where i.profile_id = start_image_removal.profile_id
        and i.id = start_image_removal.user_image_id;
    return v_image;
end;
$$;
COMMENT ON FUNCTION private.start_image_removal(profile_id uuid, user_image_id uuid, reason text) IS 'Takes a photo out of use, once, and has its file deleted.';
CREATE FUNCTION private.start_portal(idempotency_key uuid) RETURNS public.checkouts
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    return private.start_portal_for(
        auth.uid(),
        start_portal.idempotency_key
    );
end;
$$;
COMMENT ON FUNCTION private.start_portal(idempotency_key uuid) IS 'public.start_portal for whoever calls.';
CREATE FUNCTION private.start_portal_for(profile_id uuid, idempotency_key uuid) RETURNS public.checkouts
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := start_portal_for.profile_id;
    v_checkout public.checkouts;
begin
    perform private.lock_person(v_profile_id);
    v_checkout := private.find_checkout(
        v_profile_id, start_portal_for.idempotency_key, 'portal', null, 1
    );
    if v_checkout.id is not null then
        return v_checkout;
    end if;
    if not exists (
        select
        from private.stripe_customers as c
        where c.profile_id = v_profile_id
            and c.is_current
    ) then
        raise sqlstate 'PT404' using
            message = 'nothing_bought',
            detail = 'Nothing was bought yet, so there is nothing to manage.',
            hint = 'Buy something with start_checkout first.';
    end if;
    return private.open_checkout(
        v_profile_id, 'portal', null, 1, null, start_portal_for.idempotency_key
    );
end;
$$;
COMMENT ON FUNCTION private.start_portal_for(profile_id uuid, idempotency_key uuid) IS 'The rule behind public.start_portal, for this person.';
CREATE FUNCTION private.start_processing(profile_id uuid, generation_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    update public.generations as g
    set status = 'processing'
    where g.profile_id = start_processing.profile_id
        and g.id = start_processing.generation_id
        and g.status = 'submitting';
$$;
COMMENT ON FUNCTION private.start_processing(profile_id uuid, generation_id uuid) IS 'submitting → processing; nothing when it is further on, or over.';
CREATE FUNCTION private.start_reconcile() RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_session_id text;
begin
    insert into private.reconcile_runs (since)
    select
        -- With a day in common with the last one; the first looks as far back as Stripe retries.
        coalesce(
            max(r.started_at) filter (where r.finished_at is not null),
            now() - interval '2 days'
        ) - interval '1 day'
    from private.reconcile_runs as r
    having coalesce(max(r.started_at), '-infinity') <= now() - (
        select s.reconcile_interval from private.settings as s
    )
        and count(*) filter (where r.finished_at is null) = 0
        -- Nothing to compare before anything was sold.
        and exists (select from private.stripe_customers as c)
    on conflict do nothing;
    if not found then
        return false;
    end if;
    insert into private.jobs (kind, stripe_object_id)
    values ('reconcile', 'reconcile')
    on conflict (stripe_object_id) where stripe_object_id is not null do nothing;
    -- A bank may take longer to answer than the lists go back.
    for v_session_id in
        select c.stripe_session_id
        from public.checkouts as c
        where c.status = 'pending'
            and c.finished_at is null
        order by c.created_at, c.id
    loop
        perform private.enqueue_fetch(v_session_id);
    end loop;
    return true;
end;
$$;
COMMENT ON FUNCTION private.start_reconcile() IS 'Begins a comparison once settings.reconcile_interval has passed since the last one began. True when
it did.';
CREATE FUNCTION private.start_storing(profile_id uuid, generation_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    update public.generations as g
    set status = 'storing'
    where g.profile_id = start_storing.profile_id
        and g.id = start_storing.generation_id
        and g.status = 'processing';
$$;
COMMENT ON FUNCTION private.start_storing(profile_id uuid, generation_id uuid) IS 'processing → storing; nothing when it is further on, or over.';
CREATE FUNCTION private.start_submitting(profile_id uuid, generation_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    update public.generations as g
    set status = 'submitting'
    where g.profile_id = start_submitting.profile_id
        and g.id = start_submitting.generation_id
        and g.status = 'queued';
$$;
COMMENT ON FUNCTION private.start_submitting(profile_id uuid, generation_id uuid) IS 'queued → submitting; another attempt of one that is further on leaves it there.';
CREATE FUNCTION private.status_transitions() RETURNS TABLE(subject text, from_status text, to_status text)
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    values
    ('generation', 'queued', 'submitting'),
    ('generation', 'submitting', 'processing'),
    ('generation', 'processing', 'storing'),
    ('generation', 'storing', 'succeeded'),
    ('generation', 'queued', 'failed'),
    ('generation', 'submitting', 'failed'),
    ('generation', 'processing', 'failed'),
    ('generation', 'storing', 'failed'),
    ('generation', 'queued', 'canceled'),
    ('generation', 'submitting', 'canceled'),
    ('generation', 'processing', 'canceled'),
    ('generation', 'queued', 'expired'),
    ('generation', 'submitting', 'expired'),
    ('generation', 'processing', 'expired'),
    ('generation', 'storing', 'expired'),
    ('attempt', 'submitting', 'processing'),
    ('attempt', 'submitting', 'submit_unknown'),
    ('attempt', 'submitting', 'refused'),
    ('attempt', 'submitting', 'failed'),
    ('attempt', 'submit_unknown', 'processing'),
    ('attempt', 'submit_unknown', 'abandoned'),
    ('attempt', 'processing', 'succeeded'),
    ('attempt', 'processing', 'failed'),
    ('attempt', 'processing', 'canceled');
$$;
COMMENT ON FUNCTION private.status_transitions() IS 'Every transition that the status of a generation, or of an attempt, may make; all others
are refused. Drawn in docs/states.md.';
CREATE FUNCTION private.stop_erasure(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_job_id bigint;
begin
    select j.id into v_job_id
    from private.jobs as j
    where j.account_id = stop_erasure.profile_id;
    perform private.finish_job(v_job_id);
    update private.erasures as e
    set restored_at = now()
    where e.profile_id = stop_erasure.profile_id
        and e.restored_at is null;
    -- A consent that has ended does not come back.
    insert into private.jobs (kind, user_image_id, profile_id)
    select
        'remove_user_image',
        i.id,
        i.profile_id
    from public.user_images as i
    where i.profile_id = stop_erasure.profile_id
        and i.removed_at is not null
        and i.deleted_at is null
    on conflict (user_image_id) where user_image_id is not null do nothing;
end;
$$;
COMMENT ON FUNCTION private.stop_erasure(profile_id uuid) IS 'The person is back under the same id: nothing more is erased than the photos that were removed.';
CREATE FUNCTION private.store_attempt_state(profile_id uuid, attempt_id uuid, provider_job jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_status constant text := store_attempt_state.provider_job ->> 'status';
    v_is_final constant boolean :=
        coalesce(v_status in ('succeeded', 'failed', 'canceled', 'aborted'), false);
    v_seconds constant numeric := case
        when jsonb_typeof(store_attempt_state.provider_job #> '{metrics,predict_time}') = 'number'
        -- Whatever a provider says: no negative cost, and none of more than a day.
        then least(
            greatest(
                (store_attempt_state.provider_job #>> '{metrics,predict_time}')::numeric, 0
            ),
            86400
        )
    end;
    v_attempt private.generation_attempts;
    v_generation public.generations;
    v_pointer text[];
    v_cost_micros bigint;
    v_output_url text;
    v_finished_at timestamptz;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = store_attempt_state.profile_id
        and a.id = store_attempt_state.attempt_id;
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = store_attempt_state.profile_id
        and g.id = v_attempt.generation_id;
    select m.output_pointer into v_pointer
    from private.generation_models as m
    where m.type_key = v_generation.generation_type
        and m.preference = v_attempt.preference;
    v_output_url := private.output_url(
        store_attempt_state.provider_job -> 'output', v_pointer
    );
    if v_is_final then
        v_cost_micros := private.attempt_cost(v_attempt, v_status, v_seconds);
        v_finished_at := now();
    end if;
    update private.generation_attempts as a
    set
        provider_status = v_status,
        provider_error = left(store_attempt_state.provider_job ->> 'error', 2000),
        polls = a.polls + 1,
        predict_seconds = v_seconds,
        cost_micros = v_cost_micros,
        output_url = v_output_url,
        status = case
            when not v_is_final or a.finished_at is not null then a.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = coalesce(a.finished_at, v_finished_at)
    where a.profile_id = store_attempt_state.profile_id
        and a.id = store_attempt_state.attempt_id
        -- An attempt whose cost is known stays as it is: the provider may have removed its data
        -- since.
        and a.cost_micros is null;
    return v_is_final;
end;
$$;
COMMENT ON FUNCTION private.store_attempt_state(profile_id uuid, attempt_id uuid, provider_job jsonb) IS 'Writes what the provider says of a prediction to its attempt. True when that is its end: any other
status, also one of tomorrow, is not, and our own deadline bounds it.';
CREATE FUNCTION private.store_code_failure(profile_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    delete from private.code_failures as f
    where f.profile_id = store_code_failure.profile_id
        and f.failed_at <= now() - interval '1 hour';
    insert into private.code_failures (profile_id)
    values (store_code_failure.profile_id);
end;
$$;
COMMENT ON FUNCTION private.store_code_failure(profile_id uuid) IS 'Counts a wrong code.';
CREATE FUNCTION private.store_duplicate(attempt private.generation_attempts, provider_job_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_duplicate_id uuid;
begin
    insert into private.generation_attempts (
        profile_id, generation_id, attempt_number, preference, model, duplicate_of, status,
        provider_job_id, expected_cost_micros, cost_per_second_micros
    )
    select
        store_duplicate.attempt.profile_id,
        store_duplicate.attempt.generation_id,
        max(a.attempt_number) + 1,
        store_duplicate.attempt.preference,
        store_duplicate.attempt.model,
        store_duplicate.attempt.id,
        'processing',
        store_duplicate.provider_job_id,
        store_duplicate.attempt.expected_cost_micros,
        store_duplicate.attempt.cost_per_second_micros
    from private.generation_attempts as a
    where a.profile_id = store_duplicate.attempt.profile_id
        and a.generation_id = store_duplicate.attempt.generation_id
    on conflict on constraint generation_attempts_provider_job_id_key do nothing
    returning id into v_duplicate_id;
    if v_duplicate_id is not null then
        perform private.enqueue_cancel(store_duplicate.attempt.profile_id, v_duplicate_id);
    end if;
end;
$$;
COMMENT ON FUNCTION private.store_duplicate(attempt private.generation_attempts, provider_job_id text) IS 'The provider carried out one attempt twice, as a proxy''s retry can make it: the second prediction
is stopped, its cost counted, its picture never looked at.';
CREATE FUNCTION private.store_erasure_answer(profile_id uuid, answer jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_answer constant jsonb := store_erasure_answer.answer;
    v_checkout_id uuid;
    v_subscription_id text;
begin
    update private.erasures as e
    set answers = e.answers || jsonb_strip_nulls(jsonb_build_object(
        'at', now(),
        'bucket', v_answer -> 'bucket',
        'removed', jsonb_array_length(v_answer -> 'removed'),
        'user_id', v_answer -> 'user_id',
        'object', v_answer -> 'object',
        'id', v_answer -> 'id',
        'deleted', v_answer -> 'deleted',
        'error', v_answer -> 'error',
        'status', v_answer -> 'status'
    ))
    where e.profile_id = store_erasure_answer.profile_id
        and e.restored_at is null;
    if v_answer ->> 'bucket' = 'faces' then
        update public.user_images as i
        set
            deleted_at = now(),
            deletion_answer = jsonb_build_object(
                'status', v_answer -> 'status', 'removed', jsonb_build_array(i.object_path)
            )
        where i.profile_id = store_erasure_answer.profile_id
            and i.deleted_at is null
            and i.removed_at is not null
            and v_answer -> 'removed' ? i.object_path;
    elsif v_answer ->> 'object' = 'checkout.session' then
        select c.id into v_checkout_id
        from public.checkouts as c
        where c.profile_id = store_erasure_answer.profile_id
            and c.stripe_session_id = v_answer ->> 'id';
        perform private.close_checkout(
            store_erasure_answer.profile_id, v_checkout_id, 'expired'
        );
    elsif v_answer ->> 'object' = 'customer' then
        update private.stripe_customers as c
        set deleted_at = now()
        where c.profile_id = store_erasure_answer.profile_id
            and c.customer_id = v_answer ->> 'id';
        -- The customer's subscriptions ended with the customer; an event may say so too.
        for v_subscription_id in
            select s.stripe_subscription_id
            from public.subscriptions as s
            where s.profile_id = store_erasure_answer.profile_id
                and s.status not in ('canceled', 'incomplete_expired')
                and s.stripe_subscription_id is not null
            order by s.stripe_subscription_id
        loop
            perform private.enqueue_fetch(v_subscription_id);
        end loop;
    end if;
end;
$$;
COMMENT ON FUNCTION private.store_erasure_answer(profile_id uuid, answer jsonb) IS 'Keeps an answer as proof, without names of files, and does what follows from it.';
CREATE FUNCTION private.store_referral(referred_id uuid, code text) RETURNS public.referrals
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_code constant text := upper(btrim(store_referral.code));
    v_referrer_id uuid;
    v_reason text;
    v_referral public.referrals;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.id = private.owner_of_code(store_referral.code)
        and p.deleted_at is null;
    v_reason := private.judge_referral(store_referral.referred_id, v_referrer_id, v_code);
    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        store_referral.referred_id,
        v_referrer_id,
        left(store_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    returning * into v_referral;
    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = store_referral.referred_id
        and v_reason is null;
    return v_referral;
end;
$$;
COMMENT ON FUNCTION private.store_referral(referred_id uuid, code text) IS 'Records the code a person came with: pending, or rejected with the reason. Never refuses.';
CREATE FUNCTION private.store_stripe_event(event jsonb, OUT object_id text, OUT outcome text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_event constant jsonb := store_stripe_event.event;
    v_id constant text := coalesce(v_event ->> 'snapshot_event', v_event ->> 'id');
    v_type constant text := regexp_replace(v_event ->> 'type', '^v1\.', '');
    v_subject constant jsonb := coalesce(v_event -> 'related_object', v_event #> '{data,object}');
    v_object_id constant text := v_subject ->> 'id';
begin
    if v_id is null or v_type is null or char_length(v_id) > 255 then
        outcome := 'invalid';
        return;
    end if;
    if (v_event -> 'livemode') is distinct from (
        select to_jsonb(s.stripe_livemode) from private.settings as s
    ) then
        outcome := 'wrong_mode';
        return;
    end if;
    -- A charge itself is nothing to us; that it was refunded is.
    if private.is_stripe_object_ours(v_object_id)
        and (v_object_id !~ '^(ch|py)_' or v_type = 'charge.refunded')
    then
        object_id := v_object_id;
    end if;
    insert into private.stripe_events (
        event_id, event_type, object_id, object_type, applied_at
    )
    values (
        v_id,
        left(v_type, 255),
        left(coalesce(v_object_id, ''), 255),
        left(coalesce(v_subject ->> 'object', v_subject ->> 'type', ''), 255),
        case when store_stripe_event.object_id is null then now() end
    )
    on conflict on constraint stripe_events_pkey do nothing;
    outcome := case when found then 'stored' else 'duplicate' end;
end;
$$;
COMMENT ON FUNCTION private.store_stripe_event(event jsonb, OUT object_id text, OUT outcome text) IS 'Stores an event once: stored, duplicate, wrong_mode or invalid; and which object is to be fetched,
if it concerns us.';
CREATE FUNCTION private.stripe_call(job private.jobs) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_call constant jsonb := case (stripe_call.job).kind
        when 'customer' then private.checkout_call(stripe_call.job)
        when 'checkout' then private.checkout_call(stripe_call.job)
        when 'reconcile' then private.reconcile_call()
        else private.fetch_call((stripe_call.job).kind, (stripe_call.job).stripe_object_id)
    end;
begin
    -- Its price or its customer is gone since: a call that nobody knows is refused for good.
    return jsonb_build_object('id', null, 'idempotency_key', null)
        || coalesce(v_call, '{"call": "none"}');
end;
$$;
COMMENT ON FUNCTION private.stripe_call(job private.jobs) IS 'What the sidecar is to ask Stripe for this job: {"call", "id", "params", "idempotency_key"}.';
CREATE FUNCTION private.stripe_difference(object jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case stripe_difference.object ->> 'object'
        when 'event' then case
            when not exists (
                select
                from private.stripe_events as e
                where e.event_id = stripe_difference.object ->> 'id'
            ) then 'event_missing'
        end
        when 'checkout.session' then private.session_difference(stripe_difference.object)
        when 'subscription' then private.subscription_difference(stripe_difference.object)
        when 'invoice' then case
            when stripe_difference.object ->> 'status' = 'paid'
                and stripe_difference.object
                    #>> '{parent,subscription_details,subscription}' is not null
                and (
                    (stripe_difference.object ->> 'amount_paid')::bigint > 0
                    or exists (select from private.paid_lines(stripe_difference.object) as l)
                )
                and not exists (
                    select
                    from public.payments as p
                    where p.stripe_payment_id = stripe_difference.object ->> 'id'
                ) then 'payment_missing'
        end
        when 'refund' then case stripe_difference.object ->> 'status'
            when 'requires_action' then null
            when 'failed' then private.reversal_difference(stripe_difference.object, '{undone}')
            when 'canceled' then private.reversal_difference(stripe_difference.object, '{undone}')
            else private.reversal_difference(stripe_difference.object, '{taken}')
        end
        when 'dispute' then case
            when stripe_difference.object ->> 'status' in ('won', 'warning_closed', 'prevented')
                then private.reversal_difference(stripe_difference.object, '{won}')
            when stripe_difference.object ->> 'status' = 'lost'
                or stripe_difference.object ->> 'status' like 'appeal%'
                then private.reversal_difference(stripe_difference.object, '{lost}')
            -- One that is closed here and open there: its closing came first.
            else private.reversal_difference(stripe_difference.object, '{open,won,lost}')
        end
    end;
$$;
COMMENT ON FUNCTION private.stripe_difference(object jsonb) IS 'What of an object of Stripe is not in our rows; null when all is.';
CREATE FUNCTION private.stripe_instant(seconds jsonb) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    select case
        when jsonb_typeof(stripe_instant.seconds) = 'number'
        then to_timestamp((stripe_instant.seconds)::double precision)
    end;
$$;
COMMENT ON FUNCTION private.stripe_instant(seconds jsonb) IS 'An instant as Stripe writes it: seconds since 1970; null stays null.';
CREATE FUNCTION private.stripe_livemode() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select s.stripe_livemode from private.settings as s;
$$;
COMMENT ON FUNCTION private.stripe_livemode() IS 'Whether this database sells for real. A sidecar with a key of the other mode does not start.';
CREATE FUNCTION private.submit_payload(attempt private.generation_attempts) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_generation public.generations;
    v_image_path text;
    v_model record;
begin
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = submit_payload.attempt.profile_id
        and g.id = submit_payload.attempt.generation_id;
    select i.object_path into v_image_path
    from public.user_images as i
    where i.profile_id = submit_payload.attempt.profile_id
        and i.id = v_generation.user_image_id;
    select
        m.*,
        s.signed_url_seconds
    into v_model
    from private.generation_models as m
    cross join private.settings as s
    where m.type_key = v_generation.generation_type
        and m.preference = submit_payload.attempt.preference;
    if not found then
        return null;
    end if;
    return jsonb_build_object(
        'attempt_id', submit_payload.attempt.id,
        'profile_id', submit_payload.attempt.profile_id,
        'attempt_token', submit_payload.attempt.attempt_token,
        'model', submit_payload.attempt.model,
        -- What a person says reaches exactly these keys: checked options, and the prompt.
        'input', v_model.input_template || (
            select coalesce(jsonb_object_agg(f.value, v_generation.options -> f.key), '{}')
            from jsonb_each_text(v_model.option_fields) as f (key, value)
            where v_generation.options ? f.key
        ) || jsonb_build_object(v_model.prompt_field, v_generation.prompt),
        'user_images', case
            when v_image_path is null or v_model.user_image_field is null
            then jsonb_build_array()
            else jsonb_build_array(
                jsonb_build_object(
                    'field', v_model.user_image_field,
                    'many', v_model.user_image_is_list,
                    'bucket', 'faces',
                    'object_path', v_image_path,
                    'expires_in', v_model.signed_url_seconds
                )
            )
        end,
        -- The provider's own deadline ends an orphan that we never hear of.
        'cancel_after_seconds',
        greatest(ceil(extract(epoch from v_generation.deadline_at - now()))::integer, 5)
    );
end;
$$;
COMMENT ON FUNCTION private.submit_payload(attempt private.generation_attempts) IS 'What the sidecar sends for this attempt: model, input, user images to sign, person and token of
the webhook address, deadline. Null when its model has gone.';
CREATE FUNCTION private.subscription_difference(subscription jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case
        when not exists (
            select
            from public.subscriptions as s
            where s.stripe_subscription_id = subscription_difference.subscription ->> 'id'
                and s.status = subscription_difference.subscription ->> 'status'
                and s.is_active = (
                    s.status in ('trialing', 'active')
                    and coalesce(jsonb_typeof(
                        subscription_difference.subscription -> 'pause_collection'
                    ), 'null') = 'null'
                )
                and s.current_period_end = private.stripe_instant(i.item -> 'current_period_end')
                and s.plan_name = coalesce(i.item ->> 'plan_name', s.plan_name)
                and s.quantity = greatest(coalesce((i.item ->> 'quantity')::integer, 1), 1)
                and s.end_date is not distinct from coalesce(
                    private.stripe_instant(subscription_difference.subscription -> 'ended_at'),
                    private.stripe_instant(subscription_difference.subscription -> 'cancel_at'),
                    case
                        when (
                            subscription_difference.subscription -> 'cancel_at_period_end'
                        )::boolean
                        then private.stripe_instant(i.item -> 'current_period_end')
                    end
                )
        ) then 'subscription_differs'
    end
    from private.item_of_subscription(subscription_difference.subscription) as i (item);
$$;
COMMENT ON FUNCTION private.subscription_difference(subscription jsonb) IS 'Whether a subscription is in our rows as it is at Stripe; null when it is.';
CREATE FUNCTION private.sweep() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_step record;
    v_turn integer;
    v_done integer;
    v_counts jsonb := jsonb_build_object();
begin
    -- One turn a call. Each step locks profiles in id order; one after the other would not.
    for v_step in
        select
            s.turn,
            s.step
        from private.sweep_steps() with ordinality as s (turn, step, listed)
        order by s.listed
    loop
        v_done := 0;
        if v_turn is null or v_turn = v_step.turn then
            v_done := private.run_sweep_step(v_step.step);
        end if;
        if v_done > 0 then
            v_turn := v_step.turn;
        end if;
        v_counts := v_counts || jsonb_build_object(v_step.step, v_done);
    end loop;
    return v_counts;
end;
$$;
COMMENT ON FUNCTION private.sweep() IS 'Does what time alone has made due, one turn of private.sweep_steps() a call. Safe to run at any
time and by many. Returns how many of each: call it again until there is nothing more.';
CREATE FUNCTION private.sweep_steps() RETURNS TABLE(turn integer, step text)
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    values
        (1, 'expired'),
        (2, 'forgotten'),
        (3, 'expired_lots'),
        (4, 'rewarded'),
        (5, 'granted_periods'),
        (6, 'stale_checkouts'),
        (6, 'expired_user_images'),
        (7, 'erasures');
$$;
COMMENT ON FUNCTION private.sweep_steps() IS 'What the sweep looks at, in this order, and the name under which it tells how many. Steps of one
turn go together.';
CREATE FUNCTION private.tg__audit_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_before constant jsonb := coalesce(to_jsonb(old), jsonb_build_object());
    v_after constant jsonb := coalesce(to_jsonb(new), jsonb_build_object());
begin
    if v_before = v_after then
        return null;
    end if;
    perform private.audit(
        coalesce(nullif(current_setting('thumbsmith.who', true), ''), session_user),
        'change_' || tg_table_name,
        coalesce(nullif(current_setting('thumbsmith.why', true), ''), 'no reason given'),
        'change:' || gen_random_uuid(),
        details => jsonb_build_object(
            'operation', lower(tg_op),
            'key', (
                select jsonb_object_agg(k.name, (v_before || v_after) -> k.name)
                from unnest(tg_argv) as k (name)
            ),
            'before', private.changed_columns(v_before, v_after),
            'after', private.changed_columns(v_after, v_before)
        )
    );
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg__audit_change() IS 'Writes what was changed in a row into private.audit_log; its arguments are the columns of the
table''s key. Who and why are those of the transaction: set local thumbsmith.who, thumbsmith.why.
Without them the name of the login stands there, and that no reason was given.';
CREATE FUNCTION private.tg__check_transition() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if not exists (
        select
        from private.status_transitions() as m
        where m.subject = tg_argv[0]
            and m.from_status = old.status
            and m.to_status = new.status
    ) then
        raise exception using
            errcode = 'PT409',
            message = 'wrong_state',
            detail = format('A %s cannot move from %s to %s.', tg_argv[0], old.status, new.status);
    end if;
    return new;
end;
$$;
COMMENT ON FUNCTION private.tg__check_transition() IS 'Refuses a transition that private.status_transitions() does not list: backwards, out of a final
status, or past a step.';
CREATE FUNCTION private.tg__ledger_only() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = '42501',
        message = 'ledger_only',
        detail = format('%s of %s would bypass the ledger.', tg_op, tg_relid::regclass),
        hint = 'Insert an entry into public.credit_entries: the balances follow.';
end;
$$;
COMMENT ON FUNCTION private.tg__ledger_only() IS 'Refuses to everyone what only the trigger of public.credit_entries may do.';
CREATE FUNCTION private.tg__refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = '42501',
        message = 'append_only',
        detail = format('%s on %s is refused to everyone.', tg_op, tg_relid::regclass),
        hint = 'Correct a wrong entry with a new entry.';
end;
$$;
COMMENT ON FUNCTION private.tg__refuse_change() IS 'Statement trigger for append-only tables: refuses UPDATE, DELETE and TRUNCATE to everyone.';
CREATE FUNCTION private.tg_credit_entries__apply() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_now constant timestamptz := now();
    v_is_there boolean := false;
begin
    -- Updated before the entry is inserted: the foreign keys then find the rows locked already.
    update public.profiles as p
    set
        credits = p.credits + new.amount,
        debt = p.debt + new.debt,
        entry_count = p.entry_count + 1
    where p.id = new.profile_id
    returning p.entry_count, p.credits into new.entry_number, new.balance_after;
    -- The balance has moved already: "on conflict do nothing" would drop the entry and leave that.
    -- Asked by the columns of the key each time, or a long history would be read.
    if new.kind = 'grant' then
        v_is_there := exists (
            select
            from public.credit_entries as e
            where e.profile_id = new.profile_id
                and e.lot_id = new.lot_id
                and e.kind = 'grant'
        );
    elsif new.generation_id is not null then
        v_is_there := exists (
            select
            from public.credit_entries as e
            where e.profile_id = new.profile_id
                and e.generation_id = new.generation_id
                and e.lot_id = new.lot_id
                and e.kind = new.kind
        );
    end if;
    if v_is_there then
        raise unique_violation using
            message = 'entry_exists',
            detail = format('Lot %s has its %s already.', new.lot_id, new.kind),
            constraint = 'credit_entries_generation_id_lot_id_kind_key';
    end if;
    -- A new lot brings its credits along.
    if new.kind <> 'grant' then
        update public.credit_lots as l
        set
            remaining = l.remaining + new.amount,
            exhausted_at = case when l.remaining + new.amount = 0 then v_now end
        where l.id = new.lot_id
            and l.profile_id = new.profile_id;
        if not found then
            raise foreign_key_violation using
                message = 'lot_of_another_profile',
                detail = format('Lot %s is not one of %s.', new.lot_id, new.profile_id);
        end if;
    end if;
    -- A repayment lowers the debt by what it takes, so it leaves clawed_back as it is.
    if new.kind in ('claw_back', 'repay', 'reinstate') then
        update public.credit_lots as l
        set
            clawed_back = l.clawed_back + new.debt - new.amount,
            owed = l.owed + new.debt
        where l.id = coalesce(new.debt_lot_id, new.lot_id)
            and l.profile_id = new.profile_id;
        if not found then
            raise foreign_key_violation using
                message = 'lot_of_another_profile',
                detail = format('Lot %s is not one of %s.', new.debt_lot_id, new.profile_id);
        end if;
    end if;
    return new;
end;
$$;
COMMENT ON FUNCTION private.tg_credit_entries__apply() IS 'Gives a new entry its number and its balance, and moves its lot and its profile by it.';
CREATE FUNCTION private.tg_credit_entries__refund_is_covered() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if not exists (
        select
        from public.credit_entries as e
        where e.generation_id = new.generation_id
            and e.lot_id = new.lot_id
            and e.profile_id = new.profile_id
            and e.kind = 'spend'
            and e.amount <= -new.amount
    ) then
        raise exception using
            errcode = 'check_violation',
            message = 'refund_exceeds_spend',
            detail = format(
                'Generation %s did not take %s credits from lot %s.',
                new.generation_id, new.amount, new.lot_id
            );
    end if;
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_credit_entries__refund_is_covered() IS 'Refuses a refund of more than the generation took from the lot.';
CREATE FUNCTION private.tg_credit_entries__restore_is_covered() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_left bigint;
    v_restored bigint;
begin
    select
        sum(e.amount),
        sum(e.amount) filter (where e.kind = 'restore')
    into v_left, v_restored
    from public.credit_entries as e
    where e.profile_id = new.profile_id
        and e.lot_id = new.lot_id
        and e.kind in ('expire', 'revoke', 'restore');
    if v_left > 0 or v_restored < 0 then
        raise exception using
            errcode = 'check_violation',
            message = 'restore_exceeds_loss',
            detail = format('Lot %s did not lose %s credits.', new.lot_id, abs(new.amount));
    end if;
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_credit_entries__restore_is_covered() IS 'Refuses to restore more than expired or was revoked, and to undo more than was restored.';
CREATE FUNCTION private.tg_credit_lots__grant() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    insert into public.credit_entries (profile_id, lot_id, amount, kind)
    values (new.profile_id, new.id, new.amount, 'grant');
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_credit_lots__grant() IS 'Writes the grant entry of a new lot.';
CREATE FUNCTION private.tg_generation_types__keep_key() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    raise exception using
        errcode = '42501',
        message = 'type_is_kept',
        detail = format('Generations may name the type %s.', old.type_key),
        hint = 'Take it off the market instead: is_enabled = false.';
end;
$$;
COMMENT ON FUNCTION private.tg_generation_types__keep_key() IS 'Stands in for a foreign key from generations, which would make all requests lock one row.';
CREATE FUNCTION private.tg_generations__broadcast() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    -- What Realtime cannot take becomes a warning, and the browser's own look finds the row.
    perform realtime.send(
        jsonb_build_object(
            'id', new.id,
            'status', new.status,
            'error', new.error,
            'output_path', new.output_path,
            'preview_path', new.preview_path,
            'finished_at', new.finished_at
        ),
        'generation',
        'profile:' || new.profile_id,
        true
    );
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_generations__broadcast() IS 'Broadcasts each transition of a generation as the event generation on the private topic
profile:<profile id>. Only a hint: it may be lost, the row is what counts.';
CREATE FUNCTION private.tg_users__close_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform private.try_close_account(old.id);
    update public.profiles as p
    set deleted_at = now()
    where p.id = old.id
        and p.deleted_at is null;
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_users__close_profile() IS 'Closes the account of a person who was deleted at Auth, and has their files erased. The money rows
stay, under a bare id.';
CREATE FUNCTION private.tg_users__confirm() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform private.reward_sign_up(new.id, coalesce(new.is_anonymous, false));
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_users__confirm() IS 'Pays what was waiting for a confirmed address, or for an anonymous person to become a real one.';
CREATE FUNCTION private.tg_users__create_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_code constant text := new.raw_user_meta_data ->> 'referral';
begin
    -- Somebody who was deleted and is restored under the same id finds their profile again.
    perform private.stop_erasure(new.id);
    update public.profiles as p
    set deleted_at = null
    where p.id = new.id;
    -- 30^8 codes: a clash is rare, and another draw ends it.
    while not found loop
        insert into public.profiles (id, referral_code)
        values (new.id, private.random_code(8))
        on conflict on constraint profiles_referral_code_key do nothing;
    end loop;
    if btrim(v_code) <> '' then
        perform private.store_referral(new.id, v_code);
    end if;
    perform private.reward_sign_up(new.id, coalesce(new.is_anonymous, false));
    return null;
end;
$$;
COMMENT ON FUNCTION private.tg_users__create_profile() IS 'Makes the profile of a new person, its code and its first credits. Never stops a sign-up.';
CREATE FUNCTION private.too_many_codes(retry_after_seconds integer) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.refuse(
        429,
        'too_many_codes',
        format('Too many wrong codes. Try again in %s seconds.',
            too_many_codes.retry_after_seconds),
        'Copy the code instead of typing it.',
        too_many_codes.retry_after_seconds
    );
$$;
COMMENT ON FUNCTION private.too_many_codes(retry_after_seconds integer) IS 'The answer to somebody who guesses.';
CREATE FUNCTION private.try_close_account(user_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '2s'
    AS $$
begin
    perform private.close_account(user_id, 'auth');
exception
    -- Whatever is wrong, Auth deletes the person all the same; private.sweep() tries again.
    when others then
        raise warning 'the erasure of % is postponed: %', user_id, sqlerrm;
end;
$$;
COMMENT ON FUNCTION private.try_close_account(user_id uuid) IS 'Closes the account of a person whom Auth deletes, now or with the next sweep.';
CREATE FUNCTION private.try_settle_referral(user_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '2s'
    AS $$
begin
    perform private.settle_referral(user_id);
exception
    -- The referrer's row may be locked for too long, and a sign-up must not fail for that. The
    -- referral stays pending and private.sweep() pays it.
    when lock_not_available or deadlock_detected then
        raise warning 'the referral reward of % is postponed: %', user_id, sqlerrm;
end;
$$;
COMMENT ON FUNCTION private.try_settle_referral(user_id uuid) IS 'Settles a referral now, or leaves it to the sweep when somebody holds the referrer.';
CREATE FUNCTION private.type_of_setting(setting text) RETURNS regtype
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_type constant regtype := (
        select a.atttypid
        from pg_attribute as a
        where a.attrelid = 'private.settings'::regclass
            and a.attnum > 0
            and not a.attisdropped
            and a.attname = type_of_setting.setting
            and a.attname <> 'id'
    );
begin
    if v_type is null then
        raise sqlstate 'PT404' using
            message = 'setting_not_found',
            detail = 'There is no such setting.',
            hint = 'See what there is with: thumbsmith settings list';
    end if;
    return v_type;
end;
$$;
COMMENT ON FUNCTION private.type_of_setting(setting text) IS 'The type of a column of private.settings. Refuses with PT404 setting_not_found.';
CREATE FUNCTION private.unearned_credits(profile_id uuid, subscription_id uuid, from_at timestamp with time zone, until_at timestamp with time zone, credits bigint, month_length interval) RETURNS numeric
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    with known as (
        select
            greatest(m.month_start, unearned_credits.from_at) as starts_at,
            least(m.month_end, unearned_credits.until_at) as ends_at,
            m.credits
        from private.subscription_months as m
        where m.profile_id = unearned_credits.profile_id
            and m.subscription_id = unearned_credits.subscription_id
            and m.month_start < unearned_credits.until_at
            and m.month_end > unearned_credits.from_at
    ),
    points as (
        select unearned_credits.from_at as point
        union
        select unearned_credits.until_at
        union
        select k.starts_at from known as k
        union
        select k.ends_at from known as k
    ),
    spans as (
        select
            p.point as starts_at,
            lead(p.point) over (order by p.point) as ends_at
        from points as p
    ),
    rises as (
        select
            extract(epoch from s.ends_at - s.starts_at) as seconds,
            greatest(
                unearned_credits.credits - coalesce((
                    select max(k.credits)
                    from known as k
                    where k.starts_at <= s.starts_at
                        and k.ends_at >= s.ends_at
                ), 0),
                0
            ) as credits
        from spans as s
        where s.ends_at is not null
    )
    select sum(r.seconds * r.credits) / extract(epoch from unearned_credits.month_length)
    from rises as r;
$$;
COMMENT ON FUNCTION private.unearned_credits(profile_id uuid, subscription_id uuid, from_at timestamp with time zone, until_at timestamp with time zone, credits bigint, month_length interval) IS 'The credits of this time that no month granted before has given already, when a whole month gives
so many: second by second, what goes beyond the highest level reached so far.
An upgrade earns the difference for the time that is left; back and forth between plans earns
nothing twice.';
CREATE FUNCTION private.unsendable(generation public.generations) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_max_attempts integer;
begin
    select s.max_generation_attempts into v_max_attempts
    from private.settings as s;
    if (
        select count(*)
        from private.generation_attempts as a
        where a.profile_id = unsendable.generation.profile_id
            and a.generation_id = unsendable.generation.id
            and a.duplicate_of is null
    ) >= v_max_attempts then
        return 'provider_unreachable';
    end if;
    -- The user image was removed or has expired since: it is not used any more.
    if exists (
        select
        from public.user_images as i
        where i.profile_id = unsendable.generation.profile_id
            and i.id = unsendable.generation.user_image_id
            and (i.removed_at is not null or i.expires_at <= now())
    ) then
        return 'face_missing';
    end if;
    return null;
end;
$$;
COMMENT ON FUNCTION private.unsendable(generation public.generations) IS 'Why a generation may not be sent to the provider any more, as a slug; null when it may.';
CREATE FUNCTION private.user_image_payload(profile_id uuid, user_image_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'target', 'storage',
        'bucket', 'faces',
        'names', jsonb_build_array(i.object_path)
    )
    from public.user_images as i
    where i.profile_id = user_image_payload.profile_id
        and i.id = user_image_payload.user_image_id;
$$;
COMMENT ON FUNCTION private.user_image_payload(profile_id uuid, user_image_id uuid) IS 'The file that the sidecar deletes.';
CREATE FUNCTION private.uuid_v7_floor(instant timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
    return (
        lpad(to_hex(floor(extract(epoch from uuid_v7_floor.instant) * 1000)::bigint), 12, '0')
        || '70008000000000000000'
    )::uuid;
end;
$$;
COMMENT ON FUNCTION private.uuid_v7_floor(instant timestamp with time zone) IS 'The lowest version 7 UUID of this millisecond: keys from it on were made then or later.';
CREATE FUNCTION private.waits_for_period(profile_id uuid, invoice jsonb, subscription_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select exists (
        select
        from private.paid_lines(waits_for_period.invoice) as l
        inner join private.stripe_prices as p
            on p.price_id = l.line #>> '{pricing,price_details,price}'
        where l.is_proration
            and p.billing_interval = 'month'
            and not exists (
                select
                from private.paid_periods as b
                where b.profile_id = waits_for_period.profile_id
                    and b.subscription_id = waits_for_period.subscription_id
                    and b.period_end = l.period_end
                    and not b.is_proration
            )
    );
$$;
COMMENT ON FUNCTION private.waits_for_period(profile_id uuid, invoice jsonb, subscription_id uuid) IS 'Whether an upgrade was paid in a month whose own payment is not here yet: how long that month is
decides what the rest of it is worth.';
CREATE FUNCTION private.wake_worker() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    -- The other half of declare_idle(): either this transaction commits before the worker gets the
    -- lock, and its second claim sees the job; or the flag is visible here. No wake-up is lost.
    perform pg_advisory_xact_lock_shared(hashtext('thumbsmith.idle_workers'));
    if exists (select from private.idle_workers) then
        perform pg_notify('thumbsmith_jobs', '');
    end if;
end;
$$;
COMMENT ON FUNCTION private.wake_worker() IS 'Wakes the sidecar if, and only if, it is asleep.';
CREATE FUNCTION public.add_user_image(object_path text) RETURNS public.user_images
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.add_user_image(add_user_image.object_path);
$$;
COMMENT ON FUNCTION public.add_user_image(object_path text) IS 'Record a face photo that was uploaded to the bucket faces, and consent to its use.
For the person who uploaded it. The same path gives the same row again. Refuses with PT404
object_not_found; PT409 user_image_limit_reached, user_image_being_removed.';
CREATE FUNCTION public.apply_referral_code(code text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.apply_referral_code(apply_referral_code.code);
$$;
COMMENT ON FUNCTION public.apply_referral_code(code text) IS 'Say who sent you, if the sign-up itself could not.
For signed-in people, within settings.referral_window of the sign-up. Returns {"status": "pending" |
"rewarded", "code": string}: pending until the address is confirmed or the first purchase is made,
then rewarded. Each try is recorded in referrals. Refuses with 404 referral_code_not_found; 409
referral_code_refused, with the reason in the details; 429 too_many_codes, with Retry-After.';
CREATE FUNCTION public.cancel_generation(generation_id uuid) RETURNS public.generations
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.cancel_generation(cancel_generation.generation_id);
$$;
COMMENT ON FUNCTION public.cancel_generation(generation_id uuid) IS 'Cancel a thumbnail that is not there yet, and get its credits back.
For the person who asked for it. Canceling twice gives the same answer. Refuses with PT404
generation_not_found; PT409 wrong_state once the picture is being stored or the generation is
over.';
CREATE FUNCTION public.delete_my_account(confirmation text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.delete_my_account(delete_my_account.confirmation);
$$;
COMMENT ON FUNCTION public.delete_my_account(confirmation text) IS 'Delete the signed-in person''s account. There is no way back.
confirmation has to be the words: delete my account. Closed at once: thumbnails under way are
canceled, and every further call is refused with PT401 not_signed_in, this one too, although the
token is valid for a while. Soon after, photos and pictures are deleted from Storage, the customer
and its subscriptions at Stripe, what was asked for, and the login itself. Payments and the ledger
stay under a bare id, as the law on accounts wants it. Returns {"deleted_at": string}. Refuses with
PT422 confirmation_required.';
CREATE FUNCTION public.export_my_data() RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_tables jsonb := '{}'::jsonb;
    v_table record;
    v_rows jsonb;
begin
    -- Every table whose rows belong to somebody, also one that is added later.
    for v_table in
        select c.oid::regclass as name, c.relname as key
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace
            and c.relkind in ('r', 'p')
            and not c.relispartition
            and a.attname = 'profile_id'
            and not a.attisdropped
            and has_table_privilege(c.oid, 'select')
        order by c.relname
    loop
        execute format(
            -- The key of a grant may hold the id of a friend.
            'select coalesce(jsonb_agg(to_jsonb(t) - ''grant_key''), ''[]'')
            from %s as t where t.profile_id = $1',
            v_table.name
        )
        into v_rows
        using v_profile_id;
        v_tables := v_tables || jsonb_build_object(v_table.key, v_rows);
    end loop;
    return v_tables || private.export_private_rows() || jsonb_build_object(
        'exported_at', now(),
        'account', jsonb_build_object(
            'id', v_profile_id,
            'email', auth.jwt() -> 'email',
            'phone', auth.jwt() -> 'phone',
            'user_metadata', auth.jwt() -> 'user_metadata'
        ),
        'profiles', (
            -- Who brought them is somebody else.
            select jsonb_agg(to_jsonb(p) - 'referred_by')
            from public.profiles as p
            where p.id = v_profile_id
        ),
        'referrals', (
            select coalesce(
                jsonb_agg(
                    -- Each side of a referral is told its own part.
                    to_jsonb(r) - 'referred_id' - 'referrer_id'
                    - case when r.referred_id = v_profile_id then '' else 'payment_id' end
                    || jsonb_build_object(
                        'side',
                        case when r.referred_id = v_profile_id then 'referred' else 'referrer' end
                    )
                    order by r.id
                ),
                '[]'
            )
            from public.referrals as r
            where v_profile_id in (r.referred_id, r.referrer_id)
        ),
        'files', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'bucket', o.bucket_id,
                        'name', o.name,
                        'created_at', o.created_at,
                        'metadata', o.metadata
                    )
                    order by o.bucket_id, o.name
                ),
                '[]'
            )
            from storage.objects as o
            where o.bucket_id in ('faces', 'thumbnails')
                and starts_with(o.name, v_profile_id::text || '/')
        )
    );
end;
$_$;
COMMENT ON FUNCTION public.export_my_data() IS 'All that is kept about the signed-in person, as one JSON object.
One key per table, each a list of rows; account: the address, as the token shows it; files: what
lies in Storage, to be downloaded there. Returns {"exported_at": string, "account": {[key: string]:
Json}, [table: string]: Json}. Of a referral each side gets its own part.';
CREATE FUNCTION public.generation_types(generation public.generations) RETURNS SETOF public.generation_types
    LANGUAGE sql STABLE ROWS 1
    SET search_path TO ''
    AS $$
    select t.*
    from public.generation_types as t
    where t.type_key = generation.generation_type;
$$;
COMMENT ON FUNCTION public.generation_types(generation public.generations) IS 'The type of a generation, for PostgREST to embed: select=*,generation_types(title).
A foreign key would make the requests of all people lock the same row.';
CREATE FUNCTION public.my_credits() RETURNS public.credit_summary
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    return private.my_credits();
end;
$$;
COMMENT ON FUNCTION public.my_credits() IS 'What the signed-in person has: available, held for pictures under way, frozen, owed, what expires
next, and what the plan grants next.';
CREATE FUNCTION public.quote_generation(generation_type text) RETURNS public.generation_quote
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select private.quote_generation(quote_generation.generation_type);
$$;
COMMENT ON FUNCTION public.quote_generation(generation_type text) IS 'What the next thumbnail of this type would cost the signed-in person.
Nothing is reserved. Refuses with PT404 generation_type_not_found.';
CREATE FUNCTION public.redeem_code(code text) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.redeem_code(redeem_code.code);
$$;
COMMENT ON FUNCTION public.redeem_code(code text) IS 'Turn a promotional code into credits.
For signed-in people with a confirmed address. Returns {"credits": number, "expires_at": string |
null}; expires_at is null when they never expire. Refuses with 403 confirmed_address_required; 404
code_not_found; 409 code_expired, code_exhausted, code_already_redeemed; 429 too_many_codes after
too many wrong codes within an hour, with Retry-After.';
CREATE FUNCTION public.remove_user_image(id uuid) RETURNS public.user_images
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.remove_user_image(remove_user_image.id);
$$;
COMMENT ON FUNCTION public.remove_user_image(id uuid) IS 'Withdraw a face photo: it is not used from now on, and its file is deleted.
For the person whose photo it is. removed_at is set at once; deleted_at, with the answer of the
Storage API in deletion_answer, once the file is gone. Removing twice gives the same answer. A
thumbnail that waits for the photo fails with face_missing and its credits come back. Refuses with
PT404 user_image_not_found.';
CREATE FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid DEFAULT NULL::uuid, pay_with_credits boolean DEFAULT false, options jsonb DEFAULT '{}'::jsonb) RETURNS public.generations
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    return private.request_generation(
        request_generation.generation_type,
        request_generation.prompt,
        request_generation.idempotency_key,
        request_generation.user_image_id,
        request_generation.pay_with_credits,
        request_generation.options
    );
end;
$$;
COMMENT ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) IS 'Ask for a thumbnail.
For signed-in people. Burns the cost of the generation type, or nothing when an unlimited plan
covers it, and queues the work in one transaction; returns the generation. The same idempotency_key
returns the same generation and burns nothing more. pay_with_credits says that credits may be burned
once the fair use of an unlimited plan is reached. options: see generation_options. Refuses with
PT402 insufficient_credits, fair_use_reached; PT404 generation_type_not_found, user_image_not_found;
PT409 idempotency_conflict; PT422 prompt_empty, prompt_too_long, prompt_has_control_characters,
user_image_required, user_image_not_supported, options_invalid; 429 too_many_running,
too_many_per_minute, too_many_per_day, daily_capacity_reached, with Retry-After.';
CREATE FUNCTION public.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer DEFAULT 1) RETURNS public.checkouts
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.start_checkout(
        start_checkout.item_kind, start_checkout.item_key, start_checkout.idempotency_key,
        start_checkout.quantity
    );
$$;
COMMENT ON FUNCTION public.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) IS 'Ask for a page where a pack or a subscription is paid.
For signed-in people. item_kind is pack or subscription, item_key a key of credit_packs or plans.
Returns the checkout: its url is there once status is open; poll the row. The same idempotency_key
returns the same checkout, and so does an item whose page is still open. Where the page leads back
to is the operator''s setting. Refuses with PT404 item_not_found; PT409 already_subscribed,
checkout_open, idempotency_conflict; PT422 item_kind_unknown, quantity_out_of_range; 429
too_many_checkouts, with Retry-After; PT503 checkout_not_ready.';
CREATE FUNCTION public.start_portal(idempotency_key uuid) RETURNS public.checkouts
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.start_portal(start_portal.idempotency_key);
$$;
COMMENT ON FUNCTION public.start_portal(idempotency_key uuid) IS 'Ask for the page where a person manages subscriptions, cards and invoices.
For signed-in people who have bought something. Returns the checkout: its url is there once status
is open, and works for a few minutes. The same idempotency_key returns the same one. Refuses with
PT404 nothing_bought; PT409 idempotency_conflict; 429 too_many_checkouts, with Retry-After.';
CREATE TABLE private.audit_log (
    id bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    profile_id uuid,
    reason text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    action_key text NOT NULL,
    session_role text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_log_actor_not_blank CHECK ((btrim(actor) <> ''::text)),
    CONSTRAINT audit_log_reason_not_blank CHECK ((btrim(reason) <> ''::text))
);
COMMENT ON TABLE private.audit_log IS 'One row per change made by an operator, by command or by hand, written in the transaction of the
change. Append-only.';
COMMENT ON COLUMN private.audit_log.actor IS 'Who did it, as they called themselves.';
COMMENT ON COLUMN private.audit_log.details IS 'What was changed, by name; its shape follows from action.';
COMMENT ON COLUMN private.audit_log.action_key IS 'Given by the caller: the same key never acts twice.';
COMMENT ON COLUMN private.audit_log.session_role IS 'The database role that was logged in.';
ALTER TABLE private.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE private.code_failures (
    id bigint NOT NULL,
    profile_id uuid NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE private.code_failures IS 'Wrong referral and promotional codes of the last hour.';
ALTER TABLE private.code_failures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.code_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE private.credit_freezes (
    profile_id uuid NOT NULL,
    lot_id bigint NOT NULL,
    freeze_key text NOT NULL,
    reason text NOT NULL,
    frozen_at timestamp with time zone DEFAULT now() NOT NULL,
    released_at timestamp with time zone
);
COMMENT ON TABLE private.credit_freezes IS 'Why a lot is or was frozen. credit_lots.frozen_at is set as long as one of these is open.';
COMMENT ON COLUMN private.credit_freezes.profile_id IS 'Whose lot it is.';
COMMENT ON COLUMN private.credit_freezes.freeze_key IS 'The dispute or the operator''s action behind it: one freeze per lot and key, for ever.';
CREATE TABLE private.erasures (
    id bigint NOT NULL,
    profile_id uuid NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    answers jsonb DEFAULT '[]'::jsonb NOT NULL,
    finished_at timestamp with time zone,
    restored_at timestamp with time zone,
    CONSTRAINT erasures_answers_is_list CHECK ((jsonb_typeof(answers) = 'array'::text)),
    CONSTRAINT erasures_asked_by_known CHECK ((asked_by = ANY (ARRAY['person'::text, 'auth'::text])))
);
COMMENT ON TABLE private.erasures IS 'Accounts that were deleted, and what Storage, Stripe and Auth answered when they were asked to
delete what they had: the proof. Holds no name of a file and no address.';
COMMENT ON COLUMN private.erasures.asked_by IS 'person: delete_my_account. auth: the person was deleted at Auth, in the dashboard for example.';
COMMENT ON COLUMN private.erasures.answers IS 'In the order in which they came.';
COMMENT ON COLUMN private.erasures.finished_at IS 'When nothing personal was left. Null again while something that came later is erased.';
COMMENT ON COLUMN private.erasures.restored_at IS 'When Auth made the person again under the same id: what was not erased by then stays.';
ALTER TABLE private.erasures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.erasures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE private.generation_jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.generation_jobs_id_seq
    START WITH 2
    INCREMENT BY 2
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW private.generation_margins AS
SELECT
    NULL::uuid AS generation_id,
    NULL::uuid AS profile_id,
    NULL::text AS generation_type,
    NULL::text AS status,
    NULL::timestamp with time zone AS created_at,
    NULL::text AS source,
    NULL::bigint AS credits,
    NULL::bigint AS revenue_micros,
    NULL::bigint AS cost_micros;
COMMENT ON VIEW private.generation_margins IS 'One row per picture and source of what paid for it: credits, revenue and cost. A picture that two
lots paid for has two rows, and its cost is shared as its credits were.';
COMMENT ON COLUMN private.generation_margins.source IS 'pack: <key>, subscription: <plan>, unlimited: <plan>, or free: <why>.';
COMMENT ON COLUMN private.generation_margins.credits IS 'Credits burned, less those given back.';
COMMENT ON COLUMN private.generation_margins.revenue_micros IS 'Millionths of a US dollar: the credits'' share of the payment behind them. Null: unknown currency,
or a plan without a payment in this time.';
COMMENT ON COLUMN private.generation_margins.cost_micros IS 'Millionths of a US dollar: all attempts, duplicates too.';
CREATE UNLOGGED TABLE private.idle_workers (
    worker_id text NOT NULL,
    idle_since timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE private.idle_workers IS 'Workers asleep on LISTEN. A request sends NOTIFY only while somebody is listed here: a NOTIFY in
every transaction would serialize all commits of the database.';
ALTER TABLE private.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.jobs_id_seq
    START WITH 1
    INCREMENT BY 2
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE private.known_addresses (
    address_hash bytea NOT NULL,
    profile_id uuid NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE private.known_addresses IS 'Which profile first confirmed an address, by its keyed hash: never the address itself. Rows outlive
the account, so that gifts are given once.';
CREATE TABLE private.paid_periods (
    invoice_line_id text NOT NULL,
    profile_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    plan_name text NOT NULL,
    quantity integer NOT NULL,
    is_proration boolean NOT NULL,
    period_start timestamp with time zone NOT NULL,
    period_end timestamp with time zone NOT NULL,
    months_granted integer DEFAULT 0 NOT NULL,
    next_month_at timestamp with time zone,
    CONSTRAINT paid_periods_is_forward CHECK ((period_end > period_start)),
    CONSTRAINT paid_periods_quantity_positive CHECK ((quantity > 0))
);
COMMENT ON TABLE private.paid_periods IS 'The time a line of a paid invoice paid a plan for. Its credits are granted month by month, a
year''s too.';
COMMENT ON COLUMN private.paid_periods.profile_id IS 'Whose subscription it is.';
COMMENT ON COLUMN private.paid_periods.quantity IS 'How many times the plan was paid.';
COMMENT ON COLUMN private.paid_periods.is_proration IS 'The rest of a period, after an upgrade.';
COMMENT ON COLUMN private.paid_periods.months_granted IS 'How many of its months have their credits.';
COMMENT ON COLUMN private.paid_periods.next_month_at IS 'When the next month''s credits are due; null: all were granted, or it was given up.';
CREATE TABLE private.payment_reversals (
    reversal_key text NOT NULL,
    profile_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payment_reversals_amount_not_negative CHECK ((amount >= 0)),
    CONSTRAINT payment_reversals_kind_and_status_known CHECK ((((kind = 'refund'::text) AND (status = ANY (ARRAY['taken'::text, 'undone'::text]))) OR ((kind = 'dispute'::text) AND (status = ANY (ARRAY['open'::text, 'lost'::text, 'won'::text])))))
);
COMMENT ON TABLE private.payment_reversals IS 'Refunds and disputes of payments, by the provider''s own id. What they do to credits follows from
these rows alone, so their order does not matter.';
COMMENT ON COLUMN private.payment_reversals.profile_id IS 'Who paid.';
COMMENT ON COLUMN private.payment_reversals.amount IS 'Minor units of the payment''s currency.';
COMMENT ON COLUMN private.payment_reversals.status IS 'refund: taken, or undone when it failed later. dispute: open, then lost or won.';
CREATE TABLE public.credit_lots (
    id bigint NOT NULL,
    profile_id uuid NOT NULL,
    source text NOT NULL,
    grant_key text NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    priority integer DEFAULT 100 NOT NULL,
    expires_at timestamp with time zone,
    frozen_at timestamp with time zone,
    clawed_back bigint DEFAULT 0 NOT NULL,
    owed bigint DEFAULT 0 NOT NULL,
    payment_id uuid,
    subscription_id uuid,
    exhausted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_lots_amount_positive CHECK ((amount > 0)),
    CONSTRAINT credit_lots_clawed_back_in_range CHECK (((clawed_back >= 0) AND (clawed_back <= amount))),
    CONSTRAINT credit_lots_exhausted_when_empty CHECK (((remaining = 0) = (exhausted_at IS NOT NULL))),
    CONSTRAINT credit_lots_owed_in_range CHECK (((owed >= 0) AND (owed <= clawed_back))),
    CONSTRAINT credit_lots_remaining_in_range CHECK (((remaining >= 0) AND (remaining <= amount))),
    CONSTRAINT credit_lots_source_known CHECK ((source = ANY (ARRAY['sign_up'::text, 'referral'::text, 'purchase'::text, 'subscription'::text, 'promotion'::text, 'operator'::text])))
)
WITH (fillfactor='70');
COMMENT ON TABLE public.credit_lots IS 'Where credits came from: one lot per grant. A spend burns open lots by priority, then earliest
expiry, then oldest; frozen and expired lots are not burned. Oldest is by created_at, and by id only
among lots of one transaction: a restored sequence or a second node may number them otherwise.';
COMMENT ON COLUMN public.credit_lots.source IS 'sign_up, referral, purchase, subscription, promotion or operator.';
COMMENT ON COLUMN public.credit_lots.grant_key IS 'Business key of the grant: the same key never grants twice.';
COMMENT ON COLUMN public.credit_lots.amount IS 'Credits granted.';
COMMENT ON COLUMN public.credit_lots.remaining IS 'Credits not yet burned.';
COMMENT ON COLUMN public.credit_lots.priority IS 'Lower burns first.';
COMMENT ON COLUMN public.credit_lots.expires_at IS 'Never burned from this instant on; null: never expires.';
COMMENT ON COLUMN public.credit_lots.frozen_at IS 'Neither burned nor expired while set: its payment is disputed, or an operator holds it.';
COMMENT ON COLUMN public.credit_lots.clawed_back IS 'Credits of it that were taken back for good: its payment was refunded or a dispute was lost.';
COMMENT ON COLUMN public.credit_lots.owed IS 'Part of clawed_back that was spent by then and no later grant has repaid yet.';
COMMENT ON COLUMN public.credit_lots.exhausted_at IS 'When remaining reached zero.';
CREATE TABLE public.payments (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    stripe_payment_id text NOT NULL,
    kind text NOT NULL,
    item_key text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    credits_added bigint DEFAULT 0 NOT NULL,
    amount_reversed bigint DEFAULT 0 NOT NULL,
    dispute_status text,
    subscription_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payments_amount_not_negative CHECK ((amount >= 0)),
    CONSTRAINT payments_amount_reversed_in_range CHECK (((amount_reversed >= 0) AND (amount_reversed <= amount))),
    CONSTRAINT payments_credits_added_not_negative CHECK ((credits_added >= 0)),
    CONSTRAINT payments_currency_is_iso CHECK ((currency ~ '^[a-z]{3}$'::text)),
    CONSTRAINT payments_dispute_status_known CHECK ((dispute_status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text]))),
    CONSTRAINT payments_kind_known CHECK ((kind = ANY (ARRAY['pack'::text, 'subscription'::text])))
);
COMMENT ON TABLE public.payments IS 'One row per payment that arrived.';
COMMENT ON COLUMN public.payments.stripe_payment_id IS 'Business key: the Checkout session (cs_…) or the invoice (in_…). The same payment is recorded once,
however often and by whatever event it is told.';
COMMENT ON COLUMN public.payments.kind IS 'pack or subscription.';
COMMENT ON COLUMN public.payments.item_key IS 'The pack or the plan it paid for.';
COMMENT ON COLUMN public.payments.amount IS 'Minor units of the currency.';
COMMENT ON COLUMN public.payments.currency IS 'ISO 4217, in lower case as Stripe has it.';
COMMENT ON COLUMN public.payments.credits_added IS 'Credits that were granted for it.';
COMMENT ON COLUMN public.payments.amount_reversed IS 'What of the amount was refunded or lost in a dispute.';
COMMENT ON COLUMN public.payments.dispute_status IS 'open: its credits are frozen. won: they are free again. lost: they were taken back.';
CREATE VIEW private.payment_worth WITH (security_invoker='true') AS
 WITH granted AS (
         SELECT l_1.payment_id,
            sum(l_1.amount) AS credits
           FROM public.credit_lots l_1
          WHERE (l_1.grant_key !~~ '%:carried'::text)
          GROUP BY l_1.payment_id
        ), planned AS (
         SELECT d_1.payment_id,
            sum(((n.credits_per_month * d_1.quantity) *
                CASE n.billing_interval
                    WHEN 'year'::text THEN 12
                    ELSE 1
                END)) AS credits
           FROM (private.paid_periods d_1
             JOIN public.plans n ON ((d_1.plan_name = n.plan_name)))
          WHERE (NOT d_1.is_proration)
          GROUP BY d_1.payment_id
        )
 SELECT p.id AS payment_id,
    ((p.amount - p.amount_reversed) * ((s.micros_per_minor_unit ->> p.currency))::bigint) AS micros,
    GREATEST(l.credits, d.credits) AS credits
   FROM (((public.payments p
     CROSS JOIN private.settings s)
     LEFT JOIN granted l ON ((p.id = l.payment_id)))
     LEFT JOIN planned d ON ((p.id = d.payment_id)));
COMMENT ON VIEW private.payment_worth IS 'What is left of each payment, and the credits it buys in all.';
COMMENT ON COLUMN private.payment_worth.micros IS 'Millionths of a US dollar after refunds and lost disputes; null: the currency has no rate in
settings.micros_per_minor_unit.';
CREATE TABLE public.plan_uses (
    generation_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    returned_at timestamp with time zone
);
COMMENT ON TABLE public.plan_uses IS 'One row per generation that an unlimited plan paid for.';
COMMENT ON COLUMN public.plan_uses.returned_at IS 'When it ended without a picture: from then on it does not count.';
CREATE VIEW private.plan_use_worth WITH (security_invoker='true') AS
 WITH used AS (
         SELECT DISTINCT ON (u_1.generation_id) u_1.generation_id,
            d.invoice_line_id,
            d.profile_id,
            d.subscription_id,
            d.payment_id,
            d.plan_name,
            d.quantity,
            d.is_proration,
            d.period_start,
            d.period_end,
            d.months_granted,
            d.next_month_at
           FROM (public.plan_uses u_1
             JOIN private.paid_periods d ON (((u_1.subscription_id = d.subscription_id) AND (u_1.created_at >= d.period_start) AND (u_1.created_at < d.period_end))))
          WHERE (u_1.returned_at IS NULL)
          ORDER BY u_1.generation_id, d.period_start DESC, d.invoice_line_id
        )
 SELECT u.generation_id,
    w.payment_id,
    (((w.micros)::numeric * LEAST((EXTRACT(epoch FROM (now() - u.period_start)) / EXTRACT(epoch FROM (u.period_end - u.period_start))), (1)::numeric)) / (count(*) OVER (PARTITION BY u.invoice_line_id))::numeric) AS micros
   FROM (used u
     JOIN private.payment_worth w ON ((u.payment_id = w.payment_id)));
COMMENT ON VIEW private.plan_use_worth IS 'What each picture of an unlimited plan brought in: its share of what was paid for the period.';
COMMENT ON COLUMN private.plan_use_worth.micros IS 'Millionths of a US dollar.';
CREATE TABLE private.promo_redemptions (
    promo_code_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    redemption_number integer NOT NULL,
    address_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE private.promo_redemptions IS 'Who redeemed what. The lot has the grant key promo:<code id>:<profile id>:<number>.';
COMMENT ON COLUMN private.promo_redemptions.address_hash IS 'Keyed hash of the address by then: a person who signs up again is the same person.';
CREATE TABLE private.provider_spend (
    day date NOT NULL,
    shard smallint NOT NULL,
    micros bigint DEFAULT 0 NOT NULL,
    CONSTRAINT provider_spend_micros_not_negative CHECK ((micros >= 0)),
    CONSTRAINT provider_spend_shard_in_range CHECK (((shard >= 0) AND (shard <= 15)))
)
WITH (fillfactor='50');
COMMENT ON TABLE private.provider_spend IS 'Expected spend at the provider per day (UTC), in millionths of a US dollar. The sum of the sixteen
shards counts: one row would make all requests of the database follow each other.';
COMMENT ON COLUMN private.provider_spend.micros IS 'Millionths of a US dollar.';
CREATE TABLE private.provider_webhooks (
    webhook_id text NOT NULL,
    profile_id uuid NOT NULL,
    attempt_token uuid NOT NULL,
    body jsonb NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_webhooks_webhook_id_is_short CHECK (((char_length(webhook_id) >= 1) AND (char_length(webhook_id) <= 255)))
);
COMMENT ON TABLE private.provider_webhooks IS 'Inbox of verified webhooks. A webhook is only a trigger: the prediction is read again from the
provider.';
COMMENT ON COLUMN private.provider_webhooks.webhook_id IS 'Stable over the provider''s retries, so a duplicate is stored once.';
COMMENT ON COLUMN private.provider_webhooks.profile_id IS 'Whose picture it is, as the address says that the provider was given.';
COMMENT ON COLUMN private.provider_webhooks.body IS 'The prediction as the provider told it,
https://replicate.com/docs/reference/http#predictions.get.';
CREATE TABLE private.reconcile_runs (
    id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    call_position integer DEFAULT 1 NOT NULL,
    last_object_id text,
    seen integer DEFAULT 0 NOT NULL,
    differing integer DEFAULT 0 NOT NULL
);
COMMENT ON TABLE private.reconcile_runs IS 'Comparisons of Stripe with our rows, page by page, by the worker.';
COMMENT ON COLUMN private.reconcile_runs.call_position IS 'Which of private.reconcile_calls() is next.';
COMMENT ON COLUMN private.reconcile_runs.last_object_id IS 'After which object its next page begins.';
COMMENT ON COLUMN private.reconcile_runs.seen IS 'Objects of Stripe it has looked at.';
COMMENT ON COLUMN private.reconcile_runs.differing IS 'Objects that differed from our rows.';
ALTER TABLE private.reconcile_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.reconcile_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE private.stripe_alarms (
    id bigint NOT NULL,
    object_id text NOT NULL,
    slug text NOT NULL,
    detail text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    resolved_at timestamp with time zone
);
COMMENT ON TABLE private.stripe_alarms IS 'Objects of Stripe that no rule of ours covers: recorded, never guessed at. One row per object and
reason, see docs/stripe.md.';
COMMENT ON COLUMN private.stripe_alarms.slug IS 'unknown_customer, unknown_price, unknown_payment, unknown_status, wrong_mode, second_subscription,
credit_to_balance, or why a call of Stripe failed for good: stripe_missing, stripe_refused.';
COMMENT ON COLUMN private.stripe_alarms.times IS 'How often it was met.';
COMMENT ON COLUMN private.stripe_alarms.resolved_at IS 'When a person said that it is dealt with.';
ALTER TABLE private.stripe_alarms ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.stripe_alarms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE private.stripe_customers (
    profile_id uuid NOT NULL,
    customer_id text NOT NULL,
    is_current boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone
);
COMMENT ON TABLE private.stripe_customers IS 'The customer at Stripe of a person: one that is current, and those that somebody deleted there,
since late events still name them. Made by us and never found by e-mail: whoever has somebody
else''s address would find their invoices too.';
COMMENT ON COLUMN private.stripe_customers.is_current IS 'Whether new pages use it.';
COMMENT ON COLUMN private.stripe_customers.deleted_at IS 'When it was deleted at Stripe, because the person''s account was.';
CREATE TABLE private.stripe_events (
    event_id text NOT NULL,
    event_type text NOT NULL,
    object_id text NOT NULL,
    object_type text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_at timestamp with time zone,
    CONSTRAINT stripe_events_event_id_is_short CHECK ((char_length(event_id) <= 255)),
    CONSTRAINT stripe_events_object_id_is_short CHECK ((char_length(object_id) <= 255))
);
COMMENT ON TABLE private.stripe_events IS 'Every event of Stripe that was ever taken, once. Its body is not kept: an event is only a reason to
fetch its object, and people''s names and addresses are in it.';
COMMENT ON COLUMN private.stripe_events.event_id IS 'evt_…; of a thin event the snapshot event that tells the same, so that both count as one.';
COMMENT ON COLUMN private.stripe_events.applied_at IS 'When its object had been fetched after it came, and applied; at once for what concerns us not.';
CREATE TABLE private.subscription_months (
    profile_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    month_key text NOT NULL,
    month_start timestamp with time zone NOT NULL,
    month_end timestamp with time zone NOT NULL,
    credits bigint NOT NULL,
    earned numeric NOT NULL,
    granted bigint NOT NULL,
    CONSTRAINT subscription_months_earned_in_range CHECK (((earned >= (0)::numeric) AND (earned <= (credits)::numeric))),
    CONSTRAINT subscription_months_granted_in_range CHECK (((granted >= 0) AND (granted <= credits))),
    CONSTRAINT subscription_months_is_forward CHECK ((month_end > month_start))
);
COMMENT ON TABLE private.subscription_months IS 'The months, and the rests of months after an upgrade, for which a plan''s credits were granted.';
COMMENT ON COLUMN private.subscription_months.profile_id IS 'Whose subscription it is.';
COMMENT ON COLUMN private.subscription_months.month_key IS 'The start of a month, or the invoice line of an upgrade: granted once for each.';
COMMENT ON COLUMN private.subscription_months.credits IS 'What a whole month under the plan and quantity paid for gives.';
COMMENT ON COLUMN private.subscription_months.earned IS 'The exact part of that which this time earned: less than credits when it is short, or covered.';
COMMENT ON COLUMN private.subscription_months.granted IS 'Whole credits granted with it, so that all months of a subscription together are rounded down
once.';
CREATE TABLE private.sweep_progress (
    step text NOT NULL,
    after_profile_id uuid,
    after_generation_id uuid,
    started_at timestamp with time zone,
    finished_at timestamp with time zone
);
COMMENT ON TABLE private.sweep_progress IS 'How far a step of the sweep has come that goes round many rows in pieces.';
COMMENT ON COLUMN private.sweep_progress.after_profile_id IS 'The person and generation that were looked at last; null at the begin of a round.';
COMMENT ON COLUMN private.sweep_progress.started_at IS 'When the round began.';
COMMENT ON COLUMN private.sweep_progress.finished_at IS 'When the round ended; null while it is under way.';
CREATE TABLE public.credit_entries (
    profile_id uuid NOT NULL,
    entry_number bigint NOT NULL,
    lot_id bigint NOT NULL,
    amount bigint NOT NULL,
    kind text NOT NULL,
    generation_id uuid,
    debt bigint DEFAULT 0 NOT NULL,
    debt_lot_id bigint,
    reason text,
    balance_after bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_entries_balance_after_not_negative CHECK ((balance_after >= 0)),
    CONSTRAINT credit_entries_correction_has_reason CHECK (((reason IS NOT NULL) OR (kind <> ALL (ARRAY['revoke'::text, 'restore'::text, 'claw_back'::text, 'reinstate'::text])))),
    CONSTRAINT credit_entries_entry_number_positive CHECK ((entry_number > 0)),
    CONSTRAINT credit_entries_repay_names_debt CHECK (
CASE kind
    WHEN 'repay'::text THEN (debt_lot_id IS NOT NULL)
    WHEN 'reinstate'::text THEN true
    ELSE (debt_lot_id IS NULL)
END),
    CONSTRAINT credit_entries_sign_matches_kind CHECK (
CASE kind
    WHEN 'grant'::text THEN ((amount > 0) AND (debt = 0))
    WHEN 'spend'::text THEN ((amount < 0) AND (debt = 0))
    WHEN 'refund'::text THEN ((amount > 0) AND (debt = 0))
    WHEN 'expire'::text THEN ((amount < 0) AND (debt = 0))
    WHEN 'revoke'::text THEN ((amount < 0) AND (debt = 0))
    WHEN 'restore'::text THEN ((amount <> 0) AND (debt = 0))
    WHEN 'claw_back'::text THEN ((amount <= 0) AND (debt >= 0) AND (amount <> debt))
    WHEN 'repay'::text THEN ((amount < 0) AND (debt = amount))
    WHEN 'reinstate'::text THEN ((amount >= 0) AND (debt <= 0) AND (amount <> debt))
    ELSE false
END),
    CONSTRAINT credit_entries_spend_names_generation CHECK (((kind = ANY (ARRAY['spend'::text, 'refund'::text])) = (generation_id IS NOT NULL)))
);
COMMENT ON TABLE public.credit_entries IS 'The ledger: append-only for every role. A spend writes one entry per lot it touched, so each
picture shows which credits paid for it and each purchase what it bought.';
COMMENT ON COLUMN public.credit_entries.entry_number IS 'Counts a person''s entries from 1, without gaps.';
COMMENT ON COLUMN public.credit_entries.amount IS 'Credits: positive came in, negative went out.';
COMMENT ON COLUMN public.credit_entries.kind IS 'grant: a lot began. spend: burned for a generation. refund: that came back. expire: the lot''s time
ended. revoke: an operator took it. claw_back: taken back, since the money for it went back. repay:
paid a debt. reinstate: a claw-back was undone. restore: expired or revoked credits, put back only
to be clawed back, and out again when that is undone.';
COMMENT ON COLUMN public.credit_entries.debt IS 'Change of the person''s debt: what a claw_back could not take, less what a repay or a reinstate
settled.';
COMMENT ON COLUMN public.credit_entries.debt_lot_id IS 'The clawed-back lot whose debt is repaid, or whose claw-back is undone.';
COMMENT ON COLUMN public.credit_entries.reason IS 'What a correction followed from: the key of the refund, the dispute or the operator''s action.';
COMMENT ON COLUMN public.credit_entries.balance_after IS 'The person''s credits after this entry.';
CREATE VIEW public.credit_history WITH (security_invoker='true') AS
 SELECT e.profile_id,
    e.entry_number,
    e.created_at,
    e.kind,
    e.amount,
    e.debt,
    e.balance_after,
    e.lot_id,
    l.source,
    e.generation_id,
    e.reason
   FROM (public.credit_entries e
     JOIN public.credit_lots l ON ((e.lot_id = l.id)));
COMMENT ON VIEW public.credit_history IS 'The ledger as a person reads it: every change of the balance, with what it was for.
Each person sees their own rows.';
ALTER TABLE public.credit_lots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.credit_lots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW public.generation_receipts AS
SELECT
    NULL::uuid AS profile_id,
    NULL::uuid AS generation_id,
    NULL::bigint AS lot_id,
    NULL::text AS source,
    NULL::uuid AS payment_id,
    NULL::uuid AS subscription_id,
    NULL::bigint AS credits_spent,
    NULL::bigint AS credits_returned;
COMMENT ON VIEW public.generation_receipts IS 'The receipt of a picture: one row per lot that paid for it, or one row with source plan and no
credits when an unlimited plan covered it.
Each person sees their own rows.';
COMMENT ON COLUMN public.generation_receipts.source IS 'Where the lot came from, or plan.';
COMMENT ON COLUMN public.generation_receipts.payment_id IS 'The purchase behind the lot.';
COMMENT ON COLUMN public.generation_receipts.credits_spent IS 'Credits of the lot that went into it.';
COMMENT ON COLUMN public.generation_receipts.credits_returned IS 'Credits of these that came back, because there was no picture.';
CREATE TABLE public.profiles (
    id uuid NOT NULL,
    credits bigint DEFAULT 0 NOT NULL,
    debt bigint DEFAULT 0 NOT NULL,
    entry_count bigint DEFAULT 0 NOT NULL,
    referral_code text NOT NULL,
    referred_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT profiles_credits_not_negative CHECK ((credits >= 0)),
    CONSTRAINT profiles_debt_not_negative CHECK ((debt >= 0)),
    CONSTRAINT profiles_entry_count_not_negative CHECK ((entry_count >= 0)),
    CONSTRAINT profiles_not_own_referrer CHECK ((referred_by IS DISTINCT FROM id))
)
WITH (fillfactor='70');
COMMENT ON TABLE public.profiles IS 'One row per auth.users row, made at sign-up.
There is no foreign key to auth.users: the money rows that hang on a profile outlive the account,
and what stays is a bare id. The triggers on auth.users make the row and close it.';
COMMENT ON COLUMN public.profiles.id IS 'The id of the person in auth.users.';
COMMENT ON COLUMN public.profiles.credits IS 'Credits owned, the frozen ones included. Kept by the ledger alone: the sum of credit_entries and of
the open lots. What can be spent now is my_credits().available.';
COMMENT ON COLUMN public.profiles.debt IS 'Credits taken back after they were spent. The next grants repay it first.';
COMMENT ON COLUMN public.profiles.entry_count IS 'Number of ledger entries so far: the number of the next one follows it without a gap.';
COMMENT ON COLUMN public.profiles.referral_code IS 'The code this person gives to friends.';
COMMENT ON COLUMN public.profiles.referred_by IS 'The person whose code was used at sign-up.';
COMMENT ON COLUMN public.profiles.deleted_at IS 'When the account was closed: nothing can be done with it from then on. What was
personal is erased soon after; see private.erasures.';
CREATE VIEW public.purchase_uses AS
SELECT
    NULL::uuid AS profile_id,
    NULL::uuid AS payment_id,
    NULL::bigint AS lot_id,
    NULL::uuid AS generation_id,
    NULL::bigint AS credits_spent,
    NULL::bigint AS credits_returned;
COMMENT ON VIEW public.purchase_uses IS 'What a purchase was used for: one row per payment, lot and picture.
Each person sees their own rows.';
COMMENT ON COLUMN public.purchase_uses.credits_returned IS 'Credits of these that came back, because there was no picture.';
ALTER TABLE ONLY private.audit_log
    ADD CONSTRAINT audit_log_action_key_key UNIQUE (action_key);
ALTER TABLE ONLY private.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.code_failures
    ADD CONSTRAINT code_failures_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.credit_freezes
    ADD CONSTRAINT credit_freezes_pkey PRIMARY KEY (lot_id, freeze_key);
ALTER TABLE ONLY private.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_attempt_token_key UNIQUE (attempt_token);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_generation_id_attempt_number_key UNIQUE (generation_id, attempt_number);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_provider_job_id_key UNIQUE (provider_job_id);
ALTER TABLE ONLY private.generation_jobs
    ADD CONSTRAINT generation_jobs_generation_id_key UNIQUE (generation_id);
ALTER TABLE ONLY private.generation_jobs
    ADD CONSTRAINT generation_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.generation_models
    ADD CONSTRAINT generation_models_pkey PRIMARY KEY (type_key, preference);
ALTER TABLE ONLY private.generation_models
    ADD CONSTRAINT generation_models_type_key_model_key UNIQUE (type_key, model);
ALTER TABLE ONLY private.idle_workers
    ADD CONSTRAINT idle_workers_pkey PRIMARY KEY (worker_id);
ALTER TABLE ONLY private.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.known_addresses
    ADD CONSTRAINT known_addresses_pkey PRIMARY KEY (address_hash);
ALTER TABLE ONLY private.paid_periods
    ADD CONSTRAINT paid_periods_pkey PRIMARY KEY (invoice_line_id);
ALTER TABLE ONLY private.payment_intents
    ADD CONSTRAINT payment_intents_pkey PRIMARY KEY (payment_intent_id);
ALTER TABLE ONLY private.payment_reversals
    ADD CONSTRAINT payment_reversals_pkey PRIMARY KEY (reversal_key);
ALTER TABLE ONLY private.promo_codes
    ADD CONSTRAINT promo_codes_code_hash_key UNIQUE (code_hash);
ALTER TABLE ONLY private.promo_codes
    ADD CONSTRAINT promo_codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.promo_redemptions
    ADD CONSTRAINT promo_redemptions_pkey PRIMARY KEY (promo_code_id, profile_id, redemption_number);
ALTER TABLE ONLY private.provider_spend
    ADD CONSTRAINT provider_spend_pkey PRIMARY KEY (day, shard);
ALTER TABLE ONLY private.provider_webhooks
    ADD CONSTRAINT provider_webhooks_pkey PRIMARY KEY (webhook_id);
ALTER TABLE ONLY private.reconcile_runs
    ADD CONSTRAINT reconcile_runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.stripe_alarms
    ADD CONSTRAINT stripe_alarms_object_id_slug_key UNIQUE (object_id, slug);
ALTER TABLE ONLY private.stripe_alarms
    ADD CONSTRAINT stripe_alarms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY private.stripe_customers
    ADD CONSTRAINT stripe_customers_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY private.stripe_events
    ADD CONSTRAINT stripe_events_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY private.stripe_prices
    ADD CONSTRAINT stripe_prices_pkey PRIMARY KEY (price_id);
ALTER TABLE ONLY private.subscription_months
    ADD CONSTRAINT subscription_months_pkey PRIMARY KEY (subscription_id, month_key);
ALTER TABLE ONLY private.sweep_progress
    ADD CONSTRAINT sweep_progress_pkey PRIMARY KEY (step);
ALTER TABLE ONLY public.checkouts
    ADD CONSTRAINT checkouts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checkouts
    ADD CONSTRAINT checkouts_profile_id_idempotency_key_key UNIQUE (profile_id, idempotency_key);
ALTER TABLE ONLY public.checkouts
    ADD CONSTRAINT checkouts_stripe_session_id_key UNIQUE (stripe_session_id);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_generation_id_lot_id_kind_key UNIQUE (generation_id, lot_id, kind);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_pkey PRIMARY KEY (profile_id, entry_number);
ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_grant_key_key UNIQUE (grant_key);
ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.credit_packs
    ADD CONSTRAINT credit_packs_pkey PRIMARY KEY (pack_key);
ALTER TABLE ONLY public.generation_options
    ADD CONSTRAINT generation_options_pkey PRIMARY KEY (type_key, option_key);
ALTER TABLE ONLY public.generation_types
    ADD CONSTRAINT generation_types_pkey PRIMARY KEY (type_key);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_profile_id_idempotency_key_key UNIQUE (profile_id, idempotency_key);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_stripe_payment_id_key UNIQUE (stripe_payment_id);
ALTER TABLE ONLY public.plan_uses
    ADD CONSTRAINT plan_uses_pkey PRIMARY KEY (generation_id);
ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (plan_name);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_referral_code_key UNIQUE (referral_code);
ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_stripe_subscription_id_key UNIQUE (stripe_subscription_id);
ALTER TABLE ONLY public.user_images
    ADD CONSTRAINT user_images_pkey PRIMARY KEY (id);
CREATE INDEX audit_log_profile_id_id_idx ON private.audit_log USING btree (profile_id, id DESC);
CREATE INDEX code_failures_profile_id_failed_at_idx ON private.code_failures USING btree (profile_id, failed_at DESC);
CREATE INDEX erasures_finished_at_idx ON private.erasures USING btree (finished_at) WHERE (restored_at IS NULL);
CREATE INDEX erasures_profile_id_idx ON private.erasures USING btree (profile_id);
CREATE UNIQUE INDEX erasures_profile_id_key ON private.erasures USING btree (profile_id) WHERE (restored_at IS NULL);
CREATE INDEX generation_attempts_duplicate_of_idx ON private.generation_attempts USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL);
CREATE UNIQUE INDEX generation_jobs_attempt_id_key ON private.generation_jobs USING btree (attempt_id) WHERE (kind = 'cancel'::text);
CREATE INDEX generation_jobs_due_at_idx ON private.generation_jobs USING btree (due_at) WHERE (dead_at IS NULL);
CREATE UNIQUE INDEX jobs_account_id_key ON private.jobs USING btree (account_id) WHERE (account_id IS NOT NULL);
CREATE UNIQUE INDEX jobs_checkout_id_key ON private.jobs USING btree (checkout_id) WHERE (checkout_id IS NOT NULL);
CREATE INDEX jobs_due_at_idx ON private.jobs USING btree (due_at) WHERE (dead_at IS NULL);
CREATE UNIQUE INDEX jobs_stripe_object_id_key ON private.jobs USING btree (stripe_object_id) WHERE (stripe_object_id IS NOT NULL);
CREATE UNIQUE INDEX jobs_user_image_id_key ON private.jobs USING btree (user_image_id) WHERE (user_image_id IS NOT NULL);
CREATE INDEX known_addresses_profile_id_idx ON private.known_addresses USING btree (profile_id);
CREATE INDEX paid_periods_next_month_at_idx ON private.paid_periods USING btree (next_month_at) WHERE (next_month_at IS NOT NULL);
CREATE INDEX paid_periods_payment_id_idx ON private.paid_periods USING btree (payment_id);
CREATE INDEX paid_periods_plan_name_idx ON private.paid_periods USING btree (plan_name);
CREATE INDEX paid_periods_subscription_id_idx ON private.paid_periods USING btree (subscription_id);
CREATE INDEX payment_intents_payment_id_idx ON private.payment_intents USING btree (payment_id);
CREATE INDEX payment_reversals_payment_id_idx ON private.payment_reversals USING btree (payment_id);
CREATE INDEX promo_redemptions_address_hash_idx ON private.promo_redemptions USING btree (promo_code_id, address_hash);
CREATE INDEX promo_redemptions_profile_id_idx ON private.promo_redemptions USING btree (profile_id);
CREATE INDEX provider_webhooks_attempt_token_idx ON private.provider_webhooks USING btree (attempt_token);
CREATE UNIQUE INDEX reconcile_runs_unfinished_key ON private.reconcile_runs USING btree ((true)) WHERE (finished_at IS NULL);
CREATE UNIQUE INDEX stripe_customers_current_key ON private.stripe_customers USING btree (profile_id) WHERE is_current;
CREATE INDEX stripe_customers_profile_id_idx ON private.stripe_customers USING btree (profile_id);
CREATE INDEX stripe_events_waiting_idx ON private.stripe_events USING btree (object_id) WHERE (applied_at IS NULL);
CREATE UNIQUE INDEX stripe_prices_current_key ON private.stripe_prices USING btree (item_kind, item_key) WHERE is_current;
CREATE INDEX checkouts_profile_id_id_idx ON public.checkouts USING btree (profile_id, id DESC);
CREATE INDEX checkouts_unfinished_idx ON public.checkouts USING btree (created_at) WHERE (finished_at IS NULL);
CREATE INDEX credit_entries_debt_lot_id_idx ON public.credit_entries USING btree (debt_lot_id) WHERE (debt_lot_id IS NOT NULL);
CREATE UNIQUE INDEX credit_entries_lot_id_grant_key ON public.credit_entries USING btree (lot_id) WHERE (kind = 'grant'::text);
CREATE INDEX credit_entries_lot_id_idx ON public.credit_entries USING btree (lot_id);
CREATE INDEX credit_lots_burn_order_idx ON public.credit_lots USING btree (profile_id, priority, expires_at, created_at, id) WHERE (exhausted_at IS NULL);
CREATE INDEX credit_lots_expires_at_idx ON public.credit_lots USING btree (expires_at) WHERE ((exhausted_at IS NULL) AND (expires_at IS NOT NULL));
CREATE INDEX credit_lots_owed_idx ON public.credit_lots USING btree (profile_id, created_at, id) WHERE (owed > 0);
CREATE INDEX credit_lots_payment_id_idx ON public.credit_lots USING btree (payment_id) WHERE (payment_id IS NOT NULL);
CREATE INDEX credit_lots_subscription_id_idx ON public.credit_lots USING btree (subscription_id) WHERE (subscription_id IS NOT NULL);
CREATE INDEX generations_profile_id_id_idx ON public.generations USING btree (profile_id, id DESC);
CREATE INDEX generations_profile_id_unfinished_idx ON public.generations USING btree (profile_id, id) WHERE (finished_at IS NULL);
CREATE INDEX generations_user_image_id_idx ON public.generations USING btree (user_image_id) WHERE (user_image_id IS NOT NULL);
CREATE INDEX payments_profile_id_id_idx ON public.payments USING btree (profile_id, id DESC);
CREATE INDEX payments_subscription_id_idx ON public.payments USING btree (subscription_id) WHERE (subscription_id IS NOT NULL);
CREATE INDEX plan_uses_profile_id_created_at_idx ON public.plan_uses USING btree (profile_id, created_at DESC) WHERE (returned_at IS NULL);
CREATE INDEX plan_uses_subscription_id_idx ON public.plan_uses USING btree (subscription_id);
CREATE INDEX profiles_deleted_at_idx ON public.profiles USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX profiles_referred_by_idx ON public.profiles USING btree (referred_by) WHERE (referred_by IS NOT NULL);
CREATE INDEX referrals_payment_id_idx ON public.referrals USING btree (payment_id) WHERE (payment_id IS NOT NULL);
CREATE INDEX referrals_pending_idx ON public.referrals USING btree (created_at) WHERE (status = 'pending'::text);
CREATE INDEX referrals_referred_id_idx ON public.referrals USING btree (referred_id);
CREATE UNIQUE INDEX referrals_referred_id_key ON public.referrals USING btree (referred_id) WHERE (status <> 'rejected'::text);
CREATE INDEX referrals_referrer_id_rewarded_at_idx ON public.referrals USING btree (referrer_id, rewarded_at);
CREATE INDEX subscriptions_plan_name_idx ON public.subscriptions USING btree (plan_name);
CREATE INDEX subscriptions_profile_id_idx ON public.subscriptions USING btree (profile_id);
CREATE INDEX user_images_expires_at_idx ON public.user_images USING btree (expires_at) WHERE (removed_at IS NULL);
CREATE UNIQUE INDEX user_images_profile_id_object_path_key ON public.user_images USING btree (profile_id, object_path) WHERE (removed_at IS NULL);
CREATE OR REPLACE VIEW private.generation_margins WITH (security_invoker='true') AS
 WITH parts AS (
         SELECT e.generation_id,
                CASE
                    WHEN (l.payment_id IS NULL) THEN ('free: '::text || l.source)
                    ELSE ((p.kind || ': '::text) || p.item_key)
                END AS source,
            (- sum(e.amount)) AS credits,
            (- sum(e.amount) FILTER (WHERE (e.kind = 'spend'::text))) AS share,
                CASE
                    WHEN (l.payment_id IS NULL) THEN (0)::numeric
                    ELSE (((- sum(e.amount)) * (w.micros)::numeric) / NULLIF(w.credits, (0)::numeric))
                END AS revenue_micros
           FROM (((public.credit_entries e
             JOIN public.credit_lots l ON ((e.lot_id = l.id)))
             LEFT JOIN public.payments p ON ((l.payment_id = p.id)))
             LEFT JOIN private.payment_worth w ON ((l.payment_id = w.payment_id)))
          WHERE (e.generation_id IS NOT NULL)
          GROUP BY e.generation_id, l.id, p.id, w.micros, w.credits
        UNION ALL
         SELECT u.generation_id,
            ('unlimited: '::text || s.plan_name) AS source,
            0 AS credits,
            1 AS share,
            COALESCE(w.micros, (
                CASE
                    WHEN (u.returned_at IS NOT NULL) THEN 0
                    ELSE NULL::integer
                END)::numeric) AS revenue_micros
           FROM ((public.plan_uses u
             JOIN public.subscriptions s ON ((u.subscription_id = s.id)))
             LEFT JOIN private.plan_use_worth w ON ((u.generation_id = w.generation_id)))
        )
 SELECT g.id AS generation_id,
    g.profile_id,
    g.generation_type,
    g.status,
    g.created_at,
    t.source,
    (t.credits)::bigint AS credits,
    (round(t.revenue_micros))::bigint AS revenue_micros,
    (round(((c.micros * t.share) / sum(t.share) OVER (PARTITION BY g.id))))::bigint AS cost_micros
   FROM ((public.generations g
     JOIN parts t ON ((g.id = t.generation_id)))
     CROSS JOIN LATERAL ( SELECT COALESCE(sum(a.cost_micros), (0)::numeric) AS micros
           FROM private.generation_attempts a
          WHERE (a.generation_id = g.id)) c);
CREATE OR REPLACE VIEW public.generation_receipts WITH (security_invoker='true') AS
 SELECT e.profile_id,
    e.generation_id,
    e.lot_id,
    l.source,
    l.payment_id,
    l.subscription_id,
    (COALESCE((- sum(e.amount) FILTER (WHERE (e.kind = 'spend'::text))), (0)::numeric))::bigint AS credits_spent,
    (COALESCE(sum(e.amount) FILTER (WHERE (e.kind = 'refund'::text)), (0)::numeric))::bigint AS credits_returned
   FROM (public.credit_entries e
     JOIN public.credit_lots l ON ((e.lot_id = l.id)))
  WHERE (e.generation_id IS NOT NULL)
  GROUP BY e.profile_id, e.generation_id, e.lot_id, l.id
UNION ALL
 SELECT u.profile_id,
    u.generation_id,
    NULL::bigint AS lot_id,
    'plan'::text AS source,
    NULL::uuid AS payment_id,
    u.subscription_id,
    0 AS credits_spent,
    0 AS credits_returned
   FROM public.plan_uses u;
CREATE OR REPLACE VIEW public.purchase_uses WITH (security_invoker='true') AS
 SELECT l.profile_id,
    l.payment_id,
    l.id AS lot_id,
    e.generation_id,
    (COALESCE((- sum(e.amount) FILTER (WHERE (e.kind = 'spend'::text))), (0)::numeric))::bigint AS credits_spent,
    (COALESCE(sum(e.amount) FILTER (WHERE (e.kind = 'refund'::text)), (0)::numeric))::bigint AS credits_returned
   FROM (public.credit_lots l
     JOIN public.credit_entries e ON ((l.id = e.lot_id)))
  WHERE ((l.payment_id IS NOT NULL) AND (e.generation_id IS NOT NULL))
  GROUP BY l.id, e.generation_id;
CREATE TRIGGER _500_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON private.audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_check_transition BEFORE UPDATE OF status ON private.generation_attempts FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION private.tg__check_transition('attempt');
CREATE TRIGGER _900_audit_change AFTER INSERT OR DELETE OR UPDATE ON private.generation_models FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change('type_key', 'preference');
CREATE TRIGGER _900_audit_change AFTER DELETE OR UPDATE ON private.settings FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change();
CREATE TRIGGER _900_audit_change AFTER INSERT OR DELETE OR UPDATE ON private.stripe_prices FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change('price_id');
CREATE TRIGGER _100_apply BEFORE INSERT ON public.credit_entries FOR EACH ROW EXECUTE FUNCTION private.tg_credit_entries__apply();
CREATE TRIGGER _500_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.credit_entries FOR EACH STATEMENT EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_append_only INSTEAD OF INSERT OR DELETE OR UPDATE ON public.credit_history FOR EACH ROW EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_append_only INSTEAD OF INSERT OR DELETE OR UPDATE ON public.generation_receipts FOR EACH ROW EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_append_only INSTEAD OF INSERT OR DELETE OR UPDATE ON public.purchase_uses FOR EACH ROW EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_check_transition BEFORE UPDATE OF status ON public.generations FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION private.tg__check_transition('generation');
CREATE TRIGGER _500_grant AFTER INSERT ON public.credit_lots FOR EACH ROW EXECUTE FUNCTION private.tg_credit_lots__grant();
CREATE TRIGGER _500_keep_key BEFORE DELETE ON public.generation_types FOR EACH ROW EXECUTE FUNCTION private.tg_generation_types__keep_key();
CREATE TRIGGER _500_keep_key_truncate BEFORE TRUNCATE ON public.generation_types FOR EACH STATEMENT EXECUTE FUNCTION private.tg__refuse_change();
CREATE TRIGGER _500_keep_key_update BEFORE UPDATE OF type_key ON public.generation_types FOR EACH ROW WHEN ((old.type_key IS DISTINCT FROM new.type_key)) EXECUTE FUNCTION private.tg_generation_types__keep_key();
CREATE TRIGGER _500_ledger_only BEFORE UPDATE OF profile_id, amount, remaining, clawed_back, owed, exhausted_at, grant_key, source ON public.credit_lots FOR EACH ROW WHEN (((pg_trigger_depth() = 0) AND ((((((((old.profile_id IS DISTINCT FROM new.profile_id) OR (old.amount IS DISTINCT FROM new.amount)) OR (old.remaining IS DISTINCT FROM new.remaining)) OR (old.clawed_back IS DISTINCT FROM new.clawed_back)) OR (old.owed IS DISTINCT FROM new.owed)) OR (old.exhausted_at IS DISTINCT FROM new.exhausted_at)) OR (old.grant_key IS DISTINCT FROM new.grant_key)) OR (old.source IS DISTINCT FROM new.source)))) EXECUTE FUNCTION private.tg__ledger_only();
CREATE TRIGGER _500_ledger_only BEFORE UPDATE OF credits, debt, entry_count ON public.profiles FOR EACH ROW WHEN (((pg_trigger_depth() = 0) AND (((old.credits IS DISTINCT FROM new.credits) OR (old.debt IS DISTINCT FROM new.debt)) OR (old.entry_count IS DISTINCT FROM new.entry_count)))) EXECUTE FUNCTION private.tg__ledger_only();
CREATE TRIGGER _500_ledger_only_delete BEFORE DELETE OR TRUNCATE ON public.credit_lots FOR EACH STATEMENT EXECUTE FUNCTION private.tg__ledger_only();
CREATE TRIGGER _500_ledger_only_insert BEFORE INSERT ON public.credit_lots FOR EACH ROW WHEN (((new.remaining <> new.amount) OR (new.clawed_back <> 0) OR (new.owed <> 0) OR (new.exhausted_at IS NOT NULL))) EXECUTE FUNCTION private.tg__ledger_only();
CREATE TRIGGER _500_ledger_only_insert BEFORE INSERT ON public.profiles FOR EACH ROW WHEN (((new.credits <> 0) OR (new.debt <> 0) OR (new.entry_count <> 0))) EXECUTE FUNCTION private.tg__ledger_only();
CREATE TRIGGER _500_ledger_only_truncate BEFORE TRUNCATE ON public.profiles FOR EACH STATEMENT EXECUTE FUNCTION private.tg__ledger_only();
CREATE CONSTRAINT TRIGGER _500_refund_is_covered AFTER INSERT ON public.credit_entries NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN ((new.kind = 'refund'::text)) EXECUTE FUNCTION private.tg_credit_entries__refund_is_covered();
CREATE CONSTRAINT TRIGGER _500_restore_is_covered AFTER INSERT ON public.credit_entries NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN ((new.kind = 'restore'::text)) EXECUTE FUNCTION private.tg_credit_entries__restore_is_covered();
CREATE TRIGGER _900_audit_change AFTER INSERT OR DELETE OR UPDATE ON public.credit_packs FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change('pack_key');
CREATE TRIGGER _900_audit_change AFTER INSERT OR DELETE OR UPDATE ON public.generation_types FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change('type_key');
CREATE TRIGGER _900_audit_change AFTER INSERT OR DELETE OR UPDATE ON public.plans FOR EACH ROW EXECUTE FUNCTION private.tg__audit_change('plan_name');
CREATE TRIGGER _900_broadcast AFTER UPDATE OF status ON public.generations FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION private.tg_generations__broadcast();
ALTER TABLE ONLY private.audit_log
    ADD CONSTRAINT audit_log_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.code_failures
    ADD CONSTRAINT code_failures_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.credit_freezes
    ADD CONSTRAINT credit_freezes_lot_id_fkey FOREIGN KEY (lot_id) REFERENCES public.credit_lots(id);
ALTER TABLE ONLY private.erasures
    ADD CONSTRAINT erasures_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES private.generation_attempts(id);
ALTER TABLE ONLY private.generation_attempts
    ADD CONSTRAINT generation_attempts_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);
ALTER TABLE ONLY private.generation_jobs
    ADD CONSTRAINT generation_jobs_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);
ALTER TABLE ONLY private.generation_models
    ADD CONSTRAINT generation_models_type_key_fkey FOREIGN KEY (type_key) REFERENCES public.generation_types(type_key);
ALTER TABLE ONLY private.jobs
    ADD CONSTRAINT jobs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.jobs
    ADD CONSTRAINT jobs_checkout_id_fkey FOREIGN KEY (checkout_id) REFERENCES public.checkouts(id);
ALTER TABLE ONLY private.jobs
    ADD CONSTRAINT jobs_user_image_id_fkey FOREIGN KEY (user_image_id) REFERENCES public.user_images(id);
ALTER TABLE ONLY private.known_addresses
    ADD CONSTRAINT known_addresses_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.paid_periods
    ADD CONSTRAINT paid_periods_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);
ALTER TABLE ONLY private.paid_periods
    ADD CONSTRAINT paid_periods_plan_name_fkey FOREIGN KEY (plan_name) REFERENCES public.plans(plan_name);
ALTER TABLE ONLY private.paid_periods
    ADD CONSTRAINT paid_periods_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id);
ALTER TABLE ONLY private.payment_intents
    ADD CONSTRAINT payment_intents_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);
ALTER TABLE ONLY private.payment_reversals
    ADD CONSTRAINT payment_reversals_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);
ALTER TABLE ONLY private.promo_redemptions
    ADD CONSTRAINT promo_redemptions_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.promo_redemptions
    ADD CONSTRAINT promo_redemptions_promo_code_id_fkey FOREIGN KEY (promo_code_id) REFERENCES private.promo_codes(id);
ALTER TABLE ONLY private.stripe_customers
    ADD CONSTRAINT stripe_customers_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY private.subscription_months
    ADD CONSTRAINT subscription_months_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id);
ALTER TABLE ONLY public.checkouts
    ADD CONSTRAINT checkouts_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_debt_lot_id_fkey FOREIGN KEY (debt_lot_id) REFERENCES public.credit_lots(id);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_lot_id_fkey FOREIGN KEY (lot_id) REFERENCES public.credit_lots(id);
ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);
ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id);
ALTER TABLE ONLY public.generation_options
    ADD CONSTRAINT generation_options_type_key_fkey FOREIGN KEY (type_key) REFERENCES public.generation_types(type_key);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_user_image_id_fkey FOREIGN KEY (user_image_id) REFERENCES public.user_images(id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id);
ALTER TABLE ONLY public.plan_uses
    ADD CONSTRAINT plan_uses_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);
ALTER TABLE ONLY public.plan_uses
    ADD CONSTRAINT plan_uses_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.plan_uses
    ADD CONSTRAINT plan_uses_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_referred_by_fkey FOREIGN KEY (referred_by) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);
ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referred_id_fkey FOREIGN KEY (referred_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_plan_name_fkey FOREIGN KEY (plan_name) REFERENCES public.plans(plan_name);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.user_images
    ADD CONSTRAINT user_images_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);
ALTER TABLE private.audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.code_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.credit_freezes ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.generation_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.generation_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.generation_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.idle_workers ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.known_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.paid_periods ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.payment_intents ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.payment_reversals ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.promo_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.promo_redemptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.provider_spend ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.provider_webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.reconcile_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.stripe_alarms ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.stripe_customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.stripe_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.stripe_prices ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.subscription_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE private.sweep_progress ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.checkouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY checkouts_select_own ON public.checkouts FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY checkouts_select_own ON public.checkouts IS 'A person reads their own checkouts.';
ALTER TABLE public.credit_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_entries_select_own ON public.credit_entries FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY credit_entries_select_own ON public.credit_entries IS 'A person reads their own ledger.';
ALTER TABLE public.credit_lots ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_lots_select_own ON public.credit_lots FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY credit_lots_select_own ON public.credit_lots IS 'A person reads their own lots.';
ALTER TABLE public.credit_packs ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_packs_select_all ON public.credit_packs FOR SELECT TO anon, authenticated USING (true);
COMMENT ON POLICY credit_packs_select_all ON public.credit_packs IS 'Everyone reads the price list.';
ALTER TABLE public.generation_options ENABLE ROW LEVEL SECURITY;
CREATE POLICY generation_options_select_all ON public.generation_options FOR SELECT TO anon, authenticated USING (true);
COMMENT ON POLICY generation_options_select_all ON public.generation_options IS 'Everyone reads what can be chosen.';
ALTER TABLE public.generation_types ENABLE ROW LEVEL SECURITY;
CREATE POLICY generation_types_select_all ON public.generation_types FOR SELECT TO anon, authenticated USING (is_enabled);
COMMENT ON POLICY generation_types_select_all ON public.generation_types IS 'Everyone reads what is for sale.';
ALTER TABLE public.generations ENABLE ROW LEVEL SECURITY;
CREATE POLICY generations_select_own ON public.generations FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY generations_select_own ON public.generations IS 'A person reads their own generations.';
ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY;
CREATE POLICY payments_select_own ON public.payments FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY payments_select_own ON public.payments IS 'A person reads their own payments.';
ALTER TABLE public.plan_uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY plan_uses_select_own ON public.plan_uses FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY plan_uses_select_own ON public.plan_uses IS 'A person reads what their plan covered.';
ALTER TABLE public.plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY plans_select_all ON public.plans FOR SELECT TO anon, authenticated USING (true);
COMMENT ON POLICY plans_select_all ON public.plans IS 'Everyone reads the price list.';
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY profiles_select_own ON public.profiles FOR SELECT TO authenticated USING ((id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY profiles_select_own ON public.profiles IS 'A person reads their own profile.';
ALTER TABLE public.referrals ENABLE ROW LEVEL SECURITY;
CREATE POLICY referrals_select_own ON public.referrals FOR SELECT TO authenticated USING (((referrer_id = ( SELECT auth.uid() AS uid)) OR (referred_id = ( SELECT auth.uid() AS uid))));
COMMENT ON POLICY referrals_select_own ON public.referrals IS 'Both sides of a referral see it.';
ALTER TABLE public.subscriptions ENABLE ROW LEVEL SECURITY;
CREATE POLICY subscriptions_select_own ON public.subscriptions FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY subscriptions_select_own ON public.subscriptions IS 'A person reads their own subscriptions.';
ALTER TABLE public.user_images ENABLE ROW LEVEL SECURITY;
CREATE POLICY user_images_select_own ON public.user_images FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));
COMMENT ON POLICY user_images_select_own ON public.user_images IS 'A person reads their own photos.';
GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO thumbsmith_sidecar;
GRANT USAGE ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
REVOKE ALL ON TYPE private.claimed_job FROM PUBLIC;
REVOKE ALL ON TYPE private.job_state FROM PUBLIC;
REVOKE ALL ON TYPE private.plan_cover FROM PUBLIC;
GRANT SELECT ON TABLE public.generation_options TO anon;
GRANT SELECT ON TABLE public.generation_options TO authenticated;
GRANT SELECT ON TABLE public.generation_types TO anon;
GRANT SELECT ON TABLE public.generation_types TO authenticated;
GRANT SELECT ON TABLE public.plans TO anon;
GRANT SELECT ON TABLE public.plans TO authenticated;
REVOKE ALL ON TYPE private.request_terms FROM PUBLIC;
REVOKE ALL ON TYPE public.credit_summary FROM PUBLIC;
GRANT ALL ON TYPE public.credit_summary TO authenticated;
REVOKE ALL ON TYPE public.generation_quote FROM PUBLIC;
GRANT ALL ON TYPE public.generation_quote TO authenticated;
REVOKE ALL ON FUNCTION private.add_months(instant timestamp with time zone, months integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.add_provider_spend(day date, shard integer, micros bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.uuid_v7() FROM PUBLIC;
GRANT SELECT ON TABLE public.user_images TO authenticated;
REVOKE ALL ON FUNCTION private.add_user_image(object_path text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_user_image(object_path text) TO authenticated;
REVOKE ALL ON FUNCTION private.address_hash_of(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.address_hashes_of(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.adopt_provider_job(profile_id uuid, attempt_id uuid, provider_job_id text) FROM PUBLIC;
GRANT SELECT ON TABLE public.checkouts TO authenticated;
REVOKE ALL ON FUNCTION private.adopt_session(session jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.anonymize_account(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.anonymize_generations(profile_id uuid, max_generations integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_checkout_session(session jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_customer(job private.jobs, customer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_dispute(dispute jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_erased(job private.jobs, answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_fetched(job private.jobs, answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_found(job private.jobs, answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_invoice(invoice jsonb) FROM PUBLIC;
GRANT SELECT ON TABLE public.subscriptions TO authenticated;
REVOKE ALL ON FUNCTION private.apply_invoice_payment(invoice jsonb, subscription public.subscriptions) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_page_opened(job private.jobs, page jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_paid_line(profile_id uuid, line jsonb, subscription_id uuid, payment_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_paid_session(session jsonb, checkout public.checkouts) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_payment(profile_id uuid, stripe_payment_id text, kind text, item_key text, amount bigint, currency text, credits bigint, expires_at timestamp with time zone, priority integer, subscription_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_reconcile_page(job private.jobs, page jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_referral_code(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.apply_referral_code(code text) TO authenticated;
REVOKE ALL ON FUNCTION private.apply_refund(refund jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_reversal(profile_id uuid, payment_id uuid, reversal_key text, kind text, amount bigint, status text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_stripe_object(object jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_subscription(subscription jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.apply_user_image_removed(job private.jobs, answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.attempt_cost(attempt private.generation_attempts, provider_status text, seconds numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.attempt_payload(profile_id uuid, attempt_id uuid, kind text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.audit(who text, action text, why text, action_key text, profile_id uuid, details jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.available_credits(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.backoff(tries integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.begin_operator_action(action text, profile_id uuid, who text, why text, action_key text, details jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.bought_credits(session jsonb, promised bigint, OUT item_key text, OUT credits bigint, OUT credits_last interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.buried(tries integer, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.burn_lots(profile_id uuid, amount bigint, kind text, generation_id uuid, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.bury_generation_job(profile_id uuid, job_id bigint, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.bury_job(job_id bigint, slug text) FROM PUBLIC;
GRANT SELECT ON TABLE public.generations TO authenticated;
REVOKE ALL ON FUNCTION private.cancel_generation(generation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.cancel_generation(generation_id uuid) TO authenticated;
REVOKE ALL ON FUNCTION private.cancel_generation_for(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.changed_columns(this jsonb, other jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_checkout_rate(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_limits(profile_id uuid, settings private.settings) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_no_subscription(profile_id uuid, plan_name text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_operator_amount(amount bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_operator_lot(profile_id uuid, lot_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_options(declared public.generation_options[], options jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_plain_call() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_promo_code(promo_code private.promo_codes, used integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_prompt(prompt text, max_characters integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_rate(profile_id uuid, max_requests integer, period interval, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_reason(who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.check_user_image(profile_id uuid, user_image_id uuid, user_image text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.checkout_call(job private.jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claim_address(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claim_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.claim_other_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claw_back_less(profile_id uuid, lot_id bigint, amount bigint, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claw_back_lot(profile_id uuid, lot_id bigint, target bigint, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.claw_back_more(profile_id uuid, lot_id bigint, amount bigint, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.close_account(profile_id uuid, asked_by text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.close_checkout(profile_id uuid, checkout_id uuid, status text, error text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.close_stale_checkouts(max_checkouts integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.code_retry_after(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.compare_stripe_objects(objects jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.continue_generation_job(profile_id uuid, job_id bigint, kind text, due_at timestamp with time zone, attempt_id uuid, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.continue_job(job_id bigint, kind text, due_at timestamp with time zone, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.continued(due_at timestamp with time zone, slug text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.count_attempt_cost(profile_id uuid, attempt_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.count_plan_uses(profile_id uuid, period interval, max_uses integer, OUT uses integer, OUT next_use_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.count_provider_spend(micros bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.count_redemptions(promo_code_id uuid, profile_id uuid, address_hash bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.create_promo_code(code text, credits bigint, who text, why text, max_redemptions integer, max_per_person integer, starts_at timestamp with time zone, ends_at timestamp with time zone, credits_last interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.declare_idle(worker_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.declare_idle(worker_id text) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.delete_my_account(confirmation text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.delete_my_account(confirmation text) TO authenticated;
REVOKE ALL ON FUNCTION private.disable_promo_code(promo_code_id uuid, who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.end_carried_lots(profile_id uuid, subscription_id uuid, month_end timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.end_pages(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.enqueue_cancel(profile_id uuid, attempt_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.enqueue_fetch(object_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.erase_payload(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expedite_generation_job(profile_id uuid, job_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expedited() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_forgotten_generations(max_expired integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_generation(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_if_overdue(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_lots(max_lots integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_overdue_generations(max_generations integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_profile_lots(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_unfinished_piece(max_generations integer, INOUT after_profile_id uuid, INOUT after_generation_id uuid, OUT expired integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.expire_user_images(max_images integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.export_private_rows() FROM PUBLIC;
GRANT ALL ON FUNCTION private.export_private_rows() TO authenticated;
REVOKE ALL ON FUNCTION private.fail_attempt(job private.generation_jobs, attempt_status text, error text, detail text, http_status integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_cancel(job private.generation_jobs, slug text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_find(job private.generation_jobs, slug text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_generation(job private.generation_jobs, error text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_generation_job(job private.generation_jobs, slug text, detail text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_other_job(job private.jobs, slug text, detail text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_removal(job private.jobs, slug text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fail_stripe_job(job private.jobs, slug text, detail text, is_permanent boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fetch_call(kind text, object_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.fetch_stripe_object(object_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.files_of(profile_id uuid, bucket_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.find_checkout(profile_id uuid, idempotency_key uuid, item_kind text, item_key text, quantity integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.find_model(type_key text, after_preference integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.find_repeat(profile_id uuid, idempotency_key uuid, generation_type text, prompt text, user_image_id uuid, options jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.finish_fetch(job private.jobs, is_applied boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.finish_generation(profile_id uuid, generation_id uuid, status text, error text, output_path text, preview_path text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.finish_generation_job(profile_id uuid, job_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.finish_job(job_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.freeze_lot(profile_id uuid, lot_id bigint, freeze_key text, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.freeze_payment(profile_id uuid, payment_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.give_sign_up_credits(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority integer, payment_id uuid, subscription_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_due_months(max_periods integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_month(profile_id uuid, subscription_id uuid, month_key text, month_start timestamp with time zone, month_end timestamp with time zone, month_length interval, plan_name text, quantity integer, payment_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_paid_months(profile_id uuid, invoice_line_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_period(profile_id uuid, subscription_id uuid, period_start timestamp with time zone, period_end timestamp with time zone, payment_id uuid, plan_name text, quantity integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.grant_plan_lot(subscription public.subscriptions, grant_key text, credits bigint, expires_at timestamp with time zone, payment_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.has_next_model(job private.generation_jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.insert_attempt(profile_id uuid, generation_id uuid, model private.generation_models) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.is_ancestor(profile_id uuid, ancestor_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.is_confirmed(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.is_known_person(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.is_last_try(tries integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.is_stripe_object_ours(object_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.item_of_subscription(subscription jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.job_payload(job private.jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.jobs_of(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.judge_referral(referred_id uuid, referrer_id uuid, code text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.keyed_hash(content text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lease_due_generation_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lease_due_jobs(lease_token uuid, max_jobs integer, lease_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.link_stripe_price(item_kind text, item_key text, price_id text, product_id text, amount bigint, currency text, billing_interval text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_caller(other_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_generation_job(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_job(job_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_leased_generation_job(profile_id uuid, job_id bigint, lease_token uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_leased_job(job_id bigint, lease_token uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_person(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_profile(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_profiles(profile_ids uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_reported_generation_job(profile_id uuid, job_id bigint, lease_token uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_reported_job(profile_id uuid, job_id bigint, lease_token uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_with_referrer(referred_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.lock_with_work(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.mark_submit_unknown(job private.generation_jobs, detail text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.my_credits() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_credits() TO authenticated;
REVOKE ALL ON FUNCTION private.my_credits_for(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.next_job_in_ms() FROM PUBLIC;
GRANT ALL ON FUNCTION private.next_job_in_ms() TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.next_model(generation_type text, last_attempt private.generation_attempts) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.normal_address(address text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.normal_code(code text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.open_checkout(profile_id uuid, item_kind text, item_key text, quantity integer, credits bigint, idempotency_key uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_drop_job(job_id bigint, who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_freeze(profile_id uuid, lot_id bigint, who text, why text, action_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_grant(profile_id uuid, amount bigint, who text, why text, action_key text, expires_at timestamp with time zone, priority integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_release(profile_id uuid, lot_id bigint, who text, why text, action_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_retry_job(job_id bigint, who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_revoke(profile_id uuid, amount bigint, who text, why text, action_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.operator_set_setting(setting text, value text, who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.option_fits(declared public.generation_options, given jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.output_url(output jsonb, pointer text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.owner_of_code(code text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.paid_lines(invoice jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.payment_of_intent(payment_intent_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.plan_cover_of(profile_id uuid, unlimited_plans public.plans[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.poll_interval(polls integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.price_generation(profile_id uuid, terms private.request_terms, pay_with_credits boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.profile_of_customer(customer_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.provider_spend_of(day date) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.qualifying_payment(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.queue_metrics() FROM PUBLIC;
GRANT ALL ON FUNCTION private.queue_metrics() TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.quote_generation(generation_type text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.quote_generation(generation_type text) TO authenticated;
REVOKE ALL ON FUNCTION private.raise_stripe_alarm(object_id text, slug text, detail text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.random_code(length integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reconcile_call() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reconcile_calls(since timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.redeem_code(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.redeem_code(code text) TO authenticated;
REVOKE ALL ON FUNCTION private.referrer_of(referred_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refund_generation(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse(status integer, slug text, detail text, hint text, retry_after_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse_daily_capacity(retry_after_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse_for_now(slug text, detail text, hint text, retry_after_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse_job_of_another_person() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse_not_signed_in(profile_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.refuse_not_signed_in(profile_id uuid) TO authenticated;
REVOKE ALL ON FUNCTION private.refuse_reused_key() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.refuse_unknown_type() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.release_lot(profile_id uuid, lot_id bigint, freeze_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.release_work(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.remove_user_image(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_user_image(id uuid) TO authenticated;
REVOKE ALL ON FUNCTION private.repair_stripe_objects(objects jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.repay_debts(profile_id uuid, lot_id bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.replace_customer(job private.jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.replay_stripe_event(event jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.report_job_failed(profile_id uuid, job_id bigint, lease_token uuid, slug text, detail text, is_permanent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_job_failed(profile_id uuid, job_id bigint, lease_token uuid, slug text, detail text, is_permanent boolean) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_provider_job(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_provider_job(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_provider_webhook(webhook_id text, profile_id uuid, attempt_token uuid, body jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_provider_webhook(webhook_id text, profile_id uuid, attempt_token uuid, body jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_removed(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_removed(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_stored(profile_id uuid, job_id bigint, lease_token uuid, stored jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_stored(profile_id uuid, job_id bigint, lease_token uuid, stored jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_stripe(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_stripe(profile_id uuid, job_id bigint, lease_token uuid, answer jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_stripe_event(event jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_stripe_event(event jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_submit_refused(profile_id uuid, job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_submit_refused(profile_id uuid, job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_submit_unknown(profile_id uuid, job_id bigint, lease_token uuid, detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_submit_unknown(profile_id uuid, job_id bigint, lease_token uuid, detail text) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.report_submitted(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.report_submitted(profile_id uuid, job_id bigint, lease_token uuid, provider_job jsonb) TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.reported_period() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) TO authenticated;
REVOKE ALL ON FUNCTION private.request_generation_for(profile_id uuid, generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.request_terms_of(generation_type text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.require_idempotency_key(idempotency_key uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reserve_provider_spend(micros bigint, terms private.request_terms) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.resolve_stripe_alarm(id bigint, who text, why text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.resume_erasure() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.retried(tries integer, slug text, due_at timestamp with time zone, is_awaited boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.retry_find(job private.generation_jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.retry_generation_job(profile_id uuid, job_id bigint, slug text, due_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.retry_job(job_id bigint, slug text, due_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.retry_wait(tries integer, is_awaited boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.return_to_lot(profile_id uuid, lot_id bigint, amount bigint, kind text, generation_id uuid, debt_lot_id bigint, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reversal_difference(reversal jsonb, statuses text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reverse_bonus(profile_id uuid, grant_key text, referral_id uuid, is_reversed boolean) FROM PUBLIC;
GRANT SELECT ON TABLE public.referrals TO authenticated;
REVOKE ALL ON FUNCTION private.reverse_referral(referral public.referrals, is_reversed boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reward_referral(referral public.referrals, payment_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.run_sweep_step(step text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.session_call(checkout public.checkouts) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.session_difference(session jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.set_generation_job_attempt(profile_id uuid, job_id bigint, attempt_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.set_generation_job_state(profile_id uuid, job_id bigint, state private.job_state, kind text, attempt_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.set_job_state(job_id bigint, state private.job_state, kind text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.settle_cancel(job private.generation_jobs, provider_job jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.settle_payment(profile_id uuid, payment_id uuid, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.settle_pending_referrals(max_referrals integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.settle_provider_job(job private.generation_jobs, provider_job jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.settle_referral(referred_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.sidecar_ready() FROM PUBLIC;
GRANT ALL ON FUNCTION private.sidecar_ready() TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.signed_in_profile() FROM PUBLIC;
GRANT ALL ON FUNCTION private.signed_in_profile() TO authenticated;
GRANT SELECT ON TABLE public.credit_packs TO anon;
GRANT SELECT ON TABLE public.credit_packs TO authenticated;
REVOKE ALL ON FUNCTION private.sold_item(item_kind text, item_key text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_attempt(job private.generation_jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) TO authenticated;
REVOKE ALL ON FUNCTION private.start_checkout_for(profile_id uuid, item_kind text, item_key text, idempotency_key uuid, quantity integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_erasure(profile_id uuid, asked_by text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_image_removal(profile_id uuid, user_image_id uuid, reason text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_portal(idempotency_key uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.start_portal(idempotency_key uuid) TO authenticated;
REVOKE ALL ON FUNCTION private.start_portal_for(profile_id uuid, idempotency_key uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_processing(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_reconcile() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_storing(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.start_submitting(profile_id uuid, generation_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.status_transitions() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.stop_erasure(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_attempt_state(profile_id uuid, attempt_id uuid, provider_job jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_code_failure(profile_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_duplicate(attempt private.generation_attempts, provider_job_id text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_erasure_answer(profile_id uuid, answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_referral(referred_id uuid, code text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.store_stripe_event(event jsonb, OUT object_id text, OUT outcome text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.stripe_call(job private.jobs) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.stripe_difference(object jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.stripe_instant(seconds jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.stripe_livemode() FROM PUBLIC;
GRANT ALL ON FUNCTION private.stripe_livemode() TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.submit_payload(attempt private.generation_attempts) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.subscription_difference(subscription jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.sweep() FROM PUBLIC;
GRANT ALL ON FUNCTION private.sweep() TO thumbsmith_sidecar;
REVOKE ALL ON FUNCTION private.sweep_steps() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg__audit_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg__check_transition() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg__ledger_only() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg__refuse_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_credit_entries__apply() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_credit_entries__refund_is_covered() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_credit_entries__restore_is_covered() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_credit_lots__grant() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_generation_types__keep_key() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_generations__broadcast() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_users__close_profile() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_users__confirm() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.tg_users__create_profile() FROM PUBLIC;
REVOKE ALL ON FUNCTION private.too_many_codes(retry_after_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.try_close_account(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.try_settle_referral(user_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.type_of_setting(setting text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.unearned_credits(profile_id uuid, subscription_id uuid, from_at timestamp with time zone, until_at timestamp with time zone, credits bigint, month_length interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.unsendable(generation public.generations) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.user_image_payload(profile_id uuid, user_image_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.uuid_v7_floor(instant timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.waits_for_period(profile_id uuid, invoice jsonb, subscription_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.wake_worker() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.add_user_image(object_path text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.add_user_image(object_path text) TO authenticated;
REVOKE ALL ON FUNCTION public.apply_referral_code(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.apply_referral_code(code text) TO authenticated;
REVOKE ALL ON FUNCTION public.cancel_generation(generation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_generation(generation_id uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.delete_my_account(confirmation text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.delete_my_account(confirmation text) TO authenticated;
REVOKE ALL ON FUNCTION public.export_my_data() FROM PUBLIC;
GRANT ALL ON FUNCTION public.export_my_data() TO authenticated;
REVOKE ALL ON FUNCTION public.generation_types(generation public.generations) FROM PUBLIC;
GRANT ALL ON FUNCTION public.generation_types(generation public.generations) TO authenticated;
REVOKE ALL ON FUNCTION public.my_credits() FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_credits() TO authenticated;
REVOKE ALL ON FUNCTION public.quote_generation(generation_type text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.quote_generation(generation_type text) TO authenticated;
REVOKE ALL ON FUNCTION public.redeem_code(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.redeem_code(code text) TO authenticated;
REVOKE ALL ON FUNCTION public.remove_user_image(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.remove_user_image(id uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid, pay_with_credits boolean, options jsonb) TO authenticated;
REVOKE ALL ON FUNCTION public.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.start_checkout(item_kind text, item_key text, idempotency_key uuid, quantity integer) TO authenticated;
REVOKE ALL ON FUNCTION public.start_portal(idempotency_key uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.start_portal(idempotency_key uuid) TO authenticated;
GRANT SELECT ON TABLE public.credit_lots TO authenticated;
GRANT SELECT ON TABLE public.payments TO authenticated;
GRANT SELECT ON TABLE public.plan_uses TO authenticated;
GRANT SELECT ON TABLE public.credit_entries TO authenticated;
GRANT SELECT ON TABLE public.credit_history TO authenticated;
GRANT SELECT ON TABLE public.generation_receipts TO authenticated;
GRANT SELECT ON TABLE public.profiles TO authenticated;
GRANT SELECT ON TABLE public.purchase_uses TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO service_role;
