"""`thumbsmith catalog`: Stripe sells what the database says, and nothing is made twice."""

from __future__ import annotations

from tests.support.cli.command_runner import CommandRunner

ITEMS = {
    "pack_creator",
    "pack_starter",
    "plan_monthly_100images",
    "plan_monthly_25images",
    "plan_monthly_unlimited",
    "plan_yearly_25images",
}
NEW_ITEM = ["create_product", "create_price", "link_price"]


def test_a_push_fills_an_empty_account_and_links_its_prices(shop: CommandRunner) -> None:
    report = shop.report("catalog", "push", "--yes")
    assert (report["ok"], report["mode"], report["dry_run"]) == (True, "test", False)
    assert [one["change"] for one in report["changes"]] == NEW_ITEM * len(ITEMS)
    ours = shop.catalog()
    assert set(ours) == ITEMS
    for lookup_key, item in ours.items():
        price = shop.price(lookup_key)
        assert price["id"] == item["price_id"]
        assert price["active"]
        assert (price["unit_amount"], price["currency"]) == (item["amount"], item["currency"])
        assert price["product"] == item["product_id"]
        assert (price["recurring"] or {}).get("interval") == item["billing_interval"]
        product = shop.stripe.client.v1.products.retrieve(item["product_id"]).to_dict()
        assert (product["name"], product["description"]) == (item["title"], item["description"])
        assert product["metadata"] == {"kind": item["item_kind"], "key": item["item_key"]}
    assert shop.links() == {item["price_id"]: (item["item_key"], True) for item in ours.values()}


def test_a_second_push_changes_nothing(shop: CommandRunner) -> None:
    assert shop.changes("diff", code=1)
    shop.report("catalog", "push", "--yes")
    before, links = shop.at_stripe(), shop.links()
    assert shop.changes("diff") == []
    assert shop.changes("push", "--yes") == []
    assert "nothing to do" in shop.run("catalog", "push", "--yes").stdout
    assert (shop.at_stripe(), shop.links()) == (before, links)


def test_a_dry_run_changes_nothing(shop: CommandRunner) -> None:
    before = shop.at_stripe()
    for command in (["diff"], ["push"], ["pull"]):
        done = shop.run("catalog", *command)
        assert done.exit_code == (0 if command == ["push"] else 1)
        assert (shop.at_stripe(), shop.links()) == (before, {})
    assert "pack starter: create a price" in shop.run("catalog", "push").stdout
    assert "--yes does it" in shop.run("catalog", "push").stdout
    report = shop.report("catalog", "push")
    assert (report["dry_run"], len(report["changes"])) == (True, 3 * len(ITEMS))
    # Positive control: the same comparison shows what is really done.
    shop.report("catalog", "push", "--yes")
    assert shop.at_stripe() != before


def test_people_read_what_was_done_and_in_which_mode(shop: CommandRunner) -> None:
    done = shop.run("catalog", "push", "--yes")
    assert done.exit_code == 0
    assert "test mode" in done.stderr
    assert "pack starter: created the product thumbsmith_pack_starter" in done.stdout
    assert f"linked the price {shop.catalog()['pack_starter']['price_id']}" in done.stdout
    assert "dry run" not in done.stdout


def test_a_changed_price_takes_the_lookup_key_and_the_old_one_keeps_its_item(
    shop: CommandRunner,
) -> None:
    shop.report("catalog", "push", "--yes")
    old = shop.price("plan_monthly_25images")
    other = shop.catalog()["pack_starter"]["price_id"]
    shop.db.rows("update public.plans set price_amount = 2100 where plan_name='monthly_25images'")
    wanted = ["create_price", "link_price", "deactivate_price"]
    assert [change for _, change in shop.changes("diff", code=1)] == wanted
    assert shop.changes("push", "--yes") == [("monthly_25images", change) for change in wanted]
    new = shop.price("plan_monthly_25images")
    assert new["id"] != old["id"]
    assert (new["unit_amount"], new["active"]) == (2100, True)
    assert new["product"] == old["product"]
    left = shop.price_by_id(old["id"])
    assert (left["active"], left["lookup_key"]) == (False, None)
    assert shop.links()[old["id"]] == ("monthly_25images", False)
    assert shop.links()[new["id"]] == ("monthly_25images", True)
    assert shop.price_by_id(other)["active"]
    assert shop.changes("diff") == []


