--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: private; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA private;


ALTER SCHEMA private OWNER TO postgres;

--
-- Name: SCHEMA private; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON SCHEMA private IS 'Rules and internals. Never listed in [api].schemas: only functions granted one by one are
reachable.';


--
-- Name: public; Type: SCHEMA; Schema: -; Owner: pg_database_owner
--

CREATE SCHEMA public;


ALTER SCHEMA public OWNER TO pg_database_owner;

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA public IS 'standard public schema';


--
-- Name: credit_summary; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.credit_summary AS (
	available bigint,
	held bigint,
	expiring_soon bigint,
	expiring_at timestamp with time zone
);


ALTER TYPE public.credit_summary OWNER TO postgres;

--
-- Name: TYPE credit_summary; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TYPE public.credit_summary IS 'What a person has: available can be spent now; held is burned for pictures that are under way and
comes back if they fail; expiring_soon is the part of available that expires next, at expiring_at.';


--
-- Name: abandon_run(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.abandon_run(generation_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_run private.generation_runs;
begin
    select r.* into v_run
    from private.generation_runs as r
    where r.generation_id = abandon_run.generation_id
        and r.finished_at is null
    order by r.attempt desc
    limit 1
    for update;

    -- Nothing went out: no work is left.
    if not found then
        delete from private.outbox as o
        where o.generation_id = abandon_run.generation_id;
        return;
    end if;

    -- The provider may be working on it: have it cancelled as soon as its id is known.
    update private.outbox as o
    set
        kind = case when v_run.prediction_id is null then o.kind else 'cancel' end,
        run_id = v_run.id,
        due_at = case when v_run.prediction_id is null then o.due_at else now() end,
        attempts = 0,
        lease_token = case when v_run.prediction_id is null then o.lease_token end
    where o.generation_id = abandon_run.generation_id;

    if v_run.prediction_id is not null then
        perform private.wake_worker();
    end if;
end;
$$;


ALTER FUNCTION private.abandon_run(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION abandon_run(generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.abandon_run(generation_id uuid) IS 'The generation is over but its attempt may not be: turns its job into a cancel, or ends it.';


--
-- Name: uuid_v7(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.uuid_v7() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    SET search_path TO ''
    AS $$
    -- 48 bits of milliseconds, the version, 12 bits of the fraction, then v4's random half. The
    -- fraction keeps keys made in one millisecond in order, so the key is also the time order.
    select encode(
        overlay(
            uuid_send(gen_random_uuid())
            placing substr(int8send(t.us / 1000), 3, 6)
            || int2send((28672 + (t.us % 1000) * 4096 / 1000)::int2)
            from 1 for 8
        ),
        'hex'
    )::uuid
    from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us) as t;
$$;


ALTER FUNCTION private.uuid_v7() OWNER TO postgres;

--
-- Name: FUNCTION uuid_v7(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.uuid_v7() IS 'A version 7 UUID (RFC 9562): grows with time, so indexes stay dense and the key sorts by age.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: user_images; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.user_images (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    object_path text NOT NULL,
    consented_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT user_images_expires_after_creation CHECK ((expires_at > created_at)),
    CONSTRAINT user_images_path_in_own_folder CHECK (starts_with(object_path, ((profile_id)::text || '/'::text)))
);


ALTER TABLE public.user_images OWNER TO postgres;

--
-- Name: TABLE user_images; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.user_images IS 'Face photos in the Storage bucket faces. The bytes live there; a row says whose they are.';


--
-- Name: COLUMN user_images.object_path; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.user_images.object_path IS 'Name of the object in the bucket faces: <profile id>/<file>.';


--
-- Name: COLUMN user_images.consented_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.user_images.consented_at IS 'When the person recorded the photo for use, by calling add_user_image.';


--
-- Name: COLUMN user_images.expires_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.user_images.expires_at IS 'After this instant the photo is no longer used.';


--
-- Name: add_user_image(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.add_user_image(object_path text) RETURNS public.user_images
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_settings private.settings;
    v_image public.user_images;
begin
    -- The lock makes the count below hold, and lets a repeat see the first call's row.
    perform from public.profiles as p
    where p.id = v_profile_id
        and p.deleted_at is null
    for no key update;

    -- owner_id, not the path alone: the object must have been uploaded by this person.
    if not found or not exists (
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
        and i.deleted_at is null;

    if found then
        return v_image;
    end if;

    select s.* into v_settings
    from private.settings as s;

    if (
        select count(*)
        from public.user_images as i
        where i.profile_id = v_profile_id
            and i.deleted_at is null
    ) >= v_settings.user_images_max then
        raise sqlstate 'PT409' using
            message = 'user_image_limit_reached',
            detail = format('At most %s face photos are kept.', v_settings.user_images_max),
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


ALTER FUNCTION private.add_user_image(object_path text) OWNER TO postgres;

--
-- Name: FUNCTION add_user_image(object_path text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.add_user_image(object_path text) IS 'The rule behind public.add_user_image.';


--
-- Name: backoff(integer); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.backoff(attempts integer) RETURNS interval
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    -- 1 s, 2 s, 4 s … five minutes, each between half and all of it, so that a crowd spreads out.
    select least(power(2, least(backoff.attempts, 20)), 300) * (0.5 + random() / 2)
        * interval '1 second';
$$;


ALTER FUNCTION private.backoff(attempts integer) OWNER TO postgres;

--
-- Name: FUNCTION backoff(attempts integer); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.backoff(attempts integer) IS 'How long to wait after this many failed tries.';


--
-- Name: generations; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.generations (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    profile_id uuid NOT NULL,
    generation_type text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    prompt text NOT NULL,
    user_image_id uuid,
    credit_cost bigint NOT NULL,
    output_path text,
    error text,
    idempotency_key uuid NOT NULL,
    deadline_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT generations_credit_cost_not_negative CHECK ((credit_cost >= 0)),
    CONSTRAINT generations_failed_has_error CHECK (((status = 'failed'::text) = (error IS NOT NULL))),
    CONSTRAINT generations_final_has_finished_at CHECK (((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'canceled'::text, 'expired'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT generations_status_known CHECK ((status = ANY (ARRAY['queued'::text, 'submitting'::text, 'processing'::text, 'storing'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'expired'::text]))),
    CONSTRAINT generations_succeeded_has_output CHECK (((status = 'succeeded'::text) = (output_path IS NOT NULL)))
)
WITH (fillfactor='80');


ALTER TABLE public.generations OWNER TO postgres;

--
-- Name: TABLE generations; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.generations IS 'One row per thumbnail asked for.

queued → submitting → processing → storing → succeeded, or failed, canceled, expired: each final.
Every final status but succeeded has given the credits back.';


--
-- Name: COLUMN generations.credit_cost; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generations.credit_cost IS 'Credits burned for it, as priced when asked.';


--
-- Name: COLUMN generations.output_path; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generations.output_path IS 'Name of the picture in the bucket thumbnails, once succeeded.';


--
-- Name: COLUMN generations.error; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generations.error IS 'Stable slug of why it failed; see docs/errors.md.';


--
-- Name: COLUMN generations.idempotency_key; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generations.idempotency_key IS 'Made by the client: the same key never makes a second generation.';


--
-- Name: COLUMN generations.deadline_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generations.deadline_at IS 'When it expires and the credits go back, if no picture has arrived.';


--
-- Name: cancel_generation(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.cancel_generation(generation_id uuid) RETURNS public.generations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_generation public.generations;
begin
    -- The outbox row first, as everywhere; but only one's own, or anybody could hold up the others.
    perform from private.outbox as o
    inner join public.generations as g on o.generation_id = g.id
    where o.generation_id = cancel_generation.generation_id
        and g.profile_id = v_profile_id
    for update of o;

    select g.* into v_generation
    from public.generations as g
    where g.id = cancel_generation.generation_id
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

    perform private.finish_generation(v_generation.id, 'canceled');
    perform private.abandon_run(v_generation.id);

    select g.* into v_generation
    from public.generations as g
    where g.id = v_generation.id;

    return v_generation;
end;
$$;


ALTER FUNCTION private.cancel_generation(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION cancel_generation(generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.cancel_generation(generation_id uuid) IS 'The rule behind public.cancel_generation.';


--
-- Name: check_face(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.check_face(profile_id uuid, user_image_id uuid, face text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    if check_face.user_image_id is null then
        if check_face.face = 'required' then
            raise sqlstate 'PT422' using
                message = 'user_image_required',
                detail = 'This generation type needs a face photo.',
                hint = 'Upload one to the bucket faces and record it with add_user_image.';
        end if;
        return;
    end if;

    if check_face.face = 'none' then
        raise sqlstate 'PT422' using
            message = 'user_image_not_supported',
            detail = 'This generation type takes no face photo.',
            hint = 'Leave user_image_id out.';
    end if;

    -- One answer for absent, someone else's, deleted, expired and bytes gone: nothing to probe
    -- with.
    if not exists (
        select
        from public.user_images as i
        inner join storage.objects as o on o.bucket_id = 'faces' and i.object_path = o.name
        where i.id = check_face.user_image_id
            and i.profile_id = check_face.profile_id
            and i.deleted_at is null
            and i.expires_at > now()
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;
end;
$$;


ALTER FUNCTION private.check_face(profile_id uuid, user_image_id uuid, face text) OWNER TO postgres;

--
-- Name: FUNCTION check_face(profile_id uuid, user_image_id uuid, face text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.check_face(profile_id uuid, user_image_id uuid, face text) IS 'Whether this person may use this photo for a type that wants a face so (none, optional, required):
PT404 user_image_not_found, PT422 user_image_required, user_image_not_supported.';


--
-- Name: check_prompt(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.check_prompt(prompt text) RETURNS text
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
    v_max integer;
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

    select s.prompt_max_characters into v_max
    from private.settings as s;

    if char_length(v_prompt) > v_max then
        raise sqlstate 'PT422' using
            message = 'prompt_too_long',
            detail = format('The prompt has %s characters, at most %s are taken.',
                char_length(v_prompt), v_max),
            hint = 'Shorten the prompt.';
    end if;

    return v_prompt;
end;
$_$;


ALTER FUNCTION private.check_prompt(prompt text) OWNER TO postgres;

--
-- Name: FUNCTION check_prompt(prompt text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.check_prompt(prompt text) IS 'The prompt without blanks at both ends, or PT422: prompt_empty, prompt_has_control_characters,
prompt_too_long.';


--
-- Name: claim_jobs(text, integer, integer); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) RETURNS TABLE(job_id bigint, lease_token uuid, kind text, generation_id uuid, attempt integer, payload jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox;
    v_token constant uuid := gen_random_uuid();
    v_found boolean := false;
begin
    for v_job in
        with claimed as (
            update private.outbox as o
            set
                due_at = now() + make_interval(secs => claim_jobs.lease_seconds),
                lease_token = v_token
            -- An array, so that the generic plan keeps the index and stops at the limit.
            where o.id = any(array(
                select q.id
                from private.outbox as q
                where q.due_at <= now()
                    and q.dead_at is null
                order by q.due_at
                limit claim_jobs.max_jobs
                for update skip locked
            ))
            returning o.*
        )

        select c.*
        from claimed as c
        inner join public.generations as g on c.generation_id = g.id
        -- A submission that was tried too often is refunded here: profiles are locked in id order.
        order by g.profile_id, c.id
    loop
        v_found := true;

        if v_job.kind = 'submit' then
            v_job.run_id := private.start_run(v_job.generation_id);

            if v_job.run_id is null then
                perform private.postpone_submit(v_job.id, v_job.generation_id);
                continue;
            end if;

            update private.outbox as o
            set run_id = v_job.run_id
            where o.id = v_job.id;
        end if;

        job_id := v_job.id;
        lease_token := v_token;
        kind := v_job.kind;
        generation_id := v_job.generation_id;
        attempt := v_job.attempts + 1;
        payload := private.job_payload(v_job.kind, v_job.run_id);
        return next;
    end loop;

    if v_found then
        delete from private.idle_workers as w
        where w.worker_id = claim_jobs.worker_id;
    end if;
end;
$$;


ALTER FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) OWNER TO postgres;

--
-- Name: FUNCTION claim_jobs(worker_id text, max_jobs integer, lease_seconds integer); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) IS 'Takes due jobs for this many seconds. Report each with a record_* function and the lease token;
what is not reported comes back when the lease ends.';


--
-- Name: declare_idle(text); Type: FUNCTION; Schema: private; Owner: postgres
--

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


ALTER FUNCTION private.declare_idle(worker_id text) OWNER TO postgres;

--
-- Name: FUNCTION declare_idle(worker_id text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.declare_idle(worker_id text) IS 'A worker found nothing: from here on requests send NOTIFY thumbsmith_jobs. The worker must claim
once more before it sleeps.';


--
-- Name: expire_generation(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.expire_generation(generation_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    if not private.finish_generation(expire_generation.generation_id, 'expired') then
        return false;
    end if;
    perform private.abandon_run(expire_generation.generation_id);
    return true;
end;
$$;


ALTER FUNCTION private.expire_generation(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION expire_generation(generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.expire_generation(generation_id uuid) IS 'Ends a generation whose deadline has passed: credits back, and its attempt cancelled.';


--
-- Name: outbox; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.outbox (
    id bigint NOT NULL,
    kind text NOT NULL,
    generation_id uuid NOT NULL,
    run_id uuid,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    lease_token uuid,
    last_error text,
    dead_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outbox_attempts_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT outbox_has_run_unless_submit CHECK (((kind = 'submit'::text) OR (run_id IS NOT NULL))),
    CONSTRAINT outbox_kind_known CHECK ((kind = ANY (ARRAY['submit'::text, 'poll'::text, 'store'::text, 'cancel'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_insert_scale_factor='0');


ALTER TABLE private.outbox OWNER TO postgres;

--
-- Name: TABLE outbox; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.outbox IS 'One row per generation that needs the sidecar: submit → poll → store, or cancel; deleted when
done.

Narrow on purpose: the queue''s churn stays out of the wide table. A claimed row is due again when
its lease ends, so work of a killed sidecar comes back by itself.';


--
-- Name: COLUMN outbox.due_at; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.outbox.due_at IS 'When it may be claimed: later work, or the end of the lease.';


--
-- Name: COLUMN outbox.attempts; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.outbox.attempts IS 'Failed tries in a row.';


--
-- Name: COLUMN outbox.lease_token; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.outbox.lease_token IS 'Whoever holds it may report the result; others are stale.';


--
-- Name: COLUMN outbox.dead_at; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.outbox.dead_at IS 'When it was given up; a person has to look at it.';


--
-- Name: fail_run(private.outbox, text, text, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.fail_run(job private.outbox, run_status text, error text, detail text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.generation_runs as r
    set
        status = fail_run.run_status,
        provider_error = left(fail_run.detail, 2000),
        finished_at = now()
    where r.id = fail_run.job.run_id
        and r.finished_at is null;

    perform private.finish_generation(fail_run.job.generation_id, 'failed', fail_run.error);

    delete from private.outbox as o
    where o.id = fail_run.job.id;
end;
$$;


ALTER FUNCTION private.fail_run(job private.outbox, run_status text, error text, detail text) OWNER TO postgres;

--
-- Name: FUNCTION fail_run(job private.outbox, run_status text, error text, detail text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.fail_run(job private.outbox, run_status text, error text, detail text) IS 'Ends the attempt, its job and its generation, with the credits back.';


--
-- Name: finish_generation(uuid, text, text, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.finish_generation(generation_id uuid, status text, error text DEFAULT NULL::text, output_path text DEFAULT NULL::text) RETURNS boolean
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
        finished_at = now()
    where g.id = finish_generation.generation_id
        and g.finished_at is null;

    if not found then
        return false;
    end if;

    if finish_generation.status <> 'succeeded' then
        perform private.refund_generation(finish_generation.generation_id);
    end if;
    return true;
end;
$$;


ALTER FUNCTION private.finish_generation(generation_id uuid, status text, error text, output_path text) OWNER TO postgres;

--
-- Name: FUNCTION finish_generation(generation_id uuid, status text, error text, output_path text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.finish_generation(generation_id uuid, status text, error text, output_path text) IS 'Moves a generation to its final status and, unless it succeeded, gives its credits back. True when
this call did it, false when it was final before.';


--
-- Name: grant_credits(uuid, bigint, text, text, timestamp with time zone, smallint); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority smallint DEFAULT 100) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile public.profiles;
    v_lot_id bigint;
begin
    if grant_credits.amount = 0 then
        return false;
    end if;

    select p.* into v_profile
    from public.profiles as p
    where p.id = grant_credits.profile_id
    for no key update;

    if not found then
        return false;
    end if;

    insert into public.credit_lots (
        profile_id, source, grant_key, amount, remaining, priority, expires_at
    )
    values (
        v_profile.id, grant_credits.source, grant_credits.grant_key, grant_credits.amount,
        grant_credits.amount, grant_credits.priority, grant_credits.expires_at
    )
    on conflict on constraint credit_lots_grant_key_key do nothing
    returning id into v_lot_id;

    if v_lot_id is null then
        return false;
    end if;

    update public.profiles as p
    set
        credits = p.credits + grant_credits.amount,
        entry_count = p.entry_count + 1
    where p.id = v_profile.id;

    insert into public.credit_entries (
        profile_id, entry_number, lot_id, amount, kind, balance_after
    )
    values (
        v_profile.id, v_profile.entry_count + 1, v_lot_id, grant_credits.amount, 'grant',
        v_profile.credits + grant_credits.amount
    );

    return true;
end;
$$;


ALTER FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority smallint) OWNER TO postgres;

--
-- Name: FUNCTION grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority smallint); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority smallint) IS 'Gives a profile a new lot of credits and writes the entry.

True when it did; false when the key was used before, the amount is zero or there is no such
profile.';


--
-- Name: held_job(bigint, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.held_job(job_id bigint, lease_token uuid) RETURNS private.outbox
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select o.*
    from private.outbox as o
    where o.id = held_job.job_id
        and o.lease_token = held_job.lease_token
    for update;
$$;


ALTER FUNCTION private.held_job(job_id bigint, lease_token uuid) OWNER TO postgres;

--
-- Name: FUNCTION held_job(job_id bigint, lease_token uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.held_job(job_id bigint, lease_token uuid) IS 'The job, locked, if this lease still holds it; else null and the report is stale.';


--
-- Name: job_payload(text, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.job_payload(kind text, run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select case job_payload.kind
        when 'submit' then private.submit_payload(job_payload.run_id)
        when 'store' then jsonb_build_object(
            'run_id', r.id,
            'prediction_id', r.prediction_id,
            'output_url', r.output_url,
            'bucket', 'thumbnails',
            'object_path', g.profile_id || '/' || g.id || '.png',
            'width', 1280,
            'height', 720
        )
        else jsonb_build_object('run_id', r.id, 'prediction_id', r.prediction_id)
    end
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    where r.id = job_payload.run_id;
$$;


ALTER FUNCTION private.job_payload(kind text, run_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION job_payload(kind text, run_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.job_payload(kind text, run_id uuid) IS 'What the sidecar needs for a job of this kind.';


--
-- Name: next_job_in_ms(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.next_job_in_ms() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    -- greatest() and least() pass over nulls, so an empty queue has to give no row at all.
    select greatest(
        least(extract(epoch from o.due_at - clock_timestamp()) * 1000, 3600000), 0
    )::integer
    from private.outbox as o
    where o.dead_at is null
    order by o.due_at
    limit 1;
$$;


ALTER FUNCTION private.next_job_in_ms() OWNER TO postgres;

--
-- Name: FUNCTION next_job_in_ms(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.next_job_in_ms() IS 'Milliseconds until the next job is due, at most an hour; null when there is none.';


--
-- Name: output_url(jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.output_url(output jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
    -- Models answer with a URI, a list of URIs, or objects that hold one.
    select case jsonb_typeof(output_url.output)
        when 'string' then output_url.output #>> '{}'
        when 'object' then output_url.output ->> 'url'
        when 'array' then coalesce(output_url.output #>> '{0,url}', output_url.output ->> 0)
    end;
$$;


ALTER FUNCTION private.output_url(output jsonb) OWNER TO postgres;

--
-- Name: FUNCTION output_url(output jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.output_url(output jsonb) IS 'The first file of a prediction''s output, or null.';


--
-- Name: poll_interval(integer); Type: FUNCTION; Schema: private; Owner: postgres
--

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


ALTER FUNCTION private.poll_interval(polls integer) OWNER TO postgres;

--
-- Name: FUNCTION poll_interval(polls integer); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.poll_interval(polls integer) IS 'How long to wait before the next look, after this many.';


--
-- Name: postpone_submit(bigint, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.postpone_submit(job_id bigint, generation_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    update private.outbox as o
    set
        due_at = r.unknown_since + s.submit_unknown_grace,
        run_id = r.id,
        lease_token = null
    from private.generation_runs as r
    cross join private.settings as s
    where o.id = postpone_submit.job_id
        and r.generation_id = postpone_submit.generation_id
        and r.status = 'submit_unknown';

    if not found then
        delete from private.outbox as o
        where o.id = postpone_submit.job_id;
    end if;
end;
$$;


ALTER FUNCTION private.postpone_submit(job_id bigint, generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION postpone_submit(job_id bigint, generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.postpone_submit(job_id bigint, generation_id uuid) IS 'A submit with nothing to send now: due again when the grace time ends, or gone with its
generation.';


--
-- Name: queue_metrics(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.queue_metrics() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'due', count(*) filter (where o.dead_at is null and o.due_at <= now()),
        'leased', count(*) filter (where o.lease_token is not null and o.due_at > now()),
        'dead', count(*) filter (where o.dead_at is not null),
        'oldest_due_seconds', coalesce(
            extract(epoch from now() - min(o.due_at) filter (
                where o.dead_at is null and o.due_at <= now()
            )),
            0
        ),
        'submit_unknown', (
            select count(*)
            from private.generation_runs as r
            inner join private.outbox as q on r.id = q.run_id
            where r.status = 'submit_unknown'
        )
    )
    from private.outbox as o;
$$;


ALTER FUNCTION private.queue_metrics() OWNER TO postgres;

--
-- Name: FUNCTION queue_metrics(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.queue_metrics() IS 'Counts of due, leased and dead jobs and of lost submissions, and the age of the oldest due job in
seconds.';


--
-- Name: random_code(integer); Type: FUNCTION; Schema: private; Owner: postgres
--

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


ALTER FUNCTION private.random_code(length integer) OWNER TO postgres;

--
-- Name: FUNCTION random_code(length integer); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.random_code(length integer) IS 'A random code of the given length from an alphabet without look-alikes.';


--
-- Name: record_job_failed(bigint, uuid, text, text, boolean); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(
        record_job_failed.job_id, record_job_failed.lease_token
    );
    v_is_exhausted boolean;
begin
    if v_job.id is null then
        return 'stale';
    end if;

    select record_job_failed.permanent or v_job.attempts + 1 >= s.job_attempts_max
    into v_is_exhausted
    from private.settings as s;

    if v_job.kind = 'cancel' and v_is_exhausted then
        -- The money is settled; the orphan costs at most until its own deadline. A person should
        -- look.
        update private.outbox as o
        set
            dead_at = now(),
            attempts = o.attempts + 1,
            lease_token = null,
            last_error = record_job_failed.slug
        where o.id = v_job.id;
    elsif v_is_exhausted then
        perform private.fail_run(v_job, 'failed', record_job_failed.slug, record_job_failed.detail);
    else
        -- A submit that failed before the call left no trace at the provider: the same attempt may
        -- go.
        delete from private.generation_runs as r
        where v_job.kind = 'submit'
            and r.id = v_job.run_id
            and r.status = 'submitting';

        update private.outbox as o
        set
            due_at = now() + private.backoff(o.attempts),
            attempts = o.attempts + 1,
            run_id = case when v_job.kind = 'submit' then null else o.run_id end,
            lease_token = null,
            last_error = record_job_failed.slug
        where o.id = v_job.id;
    end if;
    return 'ok';
end;
$$;


ALTER FUNCTION private.record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean) OWNER TO postgres;

--
-- Name: FUNCTION record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean) IS 'The job did not work out, for the reason slug: tried again with growing waits, or, when permanent
or tried too often, ended with the credits back. For a submit: only when nothing was sent. ok, or
stale.';


--
-- Name: record_prediction(bigint, uuid, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(
        record_prediction.job_id, record_prediction.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.settle_prediction(v_job, record_prediction.prediction);
    return 'ok';
end;
$$;


ALTER FUNCTION private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb) OWNER TO postgres;

--
-- Name: FUNCTION record_prediction(job_id bigint, lease_token uuid, prediction jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb) IS 'The prediction as the provider shows it now, after a poll or a cancel. ok, or stale.';


--
-- Name: record_referral(uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_referral(referred_id uuid, code text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
declare
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    v_code constant text := upper(btrim(record_referral.code));
    v_referrer_id uuid;
    v_reason text;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.referral_code = v_code
        and p.deleted_at is null;

    v_reason := case
        when v_code !~ '^[2-9A-HJKMNP-TV-Z]{8}$' then 'malformed_code'
        when v_referrer_id is null then 'unknown_code'
        when v_referrer_id = record_referral.referred_id then 'own_code'
    end;

    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        record_referral.referred_id,
        case when v_reason is null then v_referrer_id end,
        left(record_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    -- The first code counts; a restored account keeps it.
    on conflict on constraint referrals_pkey do nothing;

    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = record_referral.referred_id
        and p.referred_by is null
        and v_reason is null;
end;
$_$;


ALTER FUNCTION private.record_referral(referred_id uuid, code text) OWNER TO postgres;

--
-- Name: FUNCTION record_referral(referred_id uuid, code text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_referral(referred_id uuid, code text) IS 'Records the code a person came with: pending, or rejected with the reason. Never refuses.';


--
-- Name: record_replicate_webhook(text, uuid, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_run private.generation_runs;
    v_job private.outbox;
begin
    insert into private.replicate_webhooks (webhook_id, attempt_token, body)
    values (
        record_replicate_webhook.webhook_id,
        record_replicate_webhook.attempt_token,
        -- The input holds signed URLs of faces: not kept.
        record_replicate_webhook.body - 'input' - 'logs'
    )
    on conflict on constraint replicate_webhooks_pkey do nothing;

    if not found then
        return 'duplicate';
    end if;

    -- The outbox row first, as everywhere.
    select o.* into v_job
    from private.outbox as o
    inner join private.generation_runs as r on o.generation_id = r.generation_id
    where r.attempt_token = record_replicate_webhook.attempt_token
    for update of o;

    select r.* into v_run
    from private.generation_runs as r
    where r.attempt_token = record_replicate_webhook.attempt_token
        and r.finished_at is null
    for update;

    -- Of an attempt that nobody waits for any more, or of none: stored, and that is all.
    if v_run.id is null or v_job.id is null then
        return 'stored';
    end if;

    -- The answer to the submission was lost, but here is the prediction's id: adopt it.
    if v_run.status = 'submit_unknown' and record_replicate_webhook.body ->> 'id' is not null then
        update private.generation_runs as r
        set
            status = 'processing',
            prediction_id = record_replicate_webhook.body ->> 'id'
        where r.id = v_run.id;

        update public.generations as g
        set status = 'processing'
        where g.id = v_run.generation_id
            and g.status = 'submitting';

        update private.outbox as o
        set
            kind = case
                when exists (
                    select
                    from public.generations as g
                    where g.id = v_run.generation_id
                        and g.finished_at is not null
                ) then 'cancel'
                else 'poll'
            end,
            run_id = v_run.id,
            due_at = now(),
            attempts = 0,
            lease_token = null
        where o.id = v_job.id;
    elsif v_job.kind = 'poll' then
        -- Also while a poll is under way: it may have looked too early, so its lease ends here.
        update private.outbox as o
        set
            due_at = now(),
            lease_token = null
        where o.id = v_job.id;
    end if;

    perform private.wake_worker();
    return 'stored';
end;
$$;


ALTER FUNCTION private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb) OWNER TO postgres;

--
-- Name: FUNCTION record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb) IS 'Stores a verified webhook and has its prediction looked at now; adopts an attempt whose answer was
lost. stored, or duplicate.';


--
-- Name: record_stored(bigint, uuid, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_stored(job_id bigint, lease_token uuid, stored jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(record_stored.job_id, record_stored.lease_token);
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.finish_generation(
        v_job.generation_id, 'succeeded', null, record_stored.stored ->> 'object_path'
    );

    delete from private.outbox as o
    where o.id = v_job.id;

    return 'ok';
end;
$$;


ALTER FUNCTION private.record_stored(job_id bigint, lease_token uuid, stored jsonb) OWNER TO postgres;

--
-- Name: FUNCTION record_stored(job_id bigint, lease_token uuid, stored jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_stored(job_id bigint, lease_token uuid, stored jsonb) IS 'The picture is in Storage at stored.object_path: the generation succeeded. ok, or stale.';


--
-- Name: record_submit_refused(bigint, uuid, integer, text, integer); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(
        record_submit_refused.job_id, record_submit_refused.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    -- Throttled: nothing was made, so asking again later is safe, until the deadline.
    if record_submit_refused.http_status = 429 then
        delete from private.generation_runs as r
        where r.id = v_job.run_id;

        update private.outbox as o
        set
            due_at = now() + greatest(
                make_interval(secs => coalesce(record_submit_refused.retry_after_seconds, 0)),
                private.backoff(o.attempts)
            ),
            attempts = o.attempts + 1,
            run_id = null,
            lease_token = null,
            last_error = 'provider_throttled'
        where o.id = v_job.id;

        return 'ok';
    end if;

    perform private.fail_run(
        v_job,
        'refused',
        case record_submit_refused.http_status
            when 422 then 'input_refused'
            else 'provider_unavailable'
        end,
        format('%s %s', record_submit_refused.http_status, record_submit_refused.detail)
    );
    return 'ok';
end;
$$;


ALTER FUNCTION private.record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) OWNER TO postgres;

--
-- Name: FUNCTION record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) IS 'The provider refused with this HTTP status and certainly made nothing: tried again when throttled
(429), else failed with the credits back. ok, or stale.';


--
-- Name: record_submit_unknown(bigint, uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_submit_unknown(job_id bigint, lease_token uuid, detail text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(
        record_submit_unknown.job_id, record_submit_unknown.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    -- Unless its webhook was faster than this report, and the attempt is known after all.
    update private.generation_runs as r
    set
        status = 'submit_unknown',
        unknown_since = now(),
        provider_error = left(record_submit_unknown.detail, 2000)
    where r.id = v_job.run_id
        and r.status = 'submitting';

    perform private.postpone_submit(v_job.id, v_job.generation_id)
    from private.generation_runs as r
    where r.id = v_job.run_id
        and r.status = 'submit_unknown';

    return 'ok';
end;
$$;


ALTER FUNCTION private.record_submit_unknown(job_id bigint, lease_token uuid, detail text) OWNER TO postgres;

--
-- Name: FUNCTION record_submit_unknown(job_id bigint, lease_token uuid, detail text); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_submit_unknown(job_id bigint, lease_token uuid, detail text) IS 'No answer, so the provider may have the attempt or not: its webhook adopts it, or another attempt
follows after the grace time. ok, or stale.';


--
-- Name: record_submitted(bigint, uuid, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_job private.outbox := private.held_job(record_submitted.job_id, record_submitted.lease_token);
    v_is_over boolean;
begin
    if v_job.id is null then
        return 'stale';
    end if;

    update private.generation_runs as r
    set
        status = 'processing',
        prediction_id = record_submitted.prediction ->> 'id',
        provider_status = record_submitted.prediction ->> 'status'
    where r.id = v_job.run_id
        and r.finished_at is null;

    update public.generations as g
    set status = 'processing'
    where g.id = v_job.generation_id
        and g.status = 'submitting';

    select g.finished_at is not null into v_is_over
    from public.generations as g
    where g.id = v_job.generation_id;

    -- Canceled or expired while the call was under way: then this prediction is an orphan.
    update private.outbox as o
    set
        kind = case when v_is_over then 'cancel' else 'poll' end,
        due_at = case
            when v_is_over or exists (
                select
                from private.replicate_webhooks as w
                inner join private.generation_runs as r on w.attempt_token = r.attempt_token
                where r.id = v_job.run_id
            ) then now()
            else now() + interval '2 seconds'
        end,
        attempts = 0,
        lease_token = null
    where o.id = v_job.id;

    return 'ok';
end;
$$;


ALTER FUNCTION private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb) OWNER TO postgres;

--
-- Name: FUNCTION record_submitted(job_id bigint, lease_token uuid, prediction jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb) IS 'The provider took the attempt and answered with this prediction. ok, or stale.';


--
-- Name: refund_generation(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.refund_generation(generation_id uuid) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile public.profiles;
    v_spent record;
    v_refunded bigint := 0;
    v_touched bigint := 0;
begin
    select p.* into v_profile
    from public.generations as g
    inner join public.profiles as p on g.profile_id = p.id
    where g.id = refund_generation.generation_id
    for no key update of p;

    -- Each lot gets back exactly what this generation took from it. A second refund of the same
    -- generation violates credit_entries_generation_id_lot_id_kind_key.
    for v_spent in
        select
            e.lot_id,
            -e.amount as amount
        from public.credit_entries as e
        where e.generation_id = refund_generation.generation_id
            and e.kind = 'spend'
        order by e.lot_id
    loop
        v_refunded := v_refunded + v_spent.amount;
        v_touched := v_touched + 1;

        update public.credit_lots as l
        set
            remaining = l.remaining + v_spent.amount,
            exhausted_at = null
        where l.id = v_spent.lot_id;

        insert into public.credit_entries (
            profile_id, entry_number, lot_id, amount, kind, generation_id, balance_after
        )
        values (
            v_profile.id, v_profile.entry_count + v_touched, v_spent.lot_id, v_spent.amount,
            'refund', refund_generation.generation_id, v_profile.credits + v_refunded
        );
    end loop;

    update public.profiles as p
    set
        credits = p.credits + v_refunded,
        entry_count = p.entry_count + v_touched
    where p.id = v_profile.id
        and v_touched > 0;

    return v_refunded;
end;
$$;


ALTER FUNCTION private.refund_generation(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION refund_generation(generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.refund_generation(generation_id uuid) IS 'Gives what a generation burned back to the lots it came from, once. Returns the credits given
back.';


--
-- Name: request_generation(text, text, uuid, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) RETURNS public.generations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_prompt constant text := private.check_prompt(request_generation.prompt);
    v_type public.generation_types;
    v_generation public.generations;
begin
    if request_generation.idempotency_key is null then
        raise sqlstate 'PT400' using
            message = 'idempotency_key_required',
            detail = 'The idempotency_key is missing.',
            hint = 'Make a UUID once per request, and send the same one when you try again.';
    end if;

    -- The lock makes calls of one person follow each other, so the look-up below cannot miss a
    -- twin.
    perform from public.profiles as p
    where p.id = v_profile_id
        and p.deleted_at is null
    for no key update;

    if not found then
        raise sqlstate 'PT401' using
            message = 'not_signed_in',
            detail = 'This account does not exist any more.',
            hint = 'Sign in again.';
    end if;

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.idempotency_key = request_generation.idempotency_key;

    if found then
        if (v_generation.generation_type, v_generation.prompt, v_generation.user_image_id)
            is distinct from
            (request_generation.generation_type, v_prompt, request_generation.user_image_id)
        then
            raise sqlstate 'PT409' using
                message = 'idempotency_conflict',
                detail = 'This idempotency_key was used for another request.',
                hint = 'Make a new key for a new request.';
        end if;
        return v_generation;
    end if;

    select t.* into v_type
    from public.generation_types as t
    inner join private.generation_models as m on t.type_key = m.type_key
    where t.type_key = request_generation.generation_type
        and t.is_enabled;

    if not found then
        raise sqlstate 'PT404' using
            message = 'generation_type_not_found',
            detail = 'There is no such generation type.',
            hint = 'Read generation_types for what there is.';
    end if;

    perform private.check_face(v_profile_id, request_generation.user_image_id, v_type.face);

    insert into public.generations (
        profile_id, generation_type, prompt, user_image_id, credit_cost, idempotency_key,
        deadline_at
    )
    select
        v_profile_id,
        v_type.type_key,
        v_prompt,
        request_generation.user_image_id,
        v_type.cost_credits,
        request_generation.idempotency_key,
        now() + s.generation_deadline
    from private.settings as s
    returning * into v_generation;

    perform private.spend_credits(v_profile_id, v_type.cost_credits, v_generation.id);

    insert into private.outbox (kind, generation_id)
    values ('submit', v_generation.id);

    perform private.wake_worker();

    return v_generation;
end;
$$;


ALTER FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) IS 'The rule behind public.request_generation.';


--
-- Name: reward_referral(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.reward_referral(referred_id uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_referrer_id uuid;
begin
    update public.referrals as r
    set
        status = 'rewarded',
        rewarded_at = now()
    where r.referred_id = reward_referral.referred_id
        and r.status = 'pending'
    returning r.referrer_id into v_referrer_id;

    if v_referrer_id is null then
        return false;
    end if;

    perform private.grant_credits(
        v_referrer_id,
        (select s.referral_bonus_credits from private.settings as s),
        'referral',
        'referral:' || reward_referral.referred_id
    );
    return true;
end;
$$;


ALTER FUNCTION private.reward_referral(referred_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION reward_referral(referred_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.reward_referral(referred_id uuid) IS 'Pays the referrer of this person, if a referral is pending. True when it paid.';


--
-- Name: reward_sign_up(uuid, boolean, boolean); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '2s'
    AS $$
begin
    -- Anonymous sign-ins cost nothing to make, so their credits wait until they become a person.
    if is_anonymous then
        return;
    end if;

    -- Asked first, so that a confirmation locks the referrer's profile alone: two would be two in
    -- any order.
    if not exists (
        select
        from public.credit_lots as l
        where l.grant_key = 'sign_up:' || user_id
    ) then
        perform private.grant_credits(
            user_id,
            (select s.sign_up_credits from private.settings as s),
            'sign_up',
            'sign_up:' || user_id
        );
    end if;

    if not is_confirmed then
        return;
    end if;

    begin
        perform private.reward_referral(user_id);
    exception
        -- The referrer's row may be locked for too long, and a sign-up must not fail for that. The
        -- referral stays pending and private.sweep() pays it.
        when lock_not_available or deadlock_detected then
            raise warning 'the referral reward of % is postponed: %', user_id, sqlerrm;
    end;
end;
$$;


ALTER FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean) OWNER TO postgres;

--
-- Name: FUNCTION reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean) IS 'Pays what a sign-up earns: the person''s own credits, and the referrer''s once the address is
confirmed. Safe to call again: each grant has its key.';


--
-- Name: settle_prediction(private.outbox, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.settle_prediction(job private.outbox, prediction jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_status constant text := settle_prediction.prediction ->> 'status';
    v_url constant text := private.output_url(settle_prediction.prediction -> 'output');
    v_error constant text := left(settle_prediction.prediction ->> 'error', 2000);
    v_is_final constant boolean := v_status in ('succeeded', 'failed', 'canceled', 'aborted');
begin
    update private.generation_runs as r
    set
        provider_status = v_status,
        provider_error = v_error,
        output_url = v_url,
        polls = r.polls + 1,
        predict_seconds = case
            when jsonb_typeof(settle_prediction.prediction #> '{metrics,predict_time}') = 'number'
            then (settle_prediction.prediction #>> '{metrics,predict_time}')::numeric
        end,
        status = case
            when not v_is_final then r.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = case when v_is_final then now() end
    where r.id = settle_prediction.job.run_id
        and r.finished_at is null;

    if settle_prediction.job.kind = 'cancel' then
        -- What counts is that the provider stops; until it does, ask again.
        if v_is_final then
            delete from private.outbox as o
            where o.id = settle_prediction.job.id;
        else
            update private.outbox as o
            set
                due_at = now() + private.backoff(o.attempts),
                attempts = o.attempts + 1,
                lease_token = null
            where o.id = settle_prediction.job.id;
        end if;
    elsif v_status = 'succeeded' and v_url is not null then
        update public.generations as g
        set status = 'storing'
        where g.id = settle_prediction.job.generation_id
            and g.status = 'processing';

        update private.outbox as o
        set
            kind = 'store',
            due_at = now(),
            attempts = 0,
            lease_token = null
        where o.id = settle_prediction.job.id;
    elsif v_is_final then
        perform private.fail_run(
            settle_prediction.job,
            'failed',
            case
                when v_status = 'succeeded' then 'output_missing'
                when v_error ~* '(nsfw|safety|sensitive|flagged|content policy)'
                then 'content_rejected'
                when v_status = 'failed' then 'provider_failed'
                else 'provider_stopped'
            end,
            v_error
        );
    -- Unknown statuses are not final: our own deadline bounds them.
    elsif (
        select g.deadline_at <= now()
        from public.generations as g
        where g.id = settle_prediction.job.generation_id
    ) then
        perform private.expire_generation(settle_prediction.job.generation_id);
    else
        update private.outbox as o
        set
            due_at = now() + private.poll_interval(r.polls),
            attempts = 0,
            lease_token = null
        from private.generation_runs as r
        where o.id = settle_prediction.job.id
            and r.id = settle_prediction.job.run_id;
    end if;
end;
$$;


ALTER FUNCTION private.settle_prediction(job private.outbox, prediction jsonb) OWNER TO postgres;

--
-- Name: FUNCTION settle_prediction(job private.outbox, prediction jsonb); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.settle_prediction(job private.outbox, prediction jsonb) IS 'Decides what follows from the state of a prediction: store, fail with refund, expire, or look
again.';


--
-- Name: sidecar_ready(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.sidecar_ready() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (select from private.settings as s);
$$;


ALTER FUNCTION private.sidecar_ready() OWNER TO postgres;

--
-- Name: FUNCTION sidecar_ready(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.sidecar_ready() IS 'Whether the schema that the sidecar needs is in place.';


--
-- Name: signed_in_profile(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.signed_in_profile() RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_profile_id uuid := auth.uid();
begin
    if v_profile_id is null then
        raise sqlstate 'PT401' using
            message = 'not_signed_in',
            detail = 'This needs a signed-in person.',
            hint = 'Sign in, and send the access token.';
    end if;
    return v_profile_id;
end;
$$;


ALTER FUNCTION private.signed_in_profile() OWNER TO postgres;

--
-- Name: FUNCTION signed_in_profile(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.signed_in_profile() IS 'The caller''s profile id, or PT401 not_signed_in.';


--
-- Name: spend_credits(uuid, bigint, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_profile public.profiles;
    v_lot record;
    v_take bigint;
    v_left bigint := spend_credits.amount;
    v_touched bigint := 0;
begin
    select p.* into v_profile
    from public.profiles as p
    where p.id = spend_credits.profile_id
    for no key update;

    for v_lot in
        select
            l.id,
            l.remaining
        from public.credit_lots as l
        where l.profile_id = v_profile.id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
        order by l.priority, l.expires_at, l.id
    loop
        exit when v_left = 0;
        v_take := least(v_lot.remaining, v_left);
        v_left := v_left - v_take;
        v_touched := v_touched + 1;

        update public.credit_lots as l
        set
            remaining = l.remaining - v_take,
            exhausted_at = case when l.remaining = v_take then now() end
        where l.id = v_lot.id;

        insert into public.credit_entries (
            profile_id, entry_number, lot_id, amount, kind, generation_id, balance_after
        )
        values (
            v_profile.id, v_profile.entry_count + v_touched, v_lot.id, -v_take, 'spend',
            spend_credits.generation_id, v_profile.credits - (spend_credits.amount - v_left)
        );
    end loop;

    if v_left > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format(
                'It costs %s credits and %s are missing.', spend_credits.amount, v_left
            ),
            hint = 'Buy credits, or ask for a cheaper generation type.';
    end if;

    update public.profiles as p
    set
        credits = p.credits - spend_credits.amount,
        entry_count = p.entry_count + v_touched
    where p.id = v_profile.id;
end;
$$;


ALTER FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION spend_credits(profile_id uuid, amount bigint, generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) IS 'Burns credits for a generation from the open lots in burn order, one entry per lot, or raises
PT402 insufficient_credits and changes nothing.';


--
-- Name: start_run(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.start_run(generation_id uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
    v_run private.generation_runs;
    v_settings private.settings;
begin
    select s.* into v_settings
    from private.settings as s;

    select r.* into v_run
    from private.generation_runs as r
    where r.generation_id = start_run.generation_id
    order by r.attempt desc
    limit 1
    for update;

    -- A worker had it and never answered: the provider may have the request. Wait before asking
    -- again.
    if v_run.status = 'submitting' then
        update private.generation_runs as r
        set
            status = 'submit_unknown',
            unknown_since = now()
        where r.id = v_run.id;
        return null;
    end if;

    if v_run.status = 'submit_unknown' then
        if v_run.unknown_since + v_settings.submit_unknown_grace > now() then
            return null;
        end if;
        update private.generation_runs as r
        set
            status = 'abandoned',
            finished_at = now()
        where r.id = v_run.id;
    end if;

    if v_run.attempt >= v_settings.submit_attempts_max then
        perform private.finish_generation(
            start_run.generation_id, 'failed', 'provider_unreachable'
        );
        return null;
    end if;

    update public.generations as g
    set status = 'submitting'
    where g.id = start_run.generation_id
        and g.status = 'queued';

    insert into private.generation_runs (generation_id, attempt, model)
    select
        g.id,
        coalesce(v_run.attempt, 0) + 1,
        m.model
    from public.generations as g
    inner join private.generation_models as m on g.generation_type = m.type_key
    where g.id = start_run.generation_id
        and g.finished_at is null
    returning * into v_run;

    -- Over already, or its type has lost its model since: then nobody could ever make it.
    if v_run.id is null then
        perform private.finish_generation(
            start_run.generation_id, 'failed', 'provider_unavailable'
        );
    end if;

    return v_run.id;
end;
$$;


ALTER FUNCTION private.start_run(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION start_run(generation_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.start_run(generation_id uuid) IS 'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send now: the last answer was lost and its grace time runs, or the generation is over.';


--
-- Name: submit_payload(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.submit_payload(run_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    select jsonb_build_object(
        'run_id', r.id,
        'attempt_token', r.attempt_token,
        'model', r.model,
        -- The person's text reaches exactly one key.
        'input', m.input_template || jsonb_build_object(m.prompt_field, g.prompt),
        'faces', case
            when i.id is null or m.face_field is null then jsonb_build_array()
            else jsonb_build_array(
                jsonb_build_object(
                    'field', m.face_field,
                    'many', m.face_is_list,
                    'bucket', 'faces',
                    'object_path', i.object_path,
                    'expires_in', s.signed_url_seconds
                )
            )
        end,
        -- The provider's own deadline ends an orphan that we never hear of.
        'cancel_after_seconds',
        greatest(ceil(extract(epoch from g.deadline_at - now()))::integer, 5)
    )
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    inner join private.generation_models as m on g.generation_type = m.type_key
    cross join private.settings as s
    left join public.user_images as i on g.user_image_id = i.id
    where r.id = submit_payload.run_id;
$$;


ALTER FUNCTION private.submit_payload(run_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION submit_payload(run_id uuid); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.submit_payload(run_id uuid) IS 'What the sidecar sends for this attempt: model, input, faces to sign, attempt token, deadline.';


--
-- Name: sweep(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.sweep() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_overdue record;
    v_pending record;
    v_expired integer := 0;
    v_rewarded integer := 0;
begin
    -- Each unfinished generation has an outbox row, and the outbox is small. Rows that a worker or
    -- another sweep holds are skipped: they are being looked at.
    for v_overdue in
        select o.generation_id
        from private.outbox as o
        inner join public.generations as g on o.generation_id = g.id
        where g.finished_at is null
            and g.deadline_at <= now()
        order by g.profile_id, o.id
        limit 500
        for update of o skip locked
    loop
        if private.expire_generation(v_overdue.generation_id) then
            v_expired := v_expired + 1;
        end if;
    end loop;

    -- One kind of work a call. Both lock profiles in id order; one after the other would not.
    if v_expired > 0 then
        return jsonb_build_object('expired', v_expired, 'rewarded', 0);
    end if;

    for v_pending in
        select r.referred_id
        from public.referrals as r
        inner join auth.users as u on r.referred_id = u.id
        where r.status = 'pending'
            and u.email_confirmed_at is not null
            and not u.is_anonymous
        order by r.referrer_id, r.referred_id
        limit 500
        for update of r skip locked
    loop
        if private.reward_referral(v_pending.referred_id) then
            v_rewarded := v_rewarded + 1;
        end if;
    end loop;

    return jsonb_build_object('expired', v_expired, 'rewarded', v_rewarded);
end;
$$;


ALTER FUNCTION private.sweep() OWNER TO postgres;

--
-- Name: FUNCTION sweep(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.sweep() IS 'Expires generations past their deadline, with the credits back, and pays rewards that were
postponed. Safe to run at any time and by many. Returns how many of each.';


--
-- Name: tg__refuse_change(); Type: FUNCTION; Schema: private; Owner: postgres
--

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


ALTER FUNCTION private.tg__refuse_change() OWNER TO postgres;

--
-- Name: FUNCTION tg__refuse_change(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.tg__refuse_change() IS 'Statement trigger for append-only tables: refuses UPDATE, DELETE and TRUNCATE to everyone.';


--
-- Name: tg_generations__move_forward(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_generations__move_forward() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
    v_order constant text[] := array['queued', 'submitting', 'processing', 'storing', 'succeeded'];
begin
    if old.finished_at is not null
        or (
            new.status = any(v_order)
            and array_position(v_order, new.status) < array_position(v_order, old.status)
        )
        or (new.status = 'succeeded' and old.status <> 'storing')
    then
        raise exception using
            errcode = 'PT409',
            message = 'wrong_state',
            detail = format('A generation cannot move from %s to %s.', old.status, new.status);
    end if;
    return new;
end;
$$;


ALTER FUNCTION private.tg_generations__move_forward() OWNER TO postgres;

--
-- Name: FUNCTION tg_generations__move_forward(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.tg_generations__move_forward() IS 'Refuses a move backwards, out of a final status, or past storing to succeeded.';


--
-- Name: tg_users__close_profile(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_users__close_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    update public.profiles as p
    set deleted_at = now()
    where p.id = old.id;
    return null;
end;
$$;


ALTER FUNCTION private.tg_users__close_profile() OWNER TO postgres;

--
-- Name: FUNCTION tg_users__close_profile(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.tg_users__close_profile() IS 'Marks the profile of a deleted person. Its money rows stay, under a bare id.';


--
-- Name: tg_users__confirm(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_users__confirm() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform private.reward_sign_up(
        new.id, coalesce(new.is_anonymous, false), new.email_confirmed_at is not null
    );
    return null;
end;
$$;


ALTER FUNCTION private.tg_users__confirm() OWNER TO postgres;

--
-- Name: FUNCTION tg_users__confirm(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.tg_users__confirm() IS 'Pays what was waiting for a confirmed address, or for an anonymous person to become a real one.';


--
-- Name: tg_users__create_profile(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_users__create_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    v_code constant text := new.raw_user_meta_data ->> 'referral';
begin
    -- Somebody who was deleted and is restored under the same id finds their profile again.
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
        perform private.record_referral(new.id, v_code);
    end if;

    perform private.reward_sign_up(
        new.id, coalesce(new.is_anonymous, false), new.email_confirmed_at is not null
    );
    return null;
end;
$$;


ALTER FUNCTION private.tg_users__create_profile() OWNER TO postgres;

--
-- Name: FUNCTION tg_users__create_profile(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.tg_users__create_profile() IS 'Makes the profile of a new person, its code and its first credits. Never stops a sign-up.';


--
-- Name: wake_worker(); Type: FUNCTION; Schema: private; Owner: postgres
--

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


ALTER FUNCTION private.wake_worker() OWNER TO postgres;

--
-- Name: FUNCTION wake_worker(); Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON FUNCTION private.wake_worker() IS 'Wakes the sidecar if, and only if, it is asleep.';


--
-- Name: add_user_image(text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.add_user_image(object_path text) RETURNS public.user_images
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.add_user_image(add_user_image.object_path);
$$;


ALTER FUNCTION public.add_user_image(object_path text) OWNER TO postgres;

--
-- Name: FUNCTION add_user_image(object_path text); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON FUNCTION public.add_user_image(object_path text) IS 'Record a face photo that was uploaded to the bucket faces, and consent to its use.

For the person who uploaded it. The same path gives the same row again. Refuses with PT404
object_not_found; PT409 user_image_limit_reached.';


--
-- Name: cancel_generation(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.cancel_generation(generation_id uuid) RETURNS public.generations
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.cancel_generation(cancel_generation.generation_id);
$$;


ALTER FUNCTION public.cancel_generation(generation_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION cancel_generation(generation_id uuid); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON FUNCTION public.cancel_generation(generation_id uuid) IS 'Cancel a thumbnail that is not there yet, and get its credits back.

For the person who asked for it. Cancelling twice gives the same answer. Refuses with PT404
generation_not_found; PT409 wrong_state once the picture is being stored or the generation is
over.';


--
-- Name: my_credits(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.my_credits() RETURNS public.credit_summary
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
    with spendable as (
        select
            l.remaining,
            l.expires_at,
            min(l.expires_at) over () as next_expires_at
        from public.credit_lots as l
        where l.profile_id = (select auth.uid())
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
    ),

    under_way as (
        select g.credit_cost
        from public.generations as g
        where g.profile_id = (select auth.uid())
            and g.finished_at is null
    )

    select
        coalesce((select sum(s.remaining) from spendable as s), 0)::bigint,
        coalesce((select sum(u.credit_cost) from under_way as u), 0)::bigint,
        coalesce(
            (select sum(s.remaining) from spendable as s where s.expires_at = s.next_expires_at), 0
        )::bigint,
        (select min(s.expires_at) from spendable as s);
$$;


ALTER FUNCTION public.my_credits() OWNER TO postgres;

--
-- Name: FUNCTION my_credits(); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON FUNCTION public.my_credits() IS 'What the signed-in person has: available, held for pictures under way, and what expires next.';


--
-- Name: request_generation(text, text, uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid DEFAULT NULL::uuid) RETURNS public.generations
    LANGUAGE sql
    SET search_path TO ''
    AS $$
    select private.request_generation(
        request_generation.generation_type,
        request_generation.prompt,
        request_generation.idempotency_key,
        request_generation.user_image_id
    );
$$;


ALTER FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) OWNER TO postgres;

--
-- Name: FUNCTION request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid); Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) IS 'Ask for a thumbnail.

For signed-in people. Burns the cost of the generation type and queues the work in one
transaction, and returns the generation. The same idempotency_key returns the same generation and
burns nothing more. Refuses with PT402 insufficient_credits; PT404 generation_type_not_found,
user_image_not_found; PT409 idempotency_conflict; PT422 prompt_empty, prompt_too_long,
prompt_has_control_characters, user_image_required, user_image_not_supported.';


--
-- Name: generation_models; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.generation_models (
    type_key text NOT NULL,
    model text NOT NULL,
    input_template jsonb DEFAULT '{}'::jsonb NOT NULL,
    prompt_field text DEFAULT 'prompt'::text NOT NULL,
    face_field text,
    face_is_list boolean DEFAULT false NOT NULL,
    CONSTRAINT generation_models_input_template_is_object CHECK ((jsonb_typeof(input_template) = 'object'::text)),
    CONSTRAINT generation_models_model_is_owner_and_name CHECK ((model ~ '^[a-z0-9][a-z0-9_.-]*/[a-z0-9][a-z0-9_.-]*$'::text))
);


ALTER TABLE private.generation_models OWNER TO postgres;

--
-- Name: TABLE generation_models; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.generation_models IS 'How each generation type is made at the provider.';


--
-- Name: COLUMN generation_models.model; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_models.model IS 'Replicate model, as owner/name.';


--
-- Name: COLUMN generation_models.input_template; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_models.input_template IS 'Fixed input of the model. The prompt and the face are added; no other key comes from a person.';


--
-- Name: COLUMN generation_models.prompt_field; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_models.prompt_field IS 'Input key that takes the prompt.';


--
-- Name: COLUMN generation_models.face_field; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_models.face_field IS 'Input key that takes the face, if any.';


--
-- Name: COLUMN generation_models.face_is_list; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_models.face_is_list IS 'Whether the face key takes a list of URLs.';


--
-- Name: generation_runs; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.generation_runs (
    id uuid DEFAULT private.uuid_v7() NOT NULL,
    generation_id uuid NOT NULL,
    attempt integer NOT NULL,
    attempt_token uuid DEFAULT gen_random_uuid() NOT NULL,
    model text NOT NULL,
    status text DEFAULT 'submitting'::text NOT NULL,
    prediction_id text,
    output_url text,
    provider_status text,
    provider_error text,
    predict_seconds numeric,
    polls integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    unknown_since timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT generation_runs_attempt_positive CHECK ((attempt > 0)),
    CONSTRAINT generation_runs_final_has_finished_at CHECK (((status = ANY (ARRAY['submitting'::text, 'submit_unknown'::text, 'processing'::text])) = (finished_at IS NULL))),
    CONSTRAINT generation_runs_processing_has_prediction CHECK (((status <> 'processing'::text) OR (prediction_id IS NOT NULL))),
    CONSTRAINT generation_runs_status_known CHECK ((status = ANY (ARRAY['submitting'::text, 'submit_unknown'::text, 'processing'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'refused'::text, 'abandoned'::text])))
);


ALTER TABLE private.generation_runs OWNER TO postgres;

--
-- Name: TABLE generation_runs; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.generation_runs IS 'One row per attempt at the provider, written before the call: a crash leaves a trace, never a
surprise.';


--
-- Name: COLUMN generation_runs.attempt_token; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_runs.attempt_token IS 'Random; goes into the webhook URL and proves which attempt a webhook belongs to.';


--
-- Name: COLUMN generation_runs.status; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_runs.status IS 'submit_unknown: the answer was lost, the provider may or may not be working on it. abandoned: its
generation went on without it.';


--
-- Name: COLUMN generation_runs.predict_seconds; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.generation_runs.predict_seconds IS 'Seconds billed, as the provider measured them.';


--
-- Name: idle_workers; Type: TABLE; Schema: private; Owner: postgres
--

CREATE UNLOGGED TABLE private.idle_workers (
    worker_id text NOT NULL,
    idle_since timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE private.idle_workers OWNER TO postgres;

--
-- Name: TABLE idle_workers; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.idle_workers IS 'Workers asleep on LISTEN. A request sends NOTIFY only while somebody is listed here: a NOTIFY in
every transaction would serialise all commits of the database.';


--
-- Name: outbox_id_seq; Type: SEQUENCE; Schema: private; Owner: postgres
--

ALTER TABLE private.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: replicate_webhooks; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.replicate_webhooks (
    webhook_id text NOT NULL,
    attempt_token uuid NOT NULL,
    body jsonb NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT replicate_webhooks_webhook_id_is_short CHECK (((char_length(webhook_id) >= 1) AND (char_length(webhook_id) <= 255)))
);


ALTER TABLE private.replicate_webhooks OWNER TO postgres;

--
-- Name: TABLE replicate_webhooks; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.replicate_webhooks IS 'Inbox of verified webhooks. A webhook is only a trigger: the prediction is read again from the
provider.';


--
-- Name: COLUMN replicate_webhooks.webhook_id; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.replicate_webhooks.webhook_id IS 'Stable over the provider''s retries, so a duplicate is stored once.';


--
-- Name: settings; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.settings (
    id boolean DEFAULT true NOT NULL,
    sign_up_credits bigint DEFAULT 50 NOT NULL,
    referral_bonus_credits bigint DEFAULT 30 NOT NULL,
    prompt_max_characters integer DEFAULT 1000 NOT NULL,
    user_images_max integer DEFAULT 20 NOT NULL,
    user_image_retention interval DEFAULT '180 days'::interval NOT NULL,
    signed_url_seconds integer DEFAULT 1800 NOT NULL,
    generation_deadline interval DEFAULT '00:10:00'::interval NOT NULL,
    submit_unknown_grace interval DEFAULT '00:01:00'::interval NOT NULL,
    submit_attempts_max integer DEFAULT 3 NOT NULL,
    job_attempts_max integer DEFAULT 8 NOT NULL,
    CONSTRAINT settings_generation_deadline_in_range CHECK (((generation_deadline >= '00:00:01'::interval) AND (generation_deadline <= '01:00:00'::interval))),
    CONSTRAINT settings_job_attempts_max_positive CHECK ((job_attempts_max > 0)),
    CONSTRAINT settings_one_row CHECK (id),
    CONSTRAINT settings_prompt_max_characters_in_range CHECK (((prompt_max_characters >= 1) AND (prompt_max_characters <= 10000))),
    CONSTRAINT settings_referral_bonus_credits_not_negative CHECK ((referral_bonus_credits >= 0)),
    CONSTRAINT settings_sign_up_credits_not_negative CHECK ((sign_up_credits >= 0)),
    CONSTRAINT settings_signed_url_seconds_in_range CHECK (((signed_url_seconds >= 60) AND (signed_url_seconds <= 3600))),
    CONSTRAINT settings_submit_attempts_max_positive CHECK ((submit_attempts_max > 0)),
    CONSTRAINT settings_submit_unknown_grace_positive CHECK ((submit_unknown_grace > '00:00:00'::interval)),
    CONSTRAINT settings_user_image_retention_positive CHECK ((user_image_retention > '00:00:00'::interval)),
    CONSTRAINT settings_user_images_max_positive CHECK ((user_images_max > 0))
);


ALTER TABLE private.settings OWNER TO postgres;

--
-- Name: TABLE settings; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.settings IS 'One row of operator settings. Change it with: update private.settings set … where id.';


--
-- Name: COLUMN settings.sign_up_credits; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.settings.sign_up_credits IS 'Credits of a new account.';


--
-- Name: COLUMN settings.referral_bonus_credits; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.settings.referral_bonus_credits IS 'Credits the referrer gets per friend.';


--
-- Name: COLUMN settings.signed_url_seconds; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.settings.signed_url_seconds IS 'Life of the signed URL of a face that the provider gets, in seconds.';


--
-- Name: COLUMN settings.generation_deadline; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.settings.generation_deadline IS 'After this time without a picture a generation expires and its credits go back.';


--
-- Name: credit_entries; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.credit_entries (
    profile_id uuid NOT NULL,
    entry_number bigint NOT NULL,
    lot_id bigint NOT NULL,
    amount bigint NOT NULL,
    kind text NOT NULL,
    generation_id uuid,
    balance_after bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_entries_amount_nonzero CHECK ((amount <> 0)),
    CONSTRAINT credit_entries_balance_after_not_negative CHECK ((balance_after >= 0)),
    CONSTRAINT credit_entries_entry_number_positive CHECK ((entry_number > 0)),
    CONSTRAINT credit_entries_kind_known CHECK ((kind = ANY (ARRAY['grant'::text, 'spend'::text, 'refund'::text]))),
    CONSTRAINT credit_entries_sign_matches_kind CHECK (((kind = 'spend'::text) = (amount < 0))),
    CONSTRAINT credit_entries_spend_names_generation CHECK (((kind = 'grant'::text) = (generation_id IS NULL)))
);


ALTER TABLE public.credit_entries OWNER TO postgres;

--
-- Name: TABLE credit_entries; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.credit_entries IS 'The ledger: append-only for every role. A spend writes one entry per lot it touched, so each
picture shows which credits paid for it and each purchase what it bought.';


--
-- Name: COLUMN credit_entries.entry_number; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_entries.entry_number IS 'Counts a person''s entries from 1, without gaps.';


--
-- Name: COLUMN credit_entries.amount; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_entries.amount IS 'Credits: positive came in, negative went out.';


--
-- Name: COLUMN credit_entries.balance_after; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_entries.balance_after IS 'The person''s credits after this entry.';


--
-- Name: credit_lots; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.credit_lots (
    id bigint NOT NULL,
    profile_id uuid NOT NULL,
    source text NOT NULL,
    grant_key text NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    priority smallint DEFAULT 100 NOT NULL,
    expires_at timestamp with time zone,
    frozen_at timestamp with time zone,
    exhausted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_lots_amount_positive CHECK ((amount > 0)),
    CONSTRAINT credit_lots_exhausted_when_empty CHECK (((remaining = 0) = (exhausted_at IS NOT NULL))),
    CONSTRAINT credit_lots_remaining_in_range CHECK (((remaining >= 0) AND (remaining <= amount))),
    CONSTRAINT credit_lots_source_known CHECK ((source = ANY (ARRAY['sign_up'::text, 'referral'::text, 'purchase'::text, 'subscription'::text, 'promotion'::text, 'operator'::text])))
)
WITH (fillfactor='70');


ALTER TABLE public.credit_lots OWNER TO postgres;

--
-- Name: TABLE credit_lots; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.credit_lots IS 'Where credits came from: one lot per grant. A spend burns open lots by priority, then earliest
expiry, then oldest; frozen and expired lots are not burned.';


--
-- Name: COLUMN credit_lots.grant_key; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.grant_key IS 'Business key of the grant: the same key never grants twice.';


--
-- Name: COLUMN credit_lots.amount; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.amount IS 'Credits granted.';


--
-- Name: COLUMN credit_lots.remaining; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.remaining IS 'Credits not yet burned.';


--
-- Name: COLUMN credit_lots.priority; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.priority IS 'Lower burns first.';


--
-- Name: COLUMN credit_lots.expires_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.expires_at IS 'Never burned from this instant on; null: never expires.';


--
-- Name: COLUMN credit_lots.frozen_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.frozen_at IS 'Not burned while set: its payment is disputed.';


--
-- Name: COLUMN credit_lots.exhausted_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.credit_lots.exhausted_at IS 'When remaining reached zero.';


--
-- Name: credit_lots_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_lots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.credit_lots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: generation_receipts; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.generation_receipts WITH (security_invoker='true') AS
 SELECT e.profile_id,
    e.generation_id,
    e.lot_id,
    l.source,
    (COALESCE((- sum(e.amount) FILTER (WHERE (e.kind = 'spend'::text))), (0)::numeric))::bigint AS credits_spent,
    (COALESCE(sum(e.amount) FILTER (WHERE (e.kind = 'refund'::text)), (0)::numeric))::bigint AS credits_returned
   FROM (public.credit_entries e
     JOIN public.credit_lots l ON ((e.lot_id = l.id)))
  WHERE (e.generation_id IS NOT NULL)
  GROUP BY e.profile_id, e.generation_id, e.lot_id, l.source;


ALTER VIEW public.generation_receipts OWNER TO postgres;

--
-- Name: VIEW generation_receipts; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON VIEW public.generation_receipts IS 'One row per generation and lot that paid for it.

By generation_id it is the receipt of a picture, by lot_id what a grant or a purchase has bought.
Each person sees their own rows.';


--
-- Name: COLUMN generation_receipts.source; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generation_receipts.source IS 'Where the lot came from.';


--
-- Name: COLUMN generation_receipts.credits_spent; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generation_receipts.credits_spent IS 'Credits of the lot that went into it.';


--
-- Name: COLUMN generation_receipts.credits_returned; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generation_receipts.credits_returned IS 'Credits of these that came back, because there was no picture.';


--
-- Name: generation_types; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.generation_types (
    type_key text NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    cost_credits bigint NOT NULL,
    face text DEFAULT 'optional'::text NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT generation_types_cost_credits_positive CHECK ((cost_credits > 0)),
    CONSTRAINT generation_types_face_known CHECK ((face = ANY (ARRAY['none'::text, 'optional'::text, 'required'::text]))),
    CONSTRAINT generation_types_type_key_is_slug CHECK ((type_key ~ '^[a-z][a-z0-9_]{1,62}$'::text))
);


ALTER TABLE public.generation_types OWNER TO postgres;

--
-- Name: TABLE generation_types; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.generation_types IS 'What can be asked for, and its price in credits.';


--
-- Name: COLUMN generation_types.cost_credits; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generation_types.cost_credits IS 'Price of one picture, in credits.';


--
-- Name: COLUMN generation_types.face; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.generation_types.face IS 'Whether a face photo is not taken (none), may be given (optional) or must be given (required).';


--
-- Name: profiles; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.profiles (
    id uuid NOT NULL,
    credits bigint DEFAULT 0 NOT NULL,
    entry_count bigint DEFAULT 0 NOT NULL,
    referral_code text NOT NULL,
    referred_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT profiles_credits_not_negative CHECK ((credits >= 0)),
    CONSTRAINT profiles_entry_count_not_negative CHECK ((entry_count >= 0)),
    CONSTRAINT profiles_not_own_referrer CHECK ((referred_by IS DISTINCT FROM id))
)
WITH (fillfactor='70');


ALTER TABLE public.profiles OWNER TO postgres;

--
-- Name: TABLE profiles; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.profiles IS 'One row per auth.users row, made at sign-up.

There is no foreign key to auth.users: the money rows that hang on a profile outlive the account,
and what stays is a bare id. The triggers on auth.users make the row and close it.';


--
-- Name: COLUMN profiles.id; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.id IS 'The id of the person in auth.users.';


--
-- Name: COLUMN profiles.credits; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.credits IS 'Credits owned. Kept by the ledger alone: the sum of credit_entries and of the open lots.';


--
-- Name: COLUMN profiles.entry_count; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.entry_count IS 'Number of ledger entries so far: the number of the next one follows it without a gap.';


--
-- Name: COLUMN profiles.referral_code; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.referral_code IS 'The code this person gives to friends.';


--
-- Name: COLUMN profiles.referred_by; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.referred_by IS 'The person whose code was used at sign-up.';


--
-- Name: COLUMN profiles.deleted_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.profiles.deleted_at IS 'When the account was deleted.';


--
-- Name: referrals; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.referrals (
    referred_id uuid NOT NULL,
    referrer_id uuid,
    code text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    rewarded_at timestamp with time zone,
    CONSTRAINT referrals_code_is_short CHECK ((char_length(code) <= 64)),
    CONSTRAINT referrals_reason_known CHECK ((reason = ANY (ARRAY['malformed_code'::text, 'unknown_code'::text, 'own_code'::text]))),
    CONSTRAINT referrals_rejected_has_reason CHECK (((status = 'rejected'::text) = (reason IS NOT NULL))),
    CONSTRAINT referrals_rejected_or_has_referrer CHECK (((status = 'rejected'::text) OR (referrer_id IS NOT NULL))),
    CONSTRAINT referrals_rewarded_has_rewarded_at CHECK (((status = 'rewarded'::text) = (rewarded_at IS NOT NULL))),
    CONSTRAINT referrals_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'rewarded'::text, 'rejected'::text])))
);


ALTER TABLE public.referrals OWNER TO postgres;

--
-- Name: TABLE referrals; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.referrals IS 'One row per person who signed up with a referral code, usable or not: pending → rewarded, or
rejected.';


--
-- Name: COLUMN referrals.code; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.referrals.code IS 'The code as it was given, cut at 64 characters.';


--
-- Name: COLUMN referrals.reason; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.referrals.reason IS 'Why it was rejected.';


--
-- Name: generation_models generation_models_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_models
    ADD CONSTRAINT generation_models_pkey PRIMARY KEY (type_key);


--
-- Name: generation_runs generation_runs_attempt_token_key; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_runs
    ADD CONSTRAINT generation_runs_attempt_token_key UNIQUE (attempt_token);


--
-- Name: generation_runs generation_runs_generation_id_attempt_key; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_runs
    ADD CONSTRAINT generation_runs_generation_id_attempt_key UNIQUE (generation_id, attempt);


--
-- Name: generation_runs generation_runs_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_runs
    ADD CONSTRAINT generation_runs_pkey PRIMARY KEY (id);


--
-- Name: generation_runs generation_runs_prediction_id_key; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_runs
    ADD CONSTRAINT generation_runs_prediction_id_key UNIQUE (prediction_id);


--
-- Name: idle_workers idle_workers_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.idle_workers
    ADD CONSTRAINT idle_workers_pkey PRIMARY KEY (worker_id);


--
-- Name: outbox outbox_generation_id_key; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.outbox
    ADD CONSTRAINT outbox_generation_id_key UNIQUE (generation_id);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);


--
-- Name: replicate_webhooks replicate_webhooks_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.replicate_webhooks
    ADD CONSTRAINT replicate_webhooks_pkey PRIMARY KEY (webhook_id);


--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (id);


--
-- Name: credit_entries credit_entries_generation_id_lot_id_kind_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_generation_id_lot_id_kind_key UNIQUE (generation_id, lot_id, kind);


--
-- Name: credit_entries credit_entries_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_pkey PRIMARY KEY (profile_id, entry_number);


--
-- Name: credit_lots credit_lots_grant_key_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_grant_key_key UNIQUE (grant_key);


--
-- Name: credit_lots credit_lots_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_pkey PRIMARY KEY (id);


--
-- Name: generation_types generation_types_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generation_types
    ADD CONSTRAINT generation_types_pkey PRIMARY KEY (type_key);


--
-- Name: generations generations_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (id);


--
-- Name: generations generations_profile_id_idempotency_key_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_profile_id_idempotency_key_key UNIQUE (profile_id, idempotency_key);


--
-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);


--
-- Name: profiles profiles_referral_code_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_referral_code_key UNIQUE (referral_code);


--
-- Name: referrals referrals_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_pkey PRIMARY KEY (referred_id);


--
-- Name: user_images user_images_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.user_images
    ADD CONSTRAINT user_images_pkey PRIMARY KEY (id);


--
-- Name: outbox_due_at_idx; Type: INDEX; Schema: private; Owner: postgres
--

CREATE INDEX outbox_due_at_idx ON private.outbox USING btree (due_at) WHERE (dead_at IS NULL);


--
-- Name: replicate_webhooks_attempt_token_idx; Type: INDEX; Schema: private; Owner: postgres
--

CREATE INDEX replicate_webhooks_attempt_token_idx ON private.replicate_webhooks USING btree (attempt_token);


--
-- Name: credit_entries_lot_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX credit_entries_lot_id_idx ON public.credit_entries USING btree (lot_id);


--
-- Name: credit_lots_burn_order_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX credit_lots_burn_order_idx ON public.credit_lots USING btree (profile_id, priority, expires_at, id) WHERE (exhausted_at IS NULL);


--
-- Name: generations_profile_id_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX generations_profile_id_id_idx ON public.generations USING btree (profile_id, id DESC);


--
-- Name: generations_profile_id_unfinished_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX generations_profile_id_unfinished_idx ON public.generations USING btree (profile_id) WHERE (finished_at IS NULL);


--
-- Name: generations_user_image_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX generations_user_image_id_idx ON public.generations USING btree (user_image_id) WHERE (user_image_id IS NOT NULL);


--
-- Name: profiles_referred_by_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX profiles_referred_by_idx ON public.profiles USING btree (referred_by) WHERE (referred_by IS NOT NULL);


--
-- Name: referrals_referrer_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX referrals_referrer_id_idx ON public.referrals USING btree (referrer_id);


--
-- Name: user_images_profile_id_object_path_key; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX user_images_profile_id_object_path_key ON public.user_images USING btree (profile_id, object_path) WHERE (deleted_at IS NULL);


--
-- Name: credit_entries _500_append_only; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER _500_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.credit_entries FOR EACH STATEMENT EXECUTE FUNCTION private.tg__refuse_change();


--
-- Name: generations _500_move_forward; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER _500_move_forward BEFORE UPDATE OF status ON public.generations FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION private.tg_generations__move_forward();


--
-- Name: generation_models generation_models_type_key_fkey; Type: FK CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_models
    ADD CONSTRAINT generation_models_type_key_fkey FOREIGN KEY (type_key) REFERENCES public.generation_types(type_key);


--
-- Name: generation_runs generation_runs_generation_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.generation_runs
    ADD CONSTRAINT generation_runs_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);


--
-- Name: outbox outbox_generation_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.outbox
    ADD CONSTRAINT outbox_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);


--
-- Name: credit_entries credit_entries_generation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_generation_id_fkey FOREIGN KEY (generation_id) REFERENCES public.generations(id);


--
-- Name: credit_entries credit_entries_lot_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_lot_id_fkey FOREIGN KEY (lot_id) REFERENCES public.credit_lots(id);


--
-- Name: credit_entries credit_entries_profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_entries
    ADD CONSTRAINT credit_entries_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);


--
-- Name: credit_lots credit_lots_profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_lots
    ADD CONSTRAINT credit_lots_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);


--
-- Name: generations generations_generation_type_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_generation_type_fkey FOREIGN KEY (generation_type) REFERENCES public.generation_types(type_key);


--
-- Name: generations generations_profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);


--
-- Name: generations generations_user_image_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_user_image_id_fkey FOREIGN KEY (user_image_id) REFERENCES public.user_images(id);


--
-- Name: profiles profiles_referred_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_referred_by_fkey FOREIGN KEY (referred_by) REFERENCES public.profiles(id);


--
-- Name: referrals referrals_referred_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referred_id_fkey FOREIGN KEY (referred_id) REFERENCES public.profiles(id);


--
-- Name: referrals referrals_referrer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES public.profiles(id);


--
-- Name: user_images user_images_profile_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.user_images
    ADD CONSTRAINT user_images_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);


--
-- Name: generation_models; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.generation_models ENABLE ROW LEVEL SECURITY;

--
-- Name: generation_runs; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.generation_runs ENABLE ROW LEVEL SECURITY;

--
-- Name: idle_workers; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.idle_workers ENABLE ROW LEVEL SECURITY;

--
-- Name: outbox; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.outbox ENABLE ROW LEVEL SECURITY;

--
-- Name: replicate_webhooks; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.replicate_webhooks ENABLE ROW LEVEL SECURITY;

--
-- Name: settings; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.settings ENABLE ROW LEVEL SECURITY;

--
-- Name: credit_entries; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_entries ENABLE ROW LEVEL SECURITY;

--
-- Name: credit_entries credit_entries_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY credit_entries_select_own ON public.credit_entries FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));


--
-- Name: POLICY credit_entries_select_own ON credit_entries; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY credit_entries_select_own ON public.credit_entries IS 'A person reads their own ledger.';


--
-- Name: credit_lots; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_lots ENABLE ROW LEVEL SECURITY;

--
-- Name: credit_lots credit_lots_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY credit_lots_select_own ON public.credit_lots FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));


--
-- Name: POLICY credit_lots_select_own ON credit_lots; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY credit_lots_select_own ON public.credit_lots IS 'A person reads their own lots.';


--
-- Name: generation_types; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.generation_types ENABLE ROW LEVEL SECURITY;

--
-- Name: generation_types generation_types_select_all; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY generation_types_select_all ON public.generation_types FOR SELECT TO anon, authenticated USING (is_enabled);


--
-- Name: POLICY generation_types_select_all ON generation_types; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY generation_types_select_all ON public.generation_types IS 'Everyone reads what is for sale.';


--
-- Name: generations; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.generations ENABLE ROW LEVEL SECURITY;

--
-- Name: generations generations_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY generations_select_own ON public.generations FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));


--
-- Name: POLICY generations_select_own ON generations; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY generations_select_own ON public.generations IS 'A person reads their own generations.';


--
-- Name: profiles; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;

--
-- Name: profiles profiles_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY profiles_select_own ON public.profiles FOR SELECT TO authenticated USING ((id = ( SELECT auth.uid() AS uid)));


--
-- Name: POLICY profiles_select_own ON profiles; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY profiles_select_own ON public.profiles IS 'A person reads their own profile.';


--
-- Name: referrals; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.referrals ENABLE ROW LEVEL SECURITY;

--
-- Name: referrals referrals_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY referrals_select_own ON public.referrals FOR SELECT TO authenticated USING (((referrer_id = ( SELECT auth.uid() AS uid)) OR (referred_id = ( SELECT auth.uid() AS uid))));


--
-- Name: POLICY referrals_select_own ON referrals; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY referrals_select_own ON public.referrals IS 'Both sides of a referral see it.';


--
-- Name: user_images; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.user_images ENABLE ROW LEVEL SECURITY;

--
-- Name: user_images user_images_select_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY user_images_select_own ON public.user_images FOR SELECT TO authenticated USING ((profile_id = ( SELECT auth.uid() AS uid)));


--
-- Name: POLICY user_images_select_own ON user_images; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON POLICY user_images_select_own ON public.user_images IS 'A person reads their own photos.';


--
-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO thumbsmith_sidecar;


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

GRANT USAGE ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;


--
-- Name: TYPE credit_summary; Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON TYPE public.credit_summary FROM PUBLIC;
GRANT ALL ON TYPE public.credit_summary TO authenticated;


--
-- Name: FUNCTION abandon_run(generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.abandon_run(generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION uuid_v7(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.uuid_v7() FROM PUBLIC;


--
-- Name: TABLE user_images; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.user_images TO authenticated;


--
-- Name: FUNCTION add_user_image(object_path text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.add_user_image(object_path text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_user_image(object_path text) TO authenticated;


--
-- Name: FUNCTION backoff(attempts integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.backoff(attempts integer) FROM PUBLIC;


--
-- Name: TABLE generations; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.generations TO authenticated;


--
-- Name: FUNCTION cancel_generation(generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.cancel_generation(generation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.cancel_generation(generation_id uuid) TO authenticated;


--
-- Name: FUNCTION check_face(profile_id uuid, user_image_id uuid, face text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.check_face(profile_id uuid, user_image_id uuid, face text) FROM PUBLIC;


--
-- Name: FUNCTION check_prompt(prompt text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.check_prompt(prompt text) FROM PUBLIC;


--
-- Name: FUNCTION claim_jobs(worker_id text, max_jobs integer, lease_seconds integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer) TO thumbsmith_sidecar;


--
-- Name: FUNCTION declare_idle(worker_id text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.declare_idle(worker_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.declare_idle(worker_id text) TO thumbsmith_sidecar;


--
-- Name: FUNCTION expire_generation(generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.expire_generation(generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION fail_run(job private.outbox, run_status text, error text, detail text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.fail_run(job private.outbox, run_status text, error text, detail text) FROM PUBLIC;


--
-- Name: FUNCTION finish_generation(generation_id uuid, status text, error text, output_path text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.finish_generation(generation_id uuid, status text, error text, output_path text) FROM PUBLIC;


--
-- Name: FUNCTION grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority smallint); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.grant_credits(profile_id uuid, amount bigint, source text, grant_key text, expires_at timestamp with time zone, priority smallint) FROM PUBLIC;


--
-- Name: FUNCTION held_job(job_id bigint, lease_token uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.held_job(job_id bigint, lease_token uuid) FROM PUBLIC;


--
-- Name: FUNCTION job_payload(kind text, run_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.job_payload(kind text, run_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION next_job_in_ms(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.next_job_in_ms() FROM PUBLIC;
GRANT ALL ON FUNCTION private.next_job_in_ms() TO thumbsmith_sidecar;


--
-- Name: FUNCTION output_url(output jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.output_url(output jsonb) FROM PUBLIC;


--
-- Name: FUNCTION poll_interval(polls integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.poll_interval(polls integer) FROM PUBLIC;


--
-- Name: FUNCTION postpone_submit(job_id bigint, generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.postpone_submit(job_id bigint, generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION queue_metrics(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.queue_metrics() FROM PUBLIC;
GRANT ALL ON FUNCTION private.queue_metrics() TO thumbsmith_sidecar;


--
-- Name: FUNCTION random_code(length integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.random_code(length integer) FROM PUBLIC;


--
-- Name: FUNCTION record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_job_failed(job_id bigint, lease_token uuid, slug text, detail text, permanent boolean) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_prediction(job_id bigint, lease_token uuid, prediction jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_referral(referred_id uuid, code text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_referral(referred_id uuid, code text) FROM PUBLIC;


--
-- Name: FUNCTION record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_stored(job_id bigint, lease_token uuid, stored jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_stored(job_id bigint, lease_token uuid, stored jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_stored(job_id bigint, lease_token uuid, stored jsonb) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_submit_refused(job_id bigint, lease_token uuid, http_status integer, detail text, retry_after_seconds integer) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_submit_unknown(job_id bigint, lease_token uuid, detail text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_submit_unknown(job_id bigint, lease_token uuid, detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_submit_unknown(job_id bigint, lease_token uuid, detail text) TO thumbsmith_sidecar;


--
-- Name: FUNCTION record_submitted(job_id bigint, lease_token uuid, prediction jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb) TO thumbsmith_sidecar;


--
-- Name: FUNCTION refund_generation(generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.refund_generation(generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) TO authenticated;


--
-- Name: FUNCTION reward_referral(referred_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.reward_referral(referred_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.reward_sign_up(user_id uuid, is_anonymous boolean, is_confirmed boolean) FROM PUBLIC;


--
-- Name: FUNCTION settle_prediction(job private.outbox, prediction jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.settle_prediction(job private.outbox, prediction jsonb) FROM PUBLIC;


--
-- Name: FUNCTION sidecar_ready(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.sidecar_ready() FROM PUBLIC;
GRANT ALL ON FUNCTION private.sidecar_ready() TO thumbsmith_sidecar;


--
-- Name: FUNCTION signed_in_profile(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.signed_in_profile() FROM PUBLIC;


--
-- Name: FUNCTION spend_credits(profile_id uuid, amount bigint, generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.spend_credits(profile_id uuid, amount bigint, generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION start_run(generation_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.start_run(generation_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION submit_payload(run_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.submit_payload(run_id uuid) FROM PUBLIC;


--
-- Name: FUNCTION sweep(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.sweep() FROM PUBLIC;
GRANT ALL ON FUNCTION private.sweep() TO thumbsmith_sidecar;


--
-- Name: FUNCTION tg__refuse_change(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg__refuse_change() FROM PUBLIC;


--
-- Name: FUNCTION tg_generations__move_forward(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_generations__move_forward() FROM PUBLIC;


--
-- Name: FUNCTION tg_users__close_profile(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_users__close_profile() FROM PUBLIC;


--
-- Name: FUNCTION tg_users__confirm(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_users__confirm() FROM PUBLIC;


--
-- Name: FUNCTION tg_users__create_profile(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_users__create_profile() FROM PUBLIC;


--
-- Name: FUNCTION wake_worker(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.wake_worker() FROM PUBLIC;


--
-- Name: FUNCTION add_user_image(object_path text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.add_user_image(object_path text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.add_user_image(object_path text) TO authenticated;


--
-- Name: FUNCTION cancel_generation(generation_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.cancel_generation(generation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_generation(generation_id uuid) TO authenticated;


--
-- Name: FUNCTION my_credits(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.my_credits() FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_credits() TO authenticated;


--
-- Name: FUNCTION request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.request_generation(generation_type text, prompt text, idempotency_key uuid, user_image_id uuid) TO authenticated;


--
-- Name: TABLE credit_entries; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.credit_entries TO authenticated;


--
-- Name: TABLE credit_lots; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.credit_lots TO authenticated;


--
-- Name: TABLE generation_receipts; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.generation_receipts TO authenticated;


--
-- Name: TABLE generation_types; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.generation_types TO anon;
GRANT SELECT ON TABLE public.generation_types TO authenticated;


--
-- Name: TABLE profiles; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.profiles TO authenticated;


--
-- Name: TABLE referrals; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.referrals TO authenticated;


--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;


--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: public; Owner: supabase_admin
--

ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON SEQUENCES TO service_role;


--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;


--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: public; Owner: supabase_admin
--

ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON FUNCTIONS TO service_role;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO postgres;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: public; Owner: supabase_admin
--

ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO service_role;


--
-- PostgreSQL database dump complete
--
