"""Files through supabase-js and supabase-py: uploads, listing, policies, triggers."""

from __future__ import annotations

import hashlib

import httpx
import psycopg
import pytest

from tests.support.local_stack.clients import (
    Json,
    Project,
    browser,
    bucket,
    database,
    objects,
    python_client,
    run_js,
    sign_up,
)

ALL = ("select", "insert", "update", "delete")


def call(project: Project, function: str, bucket_id: str, **arguments: Json) -> Json:
    """Call a function of js/storage.mjs on a bucket."""
    return run_js(project, "storage", function, bucket=bucket_id, **arguments)


@pytest.mark.parametrize("raw", [False, True])
def test_a_file_comes_back_as_it_went(platform: Project, raw: bool) -> None:
    user = sign_up(platform)
    path = f"{user.id}/notes/größe.txt".replace("öß", "oss")
    options = {
        "contentType": "text/markdown",
        "cacheControl": "60",
        "metadata": {"camera": "left"},
    }
    with bucket(platform, *ALL) as name:
        where = {"user": user.login, "path": path}
        put = call(platform, "upload", name, content="# hi", raw=raw, options=options, **where)
        got = call(platform, "download", name, **where)
        known = call(platform, "info", name, **where)
        with database(platform) as connection:
            row = connection.execute(
                "select owner_id, owner::text, metadata ->> 'mimetype', user_metadata"
                " from storage.objects where bucket_id = %s",
                [name],
            ).fetchone()
    assert put["error"] is None
    assert put["data"]["fullPath"] == f"{name}/{path}"
    assert got["data"] == "# hi"
    info = known["info"]["data"]
    assert known["exists"] is True
    assert info["size"] == 4
    assert info["contentType"] == "text/markdown"
    assert info["cacheControl"] == "max-age=60"
    assert info["metadata"] == {"camera": "left"}
    assert info["etag"] == f'"{hashlib.md5(b"# hi", usedforsecurity=False).hexdigest()}"'
    assert row == (user.id, user.id, "text/markdown", {"camera": "left"})


def test_supabase_py_uploads_lists_downloads_and_removes(platform: Project) -> None:
    user = sign_up(platform)
    path = f"{user.id}/a.bin"
    with bucket(platform, *ALL) as name, python_client(platform) as client:
        client.auth.sign_in_with_password({"email": user.email, "password": user.password})
        files = client.storage.from_(name)
        put = files.upload(path, b"\x00\x01\x02", {"content-type": "application/x-thing"})
        listed = files.list(user.id)
        exists = files.exists(path)
        content = files.download(path)
        url = files.create_signed_url(path, 60)["signedURL"]
        assert url is not None
        by_url = httpx.get(url)
        removed = files.remove([path])
        gone = files.list(user.id)
        client.auth.sign_out()
    assert put.full_path == f"{name}/{path}"
    assert [entry["name"] for entry in listed] == ["a.bin"]
    assert exists is True
    assert content == b"\x00\x01\x02"
    assert (by_url.status_code, by_url.content) == (200, content)
    assert by_url.headers["content-type"] == "application/x-thing"
    assert [entry["name"] for entry in removed] == [path]
    assert gone == []


def test_others_files_are_as_if_they_were_not_there(platform: Project) -> None:
    ann, bob = sign_up(platform), sign_up(platform)
    mine, missing = f"{ann.id}/a.txt", f"{ann.id}/none.txt"
    with bucket(platform, *ALL) as name:
        put = call(platform, "upload", name, user=ann.login, path=mine, content="mine")
        forbidden = call(platform, "upload", name, user=bob.login, path=mine, content="x")
        anonymous = call(platform, "upload", name, path=f"{ann.id}/b.txt", content="x")
        seen = call(platform, "download", name, user=bob.login, path=mine)
        absent = call(platform, "download", name, user=ann.login, path=missing)
        signed = call(platform, "signedUrl", name, user=bob.login, path=mine, seconds=60)
        listed = call(platform, "list", name, user=bob.login, folder=ann.id)
        removed = call(platform, "remove", name, user=bob.login, paths=[mine])
        still = call(platform, "download", name, user=ann.login, path=mine)
        with browser(platform, token=bob.token) as http:
            raw_seen = http.get(f"/storage/v1/object/{name}/{mine}")
            raw_absent = http.get(f"/storage/v1/object/{name}/{missing}")
            raw_denied = http.post(f"/storage/v1/object/{name}/{ann.id}/c", content=b"x")
    assert put["error"] is None
    for denied in (forbidden, anonymous):
        assert denied["error"]["statusCode"] == "403"
        assert denied["error"]["status"] == 400
    assert "row-level security" in forbidden["error"]["message"]
    assert seen["error"] is not None
    assert seen["error"] == absent["error"]
    assert signed["error"]["statusCode"] == "404"
    assert listed["data"] == []
    assert (removed["error"], removed["data"]) == (None, [])
    assert still["data"] == "mine"
    assert raw_seen.status_code == raw_absent.status_code == 400
    assert raw_seen.json() == raw_absent.json()
    assert raw_seen.json() == {
        "statusCode": "404",
        "code": "NoSuchKey",
        "error": "not_found",
        "message": "Object not found",
    }
    assert (raw_denied.status_code, raw_denied.json()["error"]) == (400, "Unauthorized")


