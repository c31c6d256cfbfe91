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
OWN = "v_profile_id -> true"

EQUIVALENT = {
    f"guard: private.add_user_image: i.profile_id = {OWN}": FOLDER,
    f"guard: private.add_user_image: i.profile_id = {OWN} (2)": FOLDER,
    f"guard: private.claw_back_lot: p.id = {OWN}": NOT_REACHED,
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
    f"guard: public.my_credits: l.profile_id = {OWN}": SECOND_LOCK,
    f"guard: public.my_credits: l.profile_id = {OWN} (2)": SECOND_LOCK,
    f"guard: public.my_credits: g.profile_id = {OWN}": SECOND_LOCK,
    f"guard: public.my_credits: p.id = {OWN}": SECOND_LOCK,
    f"guard: public.my_credits: s.profile_id = {OWN}": SECOND_LOCK,
}
