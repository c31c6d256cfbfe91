import { fromDatabaseError } from './errors.mjs';

/** Ends a transaction that was only a question. */
class RolledBack extends Error {}

/** Who the service itself is: row level security does not bind it, and auth.uid() is null. */
export const SERVICE = { role: 'service_role' };

/**
 * Storage's statements, each under the role and claims of somebody, as hosted runs them.
 */
export class StorageDatabase {
  /** @param sql pool of supabase_storage_admin, which may take on every API role */
  constructor(sql) {
    this.sql = sql;
  }

  /** Makes the rest of a transaction run as the holder of these claims. */
  async scope(tx, claims, operation) {
    const [role, sub] = [claims.role, claims.sub].map((one) => (typeof one === 'string' ? one : ''));
    await tx`
      select
        set_config('role', ${role || 'anon'}, true),
        set_config('request.jwt.claim.role', ${role || 'anon'}, true),
        set_config('request.jwt.claim.sub', ${sub}, true),
        set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
        set_config('storage.operation', ${operation}, true),
        set_config('storage.allow_delete_query', 'true', true)`;
  }

  /** Runs work in one transaction as the holder of the claims. */
  async as(claims, operation, work) {
    try {
      return await this.sql.begin(async (tx) => {
        await this.scope(tx, claims, operation);
        return work(tx);
      });
    } catch (error) {
      throw fromDatabaseError(error);
    }
  }

  /** Asks whether the holder of the claims might do something, and takes it back. */
  async probe(claims, operation, work) {
    try {
      await this.as(claims, operation, async (tx) => {
        await work(tx);
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
  }

  /** One bucket, seen by the service; null when there is none. */
  async bucket(id) {
    const work = (tx) => tx`select * from storage.buckets where id = ${id}`;
    const [row] = await this.as(SERVICE, '', work);
    return row ?? null;
  }
}

const isUuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text ?? '');

/** Column values of an object; `owner` is the deprecated uuid twin of `owner_id`. */
const values = (tx, object) => ({
  bucket_id: object.bucket,
  name: object.name,
  owner: isUuid(object.owner) ? object.owner : null,
  owner_id: object.owner ?? null,
  version: object.version,
  metadata: object.metadata ? tx.json(object.metadata) : null,
  user_metadata: object.userMetadata ? tx.json(object.userMetadata) : null,
});

/** Plain INSERT, without RETURNING: RLS asks for an INSERT policy only. */
export const insertObject = (tx, object) =>
  tx`insert into storage.objects ${tx(values(tx, object))}`;

/**
 * INSERT … ON CONFLICT: RLS asks for INSERT, SELECT and UPDATE policies. What is replaced without
 * an owner, such as by a secret key, keeps the owner it had.
 */
export async function upsertObject(tx, object) {
  const [row] = await tx`
    insert into storage.objects ${tx(values(tx, object))}
    on conflict (name, bucket_id) do update set
      metadata = excluded.metadata, user_metadata = excluded.user_metadata,
      version = excluded.version, owner = coalesce(excluded.owner, objects.owner),
      owner_id = coalesce(excluded.owner_id, objects.owner_id)
    returning *`;
  return row;
}

/** The row of an object as the current role sees it; null when it sees none. */
export async function findObject(tx, bucket, name) {
  const [row] = await tx`
    select * from storage.objects where bucket_id = ${bucket} and name = ${name}`;
  return row ?? null;
}