def test_a_name_is_taken_unless_it_may_be_replaced(platform: Project) -> None:
    user = sign_up(platform)
    where = {"user": user.login, "path": f"{user.id}/a.txt"}
    with bucket(platform, *ALL) as full, bucket(platform, "select", "insert") as insert_only:
        for name in (full, insert_only):
            assert call(platform, "upload", name, content="1", **where)["error"] is None
        again = call(platform, "upload", full, content="2", **where)
        upsert = {"upsert": True}
        replaced = call(platform, "upload", full, content="2", options=upsert, **where)
        refused = call(platform, "upload", insert_only, content="2", options=upsert, **where)
        new = call(platform, "download", full, **where)
        old = call(platform, "download", insert_only, **where)
    assert again["error"]["statusCode"] == "409"
    assert again["error"]["message"] == "The resource already exists"
    assert replaced["error"] is None
    assert refused["error"]["statusCode"] == "403"
    assert (new["data"], old["data"]) == ("2", "1")


def test_a_bucket_limits_size_and_type(platform: Project) -> None:
    user = sign_up(platform)
    path = f"{user.id}/a"
    limits: Json = {"file_size_limit": 10, "allowed_mime_types": ["image/*", "text/plain"]}
    with bucket(platform, *ALL, **limits) as name:
        for raw in (False, True):
            where = {"user": user.login, "path": path, "raw": raw}
            large = call(platform, "upload", name, content="x" * 11, **where)
            page = {"contentType": "text/html"}
            wrong = call(platform, "upload", name, content="x", options=page, **where)
            assert large["error"]["statusCode"] == "413"
            assert wrong["error"]["statusCode"] == "415"
        image = {"contentType": "image/png"}
        where = {"user": user.login, "path": path}
        right = call(platform, "upload", name, content="x" * 10, options=image, **where)
        with browser(platform, token=user.token) as http:
            # a stream without a declared length
            chunks = (b"x" * 6 for _ in range(2))
            endless = http.post(
                f"/storage/v1/object/{name}/{user.id}/b",
                content=chunks,
                headers={"content-type": "text/plain"},
            )
        with database(platform) as connection:
            rows = connection.execute(
                "select name from storage.objects where bucket_id = %s", [name]
            ).fetchall()
    assert right["error"] is None
    assert endless.json()["statusCode"] == "413"
    assert rows == [(path,)]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "ä.txt", "a\\b", "a#b"])
def test_a_name_that_climbs_or_cannot_be_kept_is_refused(platform: Project, path: str) -> None:
    with bucket(platform) as name:
        headers = {"apikey": platform.secret_key, "content-type": "application/json"}
        base = f"{platform.api_url}/storage/v1/object"
        assert httpx.post(f"{base}/{name}/ok", headers=headers, content=b"1").status_code == 200
        body = {"bucketId": name, "sourceKey": "ok", "destinationKey": path}
        answer = httpx.post(f"{base}/copy", headers=headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidKey")


def test_a_file_and_a_folder_may_share_a_name(platform: Project) -> None:
    user = sign_up(platform)
    paths = [f"{user.id}/a", f"{user.id}/a/b", f"{user.id}/a/b/c"]
    with bucket(platform, *ALL) as name:
        answers = call(platform, "uploadMany", name, user=user.login, paths=paths)
        contents = [
            call(platform, "download", name, user=user.login, path=path)["data"] for path in paths
        ]
        call(platform, "remove", name, user=user.login, paths=paths[1:2])
        left = call(platform, "download", name, user=user.login, path=paths[0])
    assert [answer["error"] for answer in answers] == [None] * 3
    assert contents == paths
    assert left["data"] == paths[0]


@pytest.mark.parametrize(
    ("wanted", "status", "content", "part"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, None),
        ("bytes=5-4", 416, None, None),
    ],
)
def test_a_range_has_a_beginning_and_an_end(
    platform: Project, wanted: str, status: int, content: bytes | None, part: str | None
) -> None:
    with bucket(platform, public=True) as name:
        url = f"{platform.api_url}/storage/v1/object"
        key = {"apikey": platform.secret_key}
        httpx.post(f"{url}/{name}/digits", headers=key, content=b"0123456789").raise_for_status()
        answer = httpx.get(f"{url}/public/{name}/digits", headers={"range": wanted})
    assert answer.status_code == status
    assert answer.headers.get("content-range") == part
    if content is not None:
        assert answer.content == content


