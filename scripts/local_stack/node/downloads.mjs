import { storageErrors } from './errors.mjs';
import { parseRange } from './file_adapter.mjs';
import { SERVICE, findObject } from './storage_database.mjs';

function disposition(download) {
  if (download === null) return {};
  if (download === '') return { 'content-disposition': 'attachment;' };
  const name = encodeURIComponent(download);
  return { 'content-disposition': `attachment; filename=${name}; filename*=UTF-8''${name}` };
}

function fileHeaders(row, more) {
  const { mimetype, cacheControl, eTag, lastModified } = row.metadata ?? {};
  // Markup is never served as a page: it would run in the origin of the API.
  const type = mimetype?.includes('text/html') ? 'text/plain' : mimetype;
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': type ?? 'application/octet-stream',
    'x-robots-tag': 'none',
    ...more,
  };
  if (eTag) headers.etag = eTag;
  if (lastModified) headers['last-modified'] = new Date(lastModified).toUTCString();
  if (cacheControl && !headers.expires) headers['cache-control'] = cacheControl;
  return headers;
}

const info = (row) => ({
  id: row.id,
  name: row.name,
  version: row.version,
  bucket_id: row.bucket_id,
  size: row.metadata?.size ?? null,
  content_type: row.metadata?.mimetype ?? null,
  cache_control: row.metadata?.cacheControl ?? null,
  etag: row.metadata?.eTag ?? null,
  metadata: row.user_metadata,
  last_modified: row.updated_at,
  created_at: row.created_at,
});

/** Gives files and what is known about them. */
export class Downloads {
  constructor(database, files) {
    Object.assign(this, { database, files });
  }

  /**
   * The row of an object that the caller may see. In a public bucket everybody may; else its RLS
   * decides, and "not there" and "not yours" are the same answer.
   */
  async visible(claims, operation, bucket, name) {
    const settings = await this.database.bucket(bucket);
    if (!settings || (!claims && !settings.public)) throw storageErrors.noSuchBucket();
    return this.find(settings.public ? SERVICE : claims, operation, bucket, name);
  }

  /** The row of an object in a public bucket. */
  async inPublicBucket(operation, bucket, name) {
    const settings = await this.database.bucket(bucket);
    if (!settings?.public) throw storageErrors.noSuchBucket();
    return this.find(SERVICE, operation, bucket, name);
  }

  /** The row of an object as the holder of the claims sees it. */
  async find(claims, operation, bucket, name) {
    const row = await this.database.as(claims, operation, (tx) => findObject(tx, bucket, name));
    if (!row) throw storageErrors.noSuchKey();
    return row;
  }

  /** @param {Request} request @param {URL} url @param row @param {object} [more] headers */
  async send(request, url, row, more = {}) {
    const size = await this.files.size(row.bucket_id, row.name, row.version);
    if (size === null) throw storageErrors.noSuchKey();
    const headers = fileHeaders(row, { ...disposition(url.searchParams.get('download')), ...more });
    if (headers.etag && request.headers.get('if-none-match') === headers.etag) {
      return new Response(null, { status: 304, headers });
    }
    const wanted = request.method === 'HEAD' ? null : request.headers.get('range');
    const range = wanted ? parseRange(wanted, size) : undefined;
    headers['content-length'] = String(range ? range.end - range.start + 1 : size);
    if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`;
    const body =
      request.method === 'HEAD'
        ? null
        : this.files.read(row.bucket_id, row.name, row.version, range);
    return new Response(body, { status: range ? 206 : 200, headers });
  }

  /** What is known about an object, as JSON. */
  describe(row) {
    return Response.json(info(row));
  }
}
