import { storageErrors } from './errors.mjs';
import { SERVICE } from './storage_database.mjs';

const VALID_NAME = /^[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}$/;
const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

const json = (row) => ({
  id: row.id,
  name: row.name,
  owner: row.owner ?? '',
  public: row.public,
  file_size_limit: row.file_size_limit,
  allowed_mime_types: row.allowed_mime_types,
  created_at: row.created_at,
  updated_at: row.updated_at,
  type: row.type,
});

/** Buckets, under the row level security of storage.buckets. */
export class Buckets {
  constructor(database, files, config) {
    Object.assign(this, { database, files, config });
  }

  /** A limit as a number of bytes, or as text such as `10MB`; undefined leaves it as it is. */
  #sizeLimit(value) {
    if (value === undefined || value === null) return value;
    const [, count, unit] = String(value).match(/^(\d+(?:\.\d+)?)\s*([KMG]?I?B)?$/i) ?? [];
    if (!count) {
      const hint = 'use 20GB / 20MB / 30KB / 3B';
      throw storageErrors.invalidRequest(`Invalid file size format, hint: ${hint}`);
    }
    const bytes = Math.floor(Number(count) * UNITS[(unit ?? 'B').toUpperCase()]);
    if (bytes > this.config.fileSizeLimit) throw storageErrors.tooLarge();
    return bytes;
  }

  async list(claims, operation) {
    const rows = await this.database.as(
      claims,
      operation,
      (tx) => tx`select * from storage.buckets order by name`,
    );
    return rows.map(json);
  }

  async get(claims, operation, id) {
    const [row] = await this.database.as(
      claims,
      operation,
      (tx) => tx`select * from storage.buckets where id = ${id}`,
    );
    if (!row) throw storageErrors.noSuchBucket();
    return json(row);
  }

  async create(claims, operation, body) {
    const { name } = body;
    if (!VALID_NAME.test(name ?? '') || name.trim() !== name) {
      throw storageErrors.invalidBucketName();
    }
    const row = {
      id: body.id || name,
      name,
      owner: claims.sub ?? null,
      owner_id: claims.sub ?? null,
      public: body.public ?? false,
      file_size_limit: this.#sizeLimit(body.file_size_limit) ?? null,
      allowed_mime_types: body.allowed_mime_types ?? null,
    };
    await this.database.as(claims, operation, (tx) => tx`insert into storage.buckets ${tx(row)}`);
    return { name };
  }

  async update(claims, operation, id, body) {
    const changes = {
      public: body.public,
      file_size_limit: this.#sizeLimit(body.file_size_limit),
      allowed_mime_types: body.allowed_mime_types,
    };
    for (const key of Object.keys(changes)) if (changes[key] === undefined) delete changes[key];
    if (Object.keys(changes).length === 0) {
      throw storageErrors.invalidRequest('No content provided');
    }
    const rows = await this.database.as(
      claims,
      operation,
      (tx) => tx`
        update storage.buckets set ${tx(changes)}, updated_at = now()
        where id = ${id} returning id`,
    );
    if (rows.length === 0) throw storageErrors.noSuchBucket();
    return { message: 'Successfully updated' };
  }

  async remove(claims, operation, id) {
    await this.database.as(SERVICE, operation, async (tx) => {
      const [bucket] = await tx`select id from storage.buckets where id = ${id} for update`;
      if (!bucket) throw storageErrors.noSuchBucket();
      const [object] = await tx`select 1 from storage.objects where bucket_id = ${id} limit 1`;
      if (object) throw storageErrors.bucketNotEmpty();
      await this.database.scope(tx, claims, operation);
      const { count } = await tx`delete from storage.buckets where id = ${id}`;
      if (count === 0) throw storageErrors.noSuchBucket();
    });
    return { message: 'Successfully deleted' };
  }

  /** Empties a bucket at once, where hosted does it in the background. */
  async empty(claims, operation, id) {
    await this.get(claims, operation, id);
    const rows = await this.database.as(
      SERVICE,
      operation,
      (tx) => tx`delete from storage.objects where bucket_id = ${id} returning name, version`,
    );
    for (const row of rows) await this.files.remove(id, row.name, row.version);
    return { message: 'Empty bucket has been queued. Completion may take up to an hour.' };
  }
}