def test_a_known_version_is_not_sent_again(platform: Project) -> None:
    with bucket(platform, public=True) as name:
        url = f"{platform.api_url}/storage/v1/object"
        key = {"apikey": platform.secret_key}
        page = {"content-type": "text/html"}
        httpx.post(f"{url}/{name}/a.html", headers=key | page, content=b"<b>").raise_for_status()
        public = run_js(platform, "storage", "publicUrl", bucket=name, path="a.html")
        first = httpx.get(public)
        again = httpx.get(public, headers={"if-none-match": first.headers["etag"]})
        saved = httpx.get(public, params={"download": "b.html"})
        head = httpx.head(public)
        missing = httpx.get(public + "x")
    assert (first.status_code, first.content) == (200, b"<b>")
    assert first.headers["content-type"] == "text/plain"
    assert again.status_code == 304
    assert "b.html" in saved.headers["content-disposition"]
    assert (head.status_code, head.headers["content-length"]) == (200, "3")
    assert missing.json()["statusCode"] == "404"


def test_a_private_bucket_is_not_public(platform: Project) -> None:
    with bucket(platform) as name, bucket(platform, public=True) as public:
        url = f"{platform.api_url}/storage/v1/object"
        key = {"apikey": platform.secret_key}
        for one in (name, public):
            httpx.post(f"{url}/{one}/a", headers=key, content=b"1").raise_for_status()
        closed = httpx.get(f"{url}/public/{name}/a")
        without_token = httpx.get(f"{url}/{name}/a")
        opened = httpx.get(f"{url}/public/{public}/a")
    assert closed.json()["error"] == "Bucket not found"
    assert without_token.json()["error"] == "Bucket not found"
    assert opened.content == b"1"


def test_buckets_live_as_on_hosted(platform: Project) -> None:
    name = "life-of-a-bucket"
    answer = run_js(platform, "storage", "bucketLife", name=name)
    assert answer["created"] == {"data": {"name": name}, "error": None}
    assert answer["again"]["error"]["statusCode"] == "409"
    assert answer["updated"]["error"] is None
    found = answer["found"]["data"]
    assert (found["id"], found["name"], found["public"]) == (name, name, True)
    assert found["file_size_limit"] == 1000
    assert found["allowed_mime_types"] == ["image/png"]
    assert name in answer["listed"]
    assert answer["tooEarly"]["error"]["statusCode"] == "409"
    assert answer["emptied"]["error"] is None
    assert answer["deleted"]["error"] is None
    assert answer["missing"]["error"]["statusCode"] == "404"


def test_a_bucket_needs_no_id_of_its_own(platform: Project) -> None:
    key = {"apikey": platform.secret_key}
    with httpx.Client(base_url=f"{platform.api_url}/storage/v1", headers=key) as http:
        made = http.post("/bucket", json={"name": "only-a-name"})
        found = http.get("/bucket/only-a-name")
        http.delete("/bucket/only-a-name").raise_for_status()
    assert made.status_code == 200
    assert found.json()["id"] == "only-a-name"


def test_a_user_makes_no_buckets(platform: Project) -> None:
    user = sign_up(platform)
    answer = run_js(platform, "storage", "createBucket", user=user.login, name="mine")
    assert answer["error"]["statusCode"] == "403"


def test_rows_of_files_are_not_deleted_by_sql(platform: Project) -> None:
    user = sign_up(platform)
    path = f"{user.id}/a"
    with bucket(platform, *ALL) as name:
        call(platform, "upload", name, user=user.login, path=path, content="1")
        with database(platform) as connection:
            for statement in ("delete from storage.objects", "delete from storage.buckets"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="Direct deletion"):
                    connection.execute(statement)
        removed = call(platform, "remove", name, user=user.login, paths=[path])
    assert [row["name"] for row in removed["data"]] == [path]


