import { storageErrors } from './errors.mjs';
import { userMetadataHeader } from './multipart.mjs';
import { checkKey } from './uploads.mjs';

const UPLOAD_SECONDS = 7200;
const NOT_VISIBLE = 'Either the object does not exist or you do not have access to it';

/** Addresses that stand for a permission: whoever holds one may read, or write, one object. */
export class Signing {
  constructor(database, tokens, uploads, downloads) {
    Object.assign(this, { database, tokens, uploads, downloads });
  }

  async #downloadUrl(bucket, name, expiresIn) {
    const url = `${bucket}/${name}`;
    const token = await this.tokens.signUrl({ url, scope: 'download' }, expiresIn);
    return `/object/sign/${url.split('/').map(encodeURIComponent).join('/')}?token=${token}`;
  }

  /** One address, relative to the root of Storage, as the clients expect it. */
  async one(claims, operation, bucket, name, body) {
    const expiresIn = this.#expiry(body);
    await this.downloads.find(claims, operation, bucket, name);
    return { signedURL: await this.#downloadUrl(bucket, name, expiresIn) };
  }

  /** Many addresses at once; a file the caller cannot see has an error in its place. */
  async many(claims, operation, bucket, { paths, ...body }) {
    const expiresIn = this.#expiry(body);
    if (!Array.isArray(paths) || paths.length > 1000) {
      throw storageErrors.invalidRequest('body/paths must be an array of at most 1000 items');
    }
    const rows = await this.database.as(
      claims,
      operation,
      (tx) => tx`
        select name from storage.objects where bucket_id = ${bucket} and name = any(${paths})`,
    );
    const visible = new Set(rows.map(({ name }) => name));
    return Promise.all(
      paths.map(async (path) =>
        visible.has(path)
          ? { error: null, path, signedURL: await this.#downloadUrl(bucket, path, expiresIn) }
          : { error: NOT_VISIBLE, path, signedURL: null },
      ),
    );
  }

  /** An address to upload to, for somebody who may upload there now. */
  async upload(claims, operation, bucket, name, headers) {
    checkKey(name);
    const upsert = headers.get('x-upsert') === 'true';
    const owner = claims.sub;
    const object = { bucket, name, owner, userMetadata: userMetadataHeader(headers) };
    await this.uploads.check(claims, operation, object, upsert);
    const url = `${bucket}/${name}`;
    const permission = { owner, url, upsert, scope: 'upload' };
    const token = await this.tokens.signUrl(permission, UPLOAD_SECONDS);
    const address = url.split('/').map(encodeURIComponent).join('/');
    return { url: `/object/upload/sign/${address}?token=${token}`, token };
  }

  /** The permission that a token gives for exactly this object; throws for any other. */
  async verify(token, bucket, name, scope) {
    let claims;
    try {
      claims = await this.tokens.verifyUrl(token ?? '');
    } catch (error) {
      throw storageErrors.invalidJwt(error.message);
    }
    if (claims.scope !== scope) {
      throw storageErrors.invalidSignature(`Token is not scoped for ${scope}`);
    }
    if (claims.url !== `${bucket}/${name}`) {
      throw storageErrors.invalidSignature('Invalid signature');
    }
    return claims;
  }

  // A number in a string is taken too, as hosted does: supabase-py sends one.
  #expiry({ expiresIn }) {
    const seconds = Number(expiresIn);
    if (!Number.isInteger(seconds) || seconds < 1) {
      throw storageErrors.invalidRequest('body/expiresIn must be >= 1');
    }
    return seconds;
  }
}
