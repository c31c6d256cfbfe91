-- Purpose: RPC quote_generation: what the next thumbnail would cost.
-- Touches: type public.generation_quote, functions private.available_credits,
--          private.quote_generation, public.quote_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type public.generation_quote.

create type public.generation_quote as (
    cost_credits bigint,
    is_covered boolean,
    is_affordable boolean,
    missing_credits bigint,
    fair_use_left integer,
    fair_use_resets_at timestamptz
);

comment on type public.generation_quote is
'What the next thumbnail would cost: cost_credits, zero when an unlimited plan covers it
(is_covered); is_affordable, or else how many are missing_credits. fair_use_left counts what the
plan still covers, null without such a plan; when it is zero, the plan covers again at
fair_use_resets_at.';
-- Types of results are made from these: a column that may be null says so.
comment on column public.generation_quote.cost_credits is
'Credits that it would cost; zero when a plan covers it.';
comment on column public.generation_quote.is_covered is 'Whether an unlimited plan covers it.';
comment on column public.generation_quote.is_affordable is
'Whether it is covered, or the credits are enough.';
comment on column public.generation_quote.missing_credits is
'Credits that are missing; zero when it is affordable.';
comment on column public.generation_quote.fair_use_left is
'Pictures that the plan still covers; null without such a plan.';
comment on column public.generation_quote.fair_use_resets_at is
'When the plan covers again; null while it does, and without such a plan.';
grant usage on type public.generation_quote to authenticated;

create function private.available_credits(profile_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
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

comment on function private.available_credits(uuid) is
'Credits that can be spent now: neither frozen nor expired, whether a sweep has run or not.';

create function private.quote_generation(generation_type text)
returns public.generation_quote
language plpgsql
stable
-- security definer because the models and the rules of a plan are not for the caller to read
security definer
set search_path = ''
as $$
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

comment on function private.quote_generation(text) is 'The rule behind public.quote_generation.';
grant execute on function private.quote_generation(text) to authenticated;

create function public.quote_generation(generation_type text)
returns public.generation_quote
language sql
stable
security invoker
set search_path = ''
as $$
    select private.quote_generation(quote_generation.generation_type);
$$;

comment on function public.quote_generation(text) is
'What the next thumbnail of this type would cost the signed-in person.

Nothing is reserved. Refuses with PT404 generation_type_not_found.';
grant execute on function public.quote_generation(text) to authenticated;
