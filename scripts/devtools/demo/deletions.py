"""The steps of the demo in which something goes: a photo, and a whole account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from devtools.demo.expectations import expect, expect_soon, refusal
from devtools.demo.face import draw_face
from devtools.demo.person import Person


@dataclass
class Deletions:
    """Ben takes a photo back, Dee comes and goes; `steps` gives what they do in order."""

    env: Mapping[str, str]
    people: Mapping[str, Person]

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Return each step's name and the function that does it and tells what it saw."""
        return [
            ("Ben removes his face, and it is gone from Storage", self.ben_removes_his_face),
            ("Dee deletes her account: files, then login", self.dee_deletes_her_account),
        ]

    def ben_removes_his_face(self) -> str:
        """Withdraw the consent: the file goes, and the answer of Storage is the proof."""
        ben = self.people["Ben"]
        (photo,) = ben.rows("user_images")
        ben.call("remove_user_image", id=photo["id"])
        expect_soon(
            True, lambda: ben.rows("user_images")[0]["deleted_at"] is not None, "it is gone"
        )
        (photo,) = ben.rows("user_images")
        removed = photo["deletion_answer"]["removed"]
        expect([photo["object_path"]], removed, "what Storage removed")
        expect([], ben.client.storage.from_("faces").list(ben.user_id), "the files in his folder")
        return f"Storage answered {photo['deletion_answer']['status']}"

    def dee_deletes_her_account(self) -> str:
        """Refuse her at once; delete her files and her login soon, and keep the ledger."""
        dee = Person.sign_up(self.env["API_URL"], self.env["PUBLISHABLE_KEY"], "Dee")
        dee.call("add_user_image", object_path=dee.upload_face(draw_face()))
        asked = dee.request("thumbnail_draft", "A last one")
        expect("succeeded", dee.watch(str(asked["id"]))[0]["status"], "her picture")
        taken = dee.call("export_my_data")
        expect(3, len(taken["files"]), "the files in what she takes along")
        dee.call("delete_my_account", confirmation="delete my account")
        expect("not_signed_in", refusal(dee.credits).message, "the answer to the next call")
        expect_soon(True, lambda: self._erasure(dee)["finished_at"] is not None, "the erasure")
        answers = self._erasure(dee)["answers"]
        went = [one.get("bucket") or "login" for one in answers]
        expect(["faces", "thumbnails", "login"], went, "what went, in order")
        expect(["grant", "spend"], [one["kind"] for one in dee.ledger()], "her ledger")
        return " → ".join(went)

    def _erasure(self, person: Person) -> dict[str, Any]:
        with psycopg.connect(self.env["DB_URL"], row_factory=dict_row) as operator:
            statement = "select * from private.erasures where profile_id = %s"
            row = operator.execute(statement, (person.user_id,)).fetchone()
        return row or {"finished_at": None}
