import { storageErrors } from './errors.mjs';

const DEFAULT_TYPE = 'application/octet-stream';

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The user's own metadata travels as base64 in a header when the body is the file itself. */
export const userMetadataHeader = (headers) => {
  const text = headers.get('x-metadata');
  return text ? parseJson(Buffer.from(text, 'base64').toString('utf8')) : undefined;
};

/** A form: the file is its only part with a file name, the clients call it `` or `file`. */
async function fromForm(request) {
  let form;
  try {
    form = await request.formData();
  } catch {
    throw storageErrors.invalidRequest('No content provided');
  }
  const file = [...form.values()].find((value) => typeof value !== 'string');
  if (!file) throw storageErrors.invalidRequest('No content provided');
  const maxAge = form.get('cacheControl');
  const metadata = form.get('metadata') ?? form.get('userMetadata');
  return {
    body: file.stream(),
    declaredSize: file.size,
    mimetype: form.get('contentType') || file.type || DEFAULT_TYPE,
    cacheControl: maxAge ? `max-age=${maxAge}` : 'no-cache',
    userMetadata: typeof metadata === 'string' ? parseJson(metadata) : undefined,
  };
}

/**
 * The uploaded file of a request, whether it is a form or the body itself.
 *
 * @param {Request} request
 */
export async function uploadedFile(request) {
  const type = request.headers.get('content-type') ?? '';
  if (type.startsWith('multipart/form-data')) return fromForm(request);
  const length = request.headers.get('content-length');
  return {
    body: request.body ?? new Blob([]).stream(),
    declaredSize: length === null ? undefined : Number(length),
    mimetype: type || DEFAULT_TYPE,
    cacheControl: request.headers.get('cache-control') ?? 'no-cache',
    userMetadata: userMetadataHeader(request.headers),
  };
}
