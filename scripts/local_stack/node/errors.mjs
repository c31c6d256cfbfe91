/** An answer of Auth that is not a success, before it is put into the form a client asked for. */
export class AuthError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{ weakPassword?: object, cause?: Error }} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.weakPassword = more.weakPassword;
  }
}

/** A statement failed inside Auth; the database's own error is kept as the cause. */
export const databaseFailure = (message, cause) =>
  cause instanceof AuthError ? cause : new AuthError(500, 'unexpected_failure', message, { cause });

const API_VERSION = '2024-01-01';
const PUBLIC_SQLSTATES = ['P0001', '23000', '23001', '23502', '23503', '23505', '23514', '23P01'];

/** HTTP status of an SQLSTATE that Auth shows to the outside; 0 for those it hides. */
function publicStatus(sqlstate) {
  if (PUBLIC_SQLSTATES.includes(sqlstate)) return 500;
  return /^PT\d{3}$/.test(sqlstate ?? '') ? Number(sqlstate.slice(2)) : 0;
}

/**
 * Auth speaks two dialects. Clients that send `X-Supabase-Api-Version: 2024-01-01` (supabase-js and
 * supabase-py do) get `{code, message}` and never see the database's error. Without that header the
 * older form is used, and a raised exception surfaces with its SQLSTATE, PT4xx as its HTTP status.
 *
 * @param {AuthError} error
 * @param {Headers} requestHeaders
 */
export function renderAuthError(error, requestHeaders) {
  const weak = error.weakPassword ? { weak_password: error.weakPassword } : {};
  if ((requestHeaders.get('x-supabase-api-version') ?? '') >= API_VERSION) {
    const headers = { 'x-supabase-api-version': API_VERSION, 'x-sb-error-code': error.code };
    const body = { code: error.code, message: error.message, ...weak };
    return Response.json(body, { status: error.status, headers });
  }
  const pg = error.cause;
  const status = publicStatus(pg?.code);
  if (status) {
    const { code, message, hint, detail } = pg;
    return Response.json({ code, message, hint, detail }, { status });
  }
  const body = { code: error.status, error_code: error.code, msg: error.message, ...weak };
  return Response.json(body, { status: error.status, headers: { 'x-sb-error-code': error.code } });
}

/** An answer of Storage that is not a success: HTTP 400 for most, the meaning is in the body. */
export class StorageError extends Error {
  /**
   * @param {number} statusCode
   * @param {string} code
   * @param {string} message
   * @param {{ error?: string, httpStatus?: number }} [more]
   */
  constructor(statusCode, code, message, more = {}) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
    this.error = more.error ?? code;
    this.httpStatus = more.httpStatus ?? (statusCode === 500 ? 500 : 400);
  }

  /** The error as the HTTP answer that storage clients expect. */
  toResponse() {
    const { statusCode, code, error, message } = this;
    const body = { statusCode: String(statusCode), code, error, message };
    return Response.json(body, { status: this.httpStatus });
  }
}

const duplicate = () =>
  new StorageError(409, 'ResourceAlreadyExists', 'The resource already exists', {
    error: 'Duplicate',
  });

/** The errors of Storage that this stack can meet, under the names of hosted's. */
export const storageErrors = {
  accessDenied: (message) =>
    new StorageError(403, 'AccessDenied', message, { error: 'Unauthorized' }),
  bucketNotEmpty: () =>
    new StorageError(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty'),
  noSuchBucket: () =>
    new StorageError(404, 'NoSuchBucket', 'Bucket not found', { error: 'Bucket not found' }),
  noSuchKey: () => new StorageError(404, 'NoSuchKey', 'Object not found', { error: 'not_found' }),
  invalidKey: (key) => new StorageError(400, 'InvalidKey', `Invalid key: ${key}`),
  invalidBucketName: () =>
    new StorageError(400, 'InvalidBucketName', 'Bucket name invalid', { error: 'Invalid Input' }),
  invalidRequest: (message) => new StorageError(400, 'InvalidRequest', message),
  invalidJwt: (message) => new StorageError(400, 'InvalidJWT', message),
  invalidSignature: (message) => new StorageError(400, 'InvalidSignature', message),
  invalidMimeType: (type) =>
    new StorageError(415, 'InvalidMimeType', `mime type ${type} is not supported`, {
      error: 'invalid_mime_type',
    }),
  tooLarge: () =>
    new StorageError(413, 'EntityTooLarge', 'The object exceeded the maximum allowed size', {
      error: 'Payload too large',
    }),
  invalidRange: () =>
    new StorageError(416, 'InvalidRange', 'invalid range provided', {
      error: 'invalid_range',
      httpStatus: 416,
    }),
  noRoute: (method, path) =>
    new StorageError(404, 'NotFound', `Route ${method}:${path} not found`, {
      error: 'Not Found',
      httpStatus: 404,
    }),
};

/**
 * What Storage answers to a failed statement. A trigger that raises is a 500 with nothing but the
 * SQLSTATE, as on hosted.
 */
export function fromDatabaseError(error) {
  if (error instanceof StorageError || typeof error?.code !== 'string') return error;
  switch (error.code) {
    case '42501':
      return storageErrors.accessDenied(
        error.message.includes('row-level security')
          ? 'new row violates row-level security policy'
          : error.message,
      );
    case '23505':
      return duplicate();
    case '23503':
      return error.detail?.includes('is still referenced')
        ? new StorageError(
            409,
            'ResourceReferenced',
            'The resource could not be updated or removed due to a foreign key constraint',
          )
        : new StorageError(404, 'InvalidRequest', 'The related resource does not exist');
    case '57014':
      return new StorageError(544, 'DatabaseTimeout', 'The connection to the database timed out', {
        httpStatus: 544,
      });
    case '22023':
      // The role of a token that is none.
      return storageErrors.accessDenied(error.message);
    case '22021':
    case '22P02':
    case '22P05':
      return new StorageError(400, 'InvalidParameter', error.message);
    default:
      return /^[0-9A-Z]{5}$/.test(error.code)
        ? new StorageError(500, 'DatabaseError', `database error, code: ${error.code}`)
        : error;
  }
}
