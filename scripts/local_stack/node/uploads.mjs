import { randomUUID } from 'node:crypto';
import { storageErrors } from './errors.mjs';
import { uploadedFile } from './multipart.mjs';
import { SERVICE, findObject, insertObject, upsertObject } from './storage_database.mjs';

const VALID_KEY = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$/;

/** As long as a name of S3's may be; more does not fit into the index either. */
const MAX_KEY = 1024;

/** Refuses names that S3 would not keep, and those that try to climb. */
export function checkKey(name) {
  const isText = typeof name === 'string' && name.length <= MAX_KEY && VALID_KEY.test(name);
  if (!isText || name.startsWith('/') || name.split('/').includes('..')) {
    throw storageErrors.invalidKey(String(name ?? '').slice(0, MAX_KEY));
  }
}

function checkMimeType(mimetype, allowed) {
  if (!allowed?.length) return;
  const [type, subtype, ...more] = mimetype.split('/');
  const matches = allowed.some((pattern) => {
    const [allowedType, allowedSubtype] = pattern.split('/');
    return allowedType === type && (allowedSubtype === '*' || allowedSubtype === subtype);
  });
  if (!subtype || more.length > 0 || !matches) throw storageErrors.invalidMimeType(mimetype);
}

/** Puts files in: asks as the user, writes the bytes, then stores the row as the service. */
export class Uploads {
  constructor(database, files, config) {
    Object.assign(this, { database, files, config });
  }

  /** Throws when the holder of the claims may not put an object there. */
  async check(claims, operation, object, upsert) {
    const work = upsert ? upsertObject : insertObject;
    await this.database.probe(claims, operation, (tx) => work(tx, { ...object, version: '1' }));
  }

  /**
   * Stores the file of a request.
   *
   * @param {Request} request
   * @param {{ claims: object, operation: string, bucket: string, name: string, owner?: string,
   *   upsert: boolean }} target
   */
  async store(request, { claims, operation, bucket, name, owner, upsert }) {
    checkKey(name);
    const settings = await this.database.bucket(bucket);
    if (!settings) throw storageErrors.noSuchBucket();
    const limit = Math.min(settings.file_size_limit ?? Infinity, this.config.fileSizeLimit);
    const file = await uploadedFile(request);
    checkMimeType(file.mimetype, settings.allowed_mime_types);
    if (file.declaredSize > limit) throw storageErrors.tooLarge();
    const { mimetype, cacheControl, userMetadata, declaredSize } = file;
    const metadata = { mimetype, contentLength: declaredSize };
    const object = { bucket, name, owner, userMetadata, metadata };
    await this.check(claims, operation, object, upsert);
    const version = randomUUID();
    const written = await this.files.write(bucket, name, version, file.body, limit);
    const { size, eTag, lastModified } = written;
    return this.finish(operation, {
      ...object,
      version,
      userMetadata: userMetadata ?? {},
      metadata: {
        eTag,
        size,
        mimetype,
        cacheControl,
        lastModified,
        contentLength: size,
        httpStatusCode: 200,
      },
    });
  }

  /**
   * Stores the row of bytes already written. The service does it, not the user: triggers fire a
   * second time, with auth.uid() null and owner_id set. When that fails the bytes go away again.
   */
  async finish(operation, object) {
    const { bucket, name, version } = object;
    let previous;
    let row;
    try {
      row = await this.database.as(SERVICE, operation, async (tx) => {
        await tx`select pg_advisory_xact_lock(hashtextextended(${`${bucket}/${name}`}, 0))`;
        previous = await findObject(tx, bucket, name);
        return upsertObject(tx, object);
      });
    } catch (error) {
      await this.files.remove(bucket, name, version);
      throw error;
    }
    if (previous && previous.version !== version) {
      await this.files.remove(bucket, name, previous.version);
    }
    return row;
  }
}
