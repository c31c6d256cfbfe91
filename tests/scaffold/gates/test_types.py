"""The client types: unions for words, null only where it may be, JSON results with their keys."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devtools.types import Facts, words
from local_stack import programs
from local_stack.paths import NODE_DIR, PROJECT
from tests.support.database import Database

USE = """
import type { Database, Tables } from '%s';

type Functions = Database['public']['Functions'];
const status: Tables<'generations'>['status'] = 'succeeded';
// @ts-expect-error: there is no such word
const nonsense: Tables<'generations'>['status'] = 'done';
const face: NonNullable<Tables<'generations'>['generation_types']>['face'] = 'required';
// @ts-expect-error: there is no such word of the type that is embedded
const unknown: NonNullable<Tables<'generations'>['generation_types']>['face'] = 'maybe';
const plan: Tables<'generation_receipts'>['source'] = 'plan';
const available: number = {} as Functions['my_credits']['Returns']['available'] & number;
// @ts-expect-error: nothing may expire
const expiring: string = ({} as Functions['my_credits']['Returns']).expiring_at;
const redeemed: Functions['redeem_code']['Returns'] = { credits: 5, expires_at: null };
const pack: Functions['start_checkout']['Args']['item_kind'] = 'pack';
// @ts-expect-error: the portal has a function of its own
const portal: Functions['start_checkout']['Args']['item_kind'] = 'portal';
export { available, expiring, face, nonsense, pack, plan, portal, redeemed, status, unknown };
"""


def test_words_come_from_constraints_and_through_views(db: Database) -> None:
    found = words.read(db.url)
    assert found["plans", "rollover"] == ("none", "capped", "all")
    assert found["credit_entries", "kind"][:2] == ("grant", "spend")
    assert found["credit_history", "kind"] == found["credit_entries", "kind"]
    # A constant of another branch of the view is a word too.
    assert found["generation_receipts", "source"] == (*found["credit_lots", "source"], "plan")
    assert ("profiles", "referral_code") not in found


def test_a_json_result_has_to_say_its_type(db: Database) -> None:
    assert (
        Facts.read(db.url).json["redeem_code"] == '{"credits": number, "expires_at": string | null}'
    )
    db.rows("comment on function public.redeem_code(text) is 'Turn a code into credits.'")
    with pytest.raises(LookupError, match="redeem_code"):
        Facts.read(db.url)


def test_the_strict_compiler_takes_the_words_and_no_others(tmp_path: Path) -> None:
    types = PROJECT / "supabase" / "types" / "database.types.ts"
    used = tmp_path / "use.ts"
    used.write_text(USE % types.with_suffix("").as_posix())
    compiler = NODE_DIR / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext"]
    argv = [programs.node(), str(compiler), *options, "--moduleResolution", "bundler", str(used)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)