def test_the_tables_of_storage_have_the_columns_of_hosted(platform: Project) -> None:
    wanted = {
        "buckets": {"type", "avif_autodetection", "versioning_status", "owner_id"},
        "objects": {"archived_at", "is_delete_marker", "is_versioned", "user_metadata"},
    }
    with database(platform) as connection:
        for table, columns in wanted.items():
            rows = connection.execute(
                "select column_name from information_schema.columns"
                " where table_schema = 'storage' and table_name = %s",
                [table],
            ).fetchall()
            assert columns <= {row[0] for row in rows}


WATCHED = """
create table public.uploads (
    step bigint generated always as identity, operation text, db_role text, uid uuid,
    owner_id text, size text, task text
);
grant insert on public.uploads to authenticated, service_role;
create function public.watch_objects() returns trigger language plpgsql as $$
declare
    v_row storage.objects := coalesce(new, old);
begin
    insert into public.uploads (operation, db_role, uid, owner_id, size, task) values (
        tg_op, current_user, auth.uid(), v_row.owner_id, v_row.metadata ->> 'size',
        storage.operation()
    );
    raise log 'objects % as % for %', tg_op, current_user, auth.uid();
    perform setval('public.fired', nextval('public.fired'));
    return null;
end $$;
create sequence public.fired;
grant all on sequence public.fired to authenticated, service_role;
grant execute on function public.watch_objects() to authenticated, service_role;
create trigger watch_objects after insert or update or delete on storage.objects
for each row execute function public.watch_objects();
"""
UNWATCH = """
drop trigger watch_objects on storage.objects;
drop function public.watch_objects();
drop table public.uploads;
drop sequence public.fired;
"""


def test_a_trigger_on_files_fires_twice_and_the_second_time_without_a_user(
    platform: Project,
) -> None:
    user = sign_up(platform)
    path = f"{user.id}/a"
    with bucket(platform, *ALL) as name, objects(platform, WATCHED, UNWATCH) as connection:
        put = call(platform, "upload", name, user=user.login, path=path, content="12345")
        kept = connection.execute(
            "select operation, db_role, uid, owner_id, size, task from public.uploads"
        ).fetchall()
        fired = connection.execute("select last_value from public.fired").fetchone()
        call(platform, "remove", name, user=user.login, paths=[path])
        deleted = connection.execute(
            "select db_role, uid::text, task from public.uploads where operation = 'DELETE'"
        ).fetchall()
    assert put["error"] is None
    # a sequence is not rolled back: the first firing, as the user, leaves nothing but this
    assert fired == (2,)
    task = "storage.object.upload"
    assert kept == [("INSERT", "service_role", None, user.id, "5", task)]
    assert deleted == [("authenticated", user.id, "storage.object.delete_many")]


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_a_trigger_that_fails_stops_the_upload_and_keeps_no_bytes(
    platform: Project, role: str
) -> None:
    user = sign_up(platform)
    path = f"{user.id}/a"
    create = f"""
    create function public.refuse_object() returns trigger language plpgsql as $$
    begin
        if current_user = '{role}' then raise exception 'no'; end if;
        return null;
    end $$;
    grant execute on function public.refuse_object() to authenticated, service_role;
    create trigger refuse_object after insert on storage.objects
    for each row execute function public.refuse_object();
    """
    drop = "drop trigger refuse_object on storage.objects; drop function public.refuse_object()"
    with bucket(platform, *ALL) as name:
        with objects(platform, create, drop), browser(platform, token=user.token) as http:
            refused = http.post(f"/storage/v1/object/{name}/{path}", content=b"1")
        gone = call(platform, "info", name, user=user.login, path=path)
        later = call(platform, "upload", name, user=user.login, path=path, content="2")
    assert refused.status_code == 500
    assert refused.json()["message"] == "database error, code: P0001"
    assert gone["exists"] is False
    assert later["error"] is None


def test_a_policy_may_ask_for_the_operation(platform: Project) -> None:
    user = sign_up(platform)
    paths = [f"{user.id}/a"]
    with bucket(platform, "insert") as name:
        create = f"""
        create policy only_listing on storage.objects for select to authenticated
        using (bucket_id = '{name}' and storage.allow_only_operation('object.list'))
        """
        with objects(platform, create, "drop policy only_listing on storage.objects"):
            put = call(platform, "upload", name, user=user.login, path=paths[0], content="1")
            listed = call(platform, "list", name, user=user.login, folder=user.id)
            loaded = call(platform, "download", name, user=user.login, path=paths[0])
    assert put["error"] is None
    assert [entry["name"] for entry in listed["data"]] == ["a"]
    assert loaded["error"] is not None
