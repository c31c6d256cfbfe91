import { storageErrors } from './errors.mjs';

const isText = (value) => typeof value === 'string';

/** What a field may be: a check, and how the answer calls it. */
const KINDS = {
  text: [isText, 'a string'],
  texts: [(value) => Array.isArray(value) && value.every(isText), 'an array of strings'],
  number: [(value) => Number.isInteger(value) && value >= 0, 'an integer >= 0'],
  truth: [(value) => typeof value === 'boolean', 'a boolean'],
};
const { text, texts, number, truth } = KINDS;
const SORT = { 'sortBy.column': text, 'sortBy.order': text };
const TRANSFER = { bucketId: text, sourceKey: text, destinationKey: text, destinationBucket: text };

/** The fields of each body, and those that have to be there. */
const BODIES = {
  createBucket: [{ id: text, name: text, public: truth, allowed_mime_types: texts }, ['name']],
  updateBucket: [{ public: truth, allowed_mime_types: texts }, []],
  list: [{ prefix: text, search: text, limit: number, offset: number, ...SORT }, []],
  listV2: [{ prefix: text, cursor: text, limit: number, ...SORT }, []],
  move: [TRANSFER, ['bucketId', 'sourceKey', 'destinationKey']],
  copy: [TRANSFER, ['bucketId', 'sourceKey', 'destinationKey']],
  sign: [{}, []],
  signMany: [{ paths: texts }, ['paths']],
  removeMany: [{ prefixes: texts }, ['prefixes']],
};

/** Whether this handler reads a JSON body; uploads are streams. */
export const hasBody = (handler) => handler in BODIES;

/**
 * The JSON body of a request, of the shape its handler wants: the same is refused as on hosted.
 *
 * @param {Request} request
 * @param {string} handler
 */
export async function readBody(request, handler) {
  const body = await parsed(request);
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw storageErrors.invalidRequest('body must be an object');
  }
  const [fields, required] = BODIES[handler];
  for (const [path, [isRight, kind]] of Object.entries(fields)) {
    const value = path.split('.').reduce((inner, name) => inner?.[name], body) ?? undefined;
    if (value === undefined && !required.includes(path)) continue;
    if (!isRight(value)) {
      throw storageErrors.invalidRequest(`body/${path.replace('.', '/')} must be ${kind}`);
    }
  }
  return body;
}

async function parsed(request) {
  try {
    return JSON.parse((await request.text()) || '{}');
  } catch {
    throw storageErrors.invalidRequest('Body is not valid JSON');
  }
}
