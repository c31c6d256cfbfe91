-- Purpose: recognize an address or a code again without keeping it.
-- Touches: rows of vault.secrets, functions private.keyed_hash, private.normal_address.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; delete the secret: after that nobody is recognized any more.

-- The key lives in Vault, which encrypts it with a key outside the database: a stolen dump alone
-- cannot be searched for known addresses.
do $$
begin
    if not exists (select from vault.secrets as s where s.name = 'thumbsmith_hash_key') then
        perform vault.create_secret(
            encode(extensions.gen_random_bytes(32), 'hex'),
            'thumbsmith_hash_key',
            'Key of private.keyed_hash(). Keep it: with another key nobody is recognized.'
        );
    end if;
end;
$$;

create function private.keyed_hash(content text)
returns bytea
language sql
stable
set search_path = ''
as $$
    select extensions.hmac(keyed_hash.content, s.decrypted_secret, 'sha256')
    from vault.decrypted_secrets as s
    where s.name = 'thumbsmith_hash_key';
$$;

comment on function private.keyed_hash(text) is
'HMAC-SHA256 of a text with the key thumbsmith_hash_key of Vault; null without that key.';

create function private.normal_address(address text)
returns text
language sql
immutable
set search_path = ''
as $$
    -- A dot rarely tells two people apart, and the worst that a clash costs is a gift: so dots go
    -- at every provider, not only where they are known to mean nothing.
    select case
        when a.address like '%@%' then
            replace(split_part(substring(a.address from '^(.*)@'), '+', 1), '.', '')
            || '@' || regexp_replace(
                substring(a.address from '@([^@]*)$'), '^googlemail\.com$', 'gmail.com'
            )
        else a.address
    end
    from (select lower(btrim(normal_address.address)) as address) as a;
$$;

comment on function private.normal_address(text) is
'One spelling of an e-mail address: lower case, without the dots and the +tag of its first part. A
phone number stays as it is.';
