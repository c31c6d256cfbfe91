"""The steps of the demo: each does what its name says, or raises."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from PIL import Image
from storage3.exceptions import StorageApiError

from devtools.demo.deletions import Deletions
from devtools.demo.expectations import expect, refusal
from devtools.demo.face import draw_face
from devtools.demo.payments import Payments
from devtools.demo.person import Person

PROMPT = "I built a rocket in my garage"


@dataclass
class Story:
    """Ana, Ben and Cy, one after the other; `steps` gives them in order."""

    env: Mapping[str, str]
    picture: Path
    people: dict[str, Person] = field(default_factory=dict)
    _face_id: str = ""
    _face_path: str = ""

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Return each step's name and the function that does it and tells what it saw."""
        return [
            ("Ana signs up and has 50 credits", self.ana_signs_up),
            ("Ben signs up with Ana's code: Ana has 80", self.ben_signs_up),
            ("Cy signs up with a nonsense code and still has 50", self.cy_signs_up),
            ("Ben uploads his face", self.ben_uploads_his_face),
            ("Ana is refused Ben's face", self.ana_is_refused_the_face),
            ("Ben asks for a thumbnail with his face, and it arrives", self.ben_gets_a_thumbnail),
            ("A generation that fails at the provider is refunded", self.a_failure_is_refunded),
            ("Asking without enough credits is refused with 402", self.too_few_credits),
            ("The same idempotency key twice gives one generation", self.the_same_key_twice),
            ("A promotional code gives Cy 20 credits, once", self.cy_redeems_a_code),
            *Payments(self.env, self.people).steps(),
            *Deletions(self.env, self.people).steps(),
        ]

    def ana_signs_up(self) -> str:
        """Give a new account 50 credits."""
        ana = self._sign_up("Ana")
        expect(50, ana.credits(), "Ana's credits")
        return f"her code is {ana.profile()['referral_code']}"

    def ben_signs_up(self) -> str:
        """Bring a friend 30 credits."""
        ana = self.people["Ana"]
        ben = self._sign_up("Ben", str(ana.profile()["referral_code"]))
        expect(50, ben.credits(), "Ben's credits")
        expect(80, ana.credits(), "Ana's credits")
        return "50 + 30"

    def cy_signs_up(self) -> str:
        """Stop nobody for a useless code."""
        cy = self._sign_up("Cy", "'; drop table profiles; --")
        expect(50, cy.credits(), "Cy's credits")
        return "the code is recorded as rejected"

    def ben_uploads_his_face(self) -> str:
        """Put bytes into Storage and a row into the database."""
        ben = self.people["Ben"]
        self._face_path = ben.upload_face(draw_face())
        self._face_id = str(ben.call("add_user_image", object_path=self._face_path)["id"])
        return f"faces/{self._face_path}"

    def ana_is_refused_the_face(self) -> str:
        """Refuse Ana the bytes, and a thumbnail with them; Ben reads them."""
        ana, ben = self.people["Ana"], self.people["Ben"]
        expect(
            draw_face(), ben.client.storage.from_("faces").download(self._face_path), "his photo"
        )
        try:
            ana.client.storage.from_("faces").download(self._face_path)
        except StorageApiError as refused:
            status = str(refused.status)
        else:
            message = "Ana downloaded Ben's face"
            raise AssertionError(message)
        error = refusal(lambda: ana.request("thumbnail", PROMPT, user_image_id=self._face_id))
        expect(("PT404", "user_image_not_found"), (error.code, error.message), "the refusal")
        return f"download {status}, request {error.message}"

    def ben_gets_a_thumbnail(self) -> str:
        """Watch the status move, the credits fall by the price, the picture arrive."""
        ben = self.people["Ben"]
        before = ben.credits()
        asked = ben.request("thumbnail", PROMPT, user_image_id=self._face_id)
        row, seen = ben.watch(str(asked["id"]))
        expect("succeeded", row["status"], f"the status after {' → '.join(seen)}")
        price = ben.client.table("generation_types").select("*").eq("type_key", "thumbnail")
        cost = price.single().execute().data["cost_credits"]  # type: ignore[call-overload, index]
        expect(before - cost, ben.credits(), "Ben's credits")  # type: ignore[operator]
        expect(True, str(row["output_path"]).startswith(f"{ben.user_id}/"), "his private folder")
        expect([("sign_up", cost)], ben.receipt(str(row["id"])), "the receipt")
        signed = ben.client.storage.from_("thumbnails").create_signed_url(row["output_path"], 60)
        content = httpx.get(str(signed["signedURL"]), timeout=30).raise_for_status().content
        expect((1280, 720), Image.open(io.BytesIO(content)).size, "the size of the picture")
        self.picture.parent.mkdir(parents=True, exist_ok=True)
        self.picture.write_bytes(content)
        return f"{' → '.join(seen)}, {cost} credits"

    def a_failure_is_refunded(self) -> str:
        """Take no price for no picture."""
        ben = self.people["Ben"]
        before = ben.credits()
        row, _ = ben.watch(str(ben.request("thumbnail", f"{PROMPT} [fail]")["id"]))
        expect("failed", row["status"], "the status")
        expect(before, ben.credits(), "Ben's credits")
        kinds = [entry["kind"] for entry in ben.ledger()][-2:]
        expect(["spend", "refund"], kinds, "the last entries of the ledger")
        return f"{row['error']}, {row['credit_cost']} credits back"

    def too_few_credits(self) -> str:
        """Ask for two premium thumbnails, more than 50 credits buy."""
        cy = self.people["Cy"]
        first = cy.request("thumbnail_premium", PROMPT)
        error = refusal(lambda: cy.request("thumbnail_premium", PROMPT))
        expect(("PT402", "insufficient_credits"), (error.code, error.message), "the refusal")
        expect(20, cy.credits(), "Cy's credits")
        expect("succeeded", cy.watch(str(first["id"]))[0]["status"], "the one he could pay")
        return str(error.details)

    def the_same_key_twice(self) -> str:
        """Treat a retry as no second order."""
        ana = self.people["Ana"]
        key = str(uuid.uuid4())
        first = ana.request("thumbnail_draft", PROMPT, key=key)
        again = ana.request("thumbnail_draft", PROMPT, key=key)
        expect(first["id"], again["id"], "the generation")
        error = refusal(lambda: ana.request("thumbnail_draft", "something else", key=key))
        expect(("PT409", "idempotency_conflict"), (error.code, error.message), "the refusal")
        expect("succeeded", ana.watch(str(first["id"]))[0]["status"], "the status")
        expect(78, ana.credits(), "Ana's credits")
        return f"one generation, {first['credit_cost']} credits"

    def cy_redeems_a_code(self) -> str:
        """Turn an operator's code into credits; refuse a wrong one, and a second time."""
        cy = self.people["Cy"]
        with psycopg.connect(self.env["DB_URL"]) as operator:
            made = operator.execute(
                "select private.create_promo_code(null, 20, 'demo', 'a launch gift')"
            ).fetchone()
        code = str(made[0]) if made else ""
        wrong = refusal(lambda: cy.call("redeem_code", code="NOSUCHCODE"))
        expect(("PT404", "code_not_found"), (wrong.code, wrong.message), "the refusal")
        before = cy.credits()
        expect(20, cy.call("redeem_code", code=code)["credits"], "the credits of the code")
        again = refusal(lambda: cy.call("redeem_code", code=code))
        expect(("PT409", "code_already_redeemed"), (again.code, again.message), "the refusal")
        expect(before + 20, cy.credits(), "Cy's credits")
        return f"{before} + 20"

    def _sign_up(self, name: str, referral: str | None = None) -> Person:
        api_url, key = self.env["API_URL"], self.env["PUBLISHABLE_KEY"]
        self.people[name] = Person.sign_up(api_url, key, name, referral)
        return self.people[name]
