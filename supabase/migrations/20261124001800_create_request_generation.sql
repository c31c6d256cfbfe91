-- Purpose: RPC request_generation: price, lock, burn, row and job in one transaction.
-- Touches: functions private.request_generation_for, private.request_generation,
--          public.request_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.request_generation_for(
    profile_id uuid,
    generation_type text,
    prompt text,
    idempotency_key uuid,
    user_image_id uuid,
    pay_with_credits boolean,
    options jsonb
)
returns public.generations
language plpgsql
volatile
set search_path = ''
as $$
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

comment on function private.request_generation_for(
    uuid, text, text, uuid, uuid, boolean, jsonb
) is
'The rule behind public.request_generation, for this person: it reads no claims and no settings of
the session.';

create function private.request_generation(
    generation_type text,
    prompt text,
    idempotency_key uuid,
    user_image_id uuid,
    pay_with_credits boolean,
    options jsonb
)
returns public.generations
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
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

comment on function private.request_generation(text, text, uuid, uuid, boolean, jsonb) is
'public.request_generation for whoever calls.';
grant execute on function private.request_generation(text, text, uuid, uuid, boolean, jsonb)
to authenticated;

create function public.request_generation(
    generation_type text,
    prompt text,
    idempotency_key uuid,
    user_image_id uuid default null,
    pay_with_credits boolean default false,
    options jsonb default '{}'
)
returns public.generations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
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

comment on function public.request_generation(text, text, uuid, uuid, boolean, jsonb) is
'Ask for a thumbnail.

For signed-in people. Burns the cost of the generation type, or nothing when an unlimited plan
covers it, and queues the work in one transaction; returns the generation. The same idempotency_key
returns the same generation and burns nothing more. pay_with_credits says that credits may be burned
once the fair use of an unlimited plan is reached. options: see generation_options. Refuses with
PT402 insufficient_credits, fair_use_reached; PT404 generation_type_not_found, user_image_not_found;
PT409 idempotency_conflict; PT422 prompt_empty, prompt_too_long, prompt_has_control_characters,
user_image_required, user_image_not_supported, options_invalid; 429 too_many_running,
too_many_per_minute, too_many_per_day, daily_capacity_reached, with Retry-After.';
grant execute on function public.request_generation(text, text, uuid, uuid, boolean, jsonb)
to authenticated;