def test_a_price_that_comes_back_on_the_same_day_is_not_the_answer_of_the_morning(
    shop: CommandRunner,
) -> None:
    ids = []
    for amount in (900, 1000, 900, 1000):
        shop.db.rows(
            "update public.credit_packs set price_amount = %s where pack_key = 'starter'", amount
        )
        shop.report("catalog", "push", "--yes")
        price = shop.price("pack_starter")
        assert (price["unit_amount"], price["active"]) == (amount, True)
        assert shop.catalog()["pack_starter"]["price_id"] == price["id"]
        ids.append(price["id"])
    assert len(set(ids)) == 4
    assert [shop.links()[one] for one in ids] == [("starter", False)] * 3 + [("starter", True)]
    assert [shop.price_by_id(one)["active"] for one in ids] == [False] * 3 + [True]


def test_another_currency_or_interval_makes_a_new_price(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    shop.db.rows("update public.credit_packs set currency = 'eur' where pack_key = 'starter'")
    shop.db.rows(
        "update public.plans set billing_interval = 'month' where plan_name = 'yearly_25images'"
    )
    changes = shop.changes("push", "--yes")
    assert [item for item, change in changes if change == "create_price"] == [
        "starter",
        "yearly_25images",
    ]
    assert shop.price("pack_starter")["currency"] == "eur"
    assert shop.price("plan_yearly_25images")["recurring"]["interval"] == "month"
    assert shop.changes("diff") == []


def test_another_title_only_changes_the_product(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    shop.db.rows(
        "update public.credit_packs set title = 'A hundred', description = ''"
        " where pack_key = 'starter'"
    )
    assert shop.changes("push", "--yes") == [("starter", "update_product")]
    product = shop.stripe.client.v1.products.retrieve("thumbsmith_pack_starter")
    assert (product.name, product.description) == ("A hundred", None)
    assert shop.changes("diff") == []


def test_a_disabled_plan_cannot_be_bought_and_is_still_known(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    price_id = shop.catalog()["plan_monthly_unlimited"]["price_id"]
    switch = "update public.plans set is_enabled = %s where plan_name = 'monthly_unlimited'"
    shop.db.rows(switch, False)
    assert shop.changes("push", "--yes") == [("monthly_unlimited", "deactivate_price")]
    assert not shop.price_by_id(price_id)["active"]
    assert shop.links()[price_id] == ("monthly_unlimited", True)
    assert shop.changes("diff") == []
    # Positive control: for sale again, it is the same price.
    shop.db.rows(switch, True)
    assert shop.changes("push", "--yes") == [("monthly_unlimited", "activate_price")]
    assert shop.price_by_id(price_id)["active"]


def test_what_is_disabled_and_was_never_sold_is_not_made(shop: CommandRunner) -> None:
    shop.db.rows("update public.plans set is_enabled = false")
    assert {item for item, _ in shop.changes("push", "--yes")} == {"creator", "starter"}
    assert len(shop.stripe.client.v1.products.list({"limit": 100}).data) == 2


def test_an_archived_product_is_for_sale_again(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    v1 = shop.stripe.client.v1
    v1.products.update("thumbsmith_pack_creator", {"active": False})
    v1.prices.update(shop.price("pack_creator")["id"], {"active": False})
    assert shop.changes("push", "--yes") == [
        ("creator", "update_product"),
        ("creator", "activate_price"),
    ]
    assert v1.products.retrieve("thumbsmith_pack_creator").active


def test_a_push_that_broke_off_is_finished_by_the_next(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    old = shop.price("pack_starter")["id"]
    shop.db.rows("update public.credit_packs set price_amount = 950 where pack_key = 'starter'")
    # The new price is made, and then Stripe is away when the old one is to be deactivated.
    shop.stripe.faults(on_method="POST", on_path=f"/v1/prices/{old}", error_before_next=3)
    failed = shop.run("catalog", "push", "--yes", "--json")
    assert failed.exit_code == 3, failed.stdout
    assert shop.price_by_id(old)["active"]
    shop.stripe.faults(reset=True)
    assert shop.changes("diff", code=1) == [("starter", "deactivate_price")]
    assert shop.changes("push", "--yes") == [("starter", "deactivate_price")]
    assert not shop.price_by_id(old)["active"]
    assert shop.changes("diff") == []


def test_a_lost_answer_makes_nothing_twice(shop: CommandRunner) -> None:
    shop.stripe.faults(on_method="POST", on_path="/v1/p", drop_after_next=2)
    shop.report("catalog", "push", "--yes")
    v1 = shop.stripe.client.v1
    assert len(v1.products.list({"limit": 100}).data) == len(ITEMS)
    assert len(v1.prices.list({"limit": 100}).data) == len(ITEMS)


def test_more_items_than_a_list_takes_at_once(shop: CommandRunner) -> None:
    shop.db.rows(
        "insert into public.credit_packs (pack_key, title, credits, price_amount)"
        " select 'more_' || n, 'More', 10, 100 + n from generate_series(1, 25) as n"
    )
    assert len(shop.changes("push", "--yes")) == 3 * (25 + len(ITEMS))
    assert shop.changes("diff") == []


def test_a_pull_links_what_is_there_and_writes_nothing_to_stripe(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    before, links = shop.at_stripe(), shop.links()
    # As after a restore into a new project.
    shop.db.rows("delete from private.stripe_prices")
    report = shop.report("catalog", "pull")
    assert (report["dry_run"], len(report["changes"]), shop.links()) == (True, len(ITEMS), {})
    report = shop.report("catalog", "pull", "--yes")
    assert {one["change"] for one in report["changes"]} == {"link_price"}
    assert report["missing"] == []
    assert (shop.at_stripe(), shop.links()) == (before, links)
    assert shop.report("catalog", "pull", "--yes")["changes"] == []


def test_a_pull_takes_a_price_that_a_person_made(shop: CommandRunner) -> None:
    made = shop.stripe.price(900, lookup_key="pack_starter")
    other = shop.stripe.price(901, lookup_key="pack_creator")
    report = shop.report("catalog", "pull", "--yes", code=1)
    assert [(one["item_key"], one["id"]) for one in report["changes"]] == [("starter", made.id)]
    assert sorted(report["missing"]) == sorted(ITEMS - {"pack_starter"})
    assert shop.links() == {made.id: ("starter", True)}
    assert "no price at Stripe that fits" in shop.run("catalog", "pull").stdout
    # A push leaves it, and puts one of ours in the place of the one that does not fit.
    shop.report("catalog", "push", "--yes")
    assert shop.price("pack_starter")["id"] == made.id
    assert shop.price("pack_creator")["id"] != other.id
    assert not shop.price_by_id(other.id)["active"]
    assert shop.changes("diff") == []


def test_a_disabled_plan_is_linked_too_since_somebody_may_pay_it(shop: CommandRunner) -> None:
    shop.report("catalog", "push", "--yes")
    price_id = shop.catalog()["plan_monthly_25images"]["price_id"]
    shop.db.rows("update public.plans set is_enabled = false")
    shop.report("catalog", "push", "--yes")
    shop.db.rows("delete from private.stripe_prices")
    report = shop.report("catalog", "pull", "--yes")
    assert (len(report["changes"]), report["missing"]) == (len(ITEMS), [])
    assert shop.links()[price_id] == ("monthly_25images", True)


def test_a_metered_or_longer_price_is_not_ours(shop: CommandRunner) -> None:
    wrong = shop.stripe.price(
        1900,
        lookup_key="plan_monthly_25images",
        recurring={"interval": "month", "interval_count": 3},
    )
    report = shop.report("catalog", "pull", "--yes", code=1)
    assert "plan_monthly_25images" in report["missing"]
    assert wrong.id not in shop.links()
    shop.report("catalog", "push", "--yes")
    assert shop.price("plan_monthly_25images")["recurring"]["interval_count"] == 1


def test_a_catalog_with_nothing_in_it_is_an_error(shop: CommandRunner) -> None:
    # Positive control: with its items each of them ends otherwise.
    commands = ("diff", "push", "pull")
    assert [shop.run("catalog", command).exit_code for command in commands] == [1, 0, 1]
    shop.db.rows("create or replace view private.catalog as " + EMPTY.format(view(shop)))
    for command in commands:
        assert shop.report("catalog", command, code=2)["error"] == "catalog_empty"


# The rows of packs and plans are held by many others: the view over them is emptied instead.
EMPTY = "select * from ({}) as c where false"


def view(shop: CommandRunner) -> str:
    """Return the query of the catalog."""
    query: str = shop.db.value("select pg_get_viewdef('private.catalog'::regclass)")
    return query.rstrip().rstrip(";")
