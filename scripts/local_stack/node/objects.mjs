import { randomUUID } from 'node:crypto';
import { storageErrors } from './errors.mjs';
import { SERVICE, findObject } from './storage_database.mjs';
import { checkKey } from './uploads.mjs';

const MAX_REMOVED = 1000;

/** Copying, moving and removing of objects. */
export class Objects {
  constructor(database, files, uploads, downloads) {
    Object.assign(this, { database, files, uploads, downloads });
  }

  /** Removes as the user, in one statement; what the user may not remove is not in the answer. */
  async removeMany(claims, operation, bucket, { prefixes }) {
    if (!Array.isArray(prefixes) || prefixes.length < 1 || prefixes.length > MAX_REMOVED) {
      throw storageErrors.invalidRequest(`body/prefixes must have 1 to ${MAX_REMOVED} items`);
    }
    const rows = await this.database.as(
      claims,
      operation,
      (tx) => tx`
        delete from storage.objects where bucket_id = ${bucket} and name = any(${prefixes})
        returning *`,
    );
    for (const row of rows) await this.files.remove(bucket, row.name, row.version);
    return rows;
  }

  /** Removes one object, and says so when that is refused. */
  async removeOne(claims, operation, bucket, name) {
    await this.downloads.find(SERVICE, operation, bucket, name);
    const [row] = await this.removeMany(claims, operation, bucket, { prefixes: [name] });
    if (!row) throw storageErrors.accessDenied('Access denied');
    return { message: 'Successfully deleted' };
  }

  async copy(claims, operation, body, upsert) {
    const { bucketId, sourceKey, destinationKey } = body;
    const bucket = body.destinationBucket || bucketId;
    checkKey(destinationKey);
    const source = await this.downloads.find(claims, operation, bucketId, sourceKey);
    const target = {
      bucket,
      name: destinationKey,
      owner: claims.sub,
      metadata: { ...source.metadata, ...(body.copyMetadata === false ? body.metadata : {}) },
      userMetadata: source.user_metadata ?? undefined,
    };
    await this.uploads.check(claims, operation, target, upsert);
    const version = randomUUID();
    const from = [bucketId, sourceKey, source.version];
    await this.files.copy(from, [bucket, destinationKey, version]);
    const metadata = { ...target.metadata, lastModified: new Date().toISOString() };
    const row = await this.uploads.finish(operation, { ...target, metadata, version });
    return { Id: row.id, Key: `${bucket}/${destinationKey}`, ...row };
  }

  async move(claims, operation, body) {
    const { bucketId, sourceKey, destinationKey } = body;
    const bucket = body.destinationBucket || bucketId;
    checkKey(destinationKey);
    const version = randomUUID();
    const update = (tx) => tx`
      update storage.objects
      set name = ${destinationKey}, bucket_id = ${bucket}, version = ${version},
        owner_id = coalesce(${claims.sub ?? null}, owner_id)
      where bucket_id = ${bucketId} and name = ${sourceKey}
      returning *`;
    await this.database.probe(claims, operation, async (tx) => {
      if (!(await findObject(tx, bucketId, sourceKey))) throw storageErrors.noSuchKey();
      if ((await update(tx)).length === 0) throw storageErrors.noSuchKey();
    });
    const source = await this.downloads.find(SERVICE, operation, bucketId, sourceKey);
    const from = [bucketId, sourceKey, source.version];
    const to = [bucket, destinationKey, version];
    await this.files.copy(from, to);
    try {
      await this.database.as(SERVICE, operation, update);
    } catch (error) {
      await this.files.remove(...to);
      throw error;
    }
    await this.files.remove(...from);
    return { message: 'Successfully moved', Id: source.id, Key: destinationKey };
  }
}
