-- Purpose: the ledger: every change of a balance, for ever.
-- Touches: table public.credit_entries.
-- Locks:   share row exclusive on public.profiles, public.credit_lots, public.generations, for an
--          instant. On hosted, the auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    none: a ledger is not dropped.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.credit_entries (
    profile_id uuid not null,
    entry_number bigint not null,
    lot_id bigint not null,
    amount bigint not null,
    kind text not null,
    generation_id uuid,
    debt bigint not null default 0,
    debt_lot_id bigint,
    reason text,
    balance_after bigint not null,
    created_at timestamptz not null default now(),

    -- The number is taken from the profile under its lock: gapless, so a missing entry shows.
    constraint credit_entries_pkey primary key (profile_id, entry_number),
    -- Also what makes a refund happen once, by constraint and not by care.
    constraint credit_entries_generation_id_lot_id_kind_key unique (generation_id, lot_id, kind),
    constraint credit_entries_profile_id_fkey
    foreign key (profile_id) references public.profiles (id),
    constraint credit_entries_lot_id_fkey foreign key (lot_id) references public.credit_lots (id),
    constraint credit_entries_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint credit_entries_entry_number_positive check (entry_number > 0),
    constraint credit_entries_debt_lot_id_fkey
    foreign key (debt_lot_id) references public.credit_lots (id),
    constraint credit_entries_balance_after_not_negative check (balance_after >= 0),
    constraint credit_entries_sign_matches_kind check (
        case kind
            when 'grant' then amount > 0 and debt = 0
            when 'spend' then amount < 0 and debt = 0
            when 'refund' then amount > 0 and debt = 0
            when 'expire' then amount < 0 and debt = 0
            when 'revoke' then amount < 0 and debt = 0
            when 'restore' then amount <> 0 and debt = 0
            when 'claw_back' then amount <= 0 and debt >= 0 and amount <> debt
            when 'repay' then amount < 0 and debt = amount
            when 'reinstate' then amount >= 0 and debt <= 0 and amount <> debt
            else false
        end
    ),
    constraint credit_entries_spend_names_generation check (
        (kind in ('spend', 'refund')) = (generation_id is not null)
    ),
    constraint credit_entries_repay_names_debt check (
        case kind
            when 'repay' then debt_lot_id is not null
            when 'reinstate' then true
            else debt_lot_id is null
        end
    ),
    constraint credit_entries_correction_has_reason check (
        reason is not null or kind not in ('revoke', 'restore', 'claw_back', 'reinstate')
    )
);

create index credit_entries_lot_id_idx on public.credit_entries (lot_id);

-- A lot is granted once.
create unique index credit_entries_lot_id_grant_key on public.credit_entries (lot_id)
where kind = 'grant';

create index credit_entries_debt_lot_id_idx on public.credit_entries (debt_lot_id)
where debt_lot_id is not null;

comment on table public.credit_entries is
'The ledger: append-only for every role. A spend writes one entry per lot it touched, so each
picture shows which credits paid for it and each purchase what it bought.';
comment on column public.credit_entries.entry_number is
'Counts a person''s entries from 1, without gaps.';
comment on column public.credit_entries.amount is 'Credits: positive came in, negative went out.';
comment on column public.credit_entries.kind is
'grant: a lot began. spend: burned for a generation. refund: that came back. expire: the lot''s time
ended. revoke: an operator took it. claw_back: taken back, since the money for it went back. repay:
paid a debt. reinstate: a claw-back was undone. restore: expired or revoked credits, put back only
to be clawed back, and out again when that is undone.';
comment on column public.credit_entries.debt is
'Change of the person''s debt: what a claw_back could not take, less what a repay or a reinstate
settled.';
comment on column public.credit_entries.debt_lot_id is
'The clawed-back lot whose debt is repaid, or whose claw-back is undone.';
comment on column public.credit_entries.reason is
'What a correction followed from: the key of the refund, the dispute or the operator''s action.';
comment on column public.credit_entries.balance_after is 'The person''s credits after this entry.';

create trigger _500_append_only
before update or delete or truncate on public.credit_entries
for each statement
execute function private.tg__refuse_change();

alter table public.credit_entries enable row level security;

create policy credit_entries_select_own
on public.credit_entries
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy credit_entries_select_own on public.credit_entries is
'A person reads their own ledger.';

grant select on table public.credit_entries to authenticated;
