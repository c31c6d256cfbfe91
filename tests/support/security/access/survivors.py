"""Mutants that change nothing that anybody could see, each with the reason."""

from __future__ import annotations

FOLDER = (
    "a path begins with the folder of its person: the constraint user_images_path_in_own_folder"
)
SECOND_LOCK = (
    "security invoker: row level security shows the caller's rows alone, and is tried itself"
)
RACE = "only when two deletions of one account meet, and then it changes no more than the answer"
NOT_REACHED = (
    "not reached by what people call, since a referral that was just recorded has nothing to take"
    " back; tests/product/db/test_claw_back.py and test_expiry.py try it"
)
SECOND_GUARD = (
    "the row's own key stands beside it, and was read from a row of this person: who is meant is"
    " said all the same, docs/conventions.md"
)
OWN = "v_profile_id -> true"

# The second guards, by function.
BESIDE_A_KEY = (
    "cancel_generation_for: g.profile_id = v_profile_id -> true (2)",
    "claw_back_less: l.profile_id = claw_back_less.profile_id -> true",
    "claw_back_less: e.profile_id = v_lot.profile_id -> true",
    "claw_back_less: e.profile_id = v_lot.profile_id -> true (2)",
    "claw_back_lot: l.profile_id = claw_back_lot.profile_id -> true",
    "claw_back_lot: p.id = claw_back_lot.profile_id -> true",
    "claw_back_more: l.profile_id = claw_back_more.profile_id -> true",
    "claw_back_more: e.profile_id = v_lot.profile_id -> true",
    "close_account: g.profile_id = close_account.profile_id -> true",
    "close_checkout: c.profile_id = close_checkout.profile_id -> true",
    "end_pages: c.profile_id = end_pages.profile_id -> true",
    "finish_generation: g.profile_id = finish_generation.profile_id -> true",
    "finish_generation: u.profile_id = finish_generation.profile_id -> true",
    "finish_generation_job: j.profile_id = finish_generation_job.profile_id -> true",
    "jobs_of: j.profile_id = jobs_of.profile_id -> true",
    "jobs_of: g.profile_id = jobs_of.profile_id -> true",
    "jobs_of: j.profile_id = jobs_of.profile_id -> true (2)",
    "jobs_of: c.profile_id = jobs_of.profile_id -> true",
    "lock_with_work: j.profile_id = lock_with_work.profile_id -> true",
    "refund_generation: e.profile_id = refund_generation.profile_id -> true",
    "release_work: a.profile_id = release_work.profile_id -> true",
    "repay_debts: l.profile_id = repay_debts.profile_id -> true",
    "return_to_lot: l.profile_id = return_to_lot.profile_id -> true",
    "return_to_lot: l.profile_id = v_lot.profile_id -> true",
    "reverse_bonus: l.profile_id = reverse_bonus.profile_id -> true",
    "reverse_referral: r.referred_id = v_referral.referred_id -> true",
    "settle_referral: p.profile_id = v_referral.referred_id -> true",
    "start_image_removal: i.profile_id = start_image_removal.profile_id -> true",
    "start_image_removal: i.profile_id = start_image_removal.profile_id -> true (2)",
)
EQUIVALENT = {
    **{f"guard: private.{one}": SECOND_GUARD for one in BESIDE_A_KEY},
    f"guard: private.add_user_image: i.profile_id = {OWN}": FOLDER,
    f"guard: private.add_user_image: i.profile_id = {OWN} (2)": FOLDER,
    "guard: private.expire_profile_lots: l.profile_id = expire_profile_lots.profile_id -> true": (
        NOT_REACHED
    ),
    "guard: private.delete_my_account: private.signed_in_profile() -> auth.uid() (2)": RACE,
    f"guard: public.export_my_data: p.id = {OWN}": SECOND_LOCK,
    "guard: public.export_my_data: starts_with(o.name, v_profile_id::text || '/') -> true": (
        SECOND_LOCK
    ),
    "guard: public.export_my_data: private.signed_in_profile() -> auth.uid()": (
        "export_private_rows() asks the same before anything is returned"
    ),
}
