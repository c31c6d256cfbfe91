import { hasBody, readBody } from './bodies.mjs';
import { Buckets } from './buckets.mjs';
import { Downloads } from './downloads.mjs';
import { StorageError, storageErrors } from './errors.mjs';
import { FileAdapter } from './file_adapter.mjs';
import { listFolder, listPage } from './listing.mjs';
import { Objects } from './objects.mjs';
import { Signing } from './signing.mjs';
import { StorageDatabase, SERVICE } from './storage_database.mjs';
import { bearerOf } from './tokens.mjs';
import { Uploads } from './uploads.mjs';

const BASE = '/storage/v1';
const INFO_OPERATION = 'object.get_authenticated_info';

/**
 * The routes in the order in which they are tried: method, pattern, operation (what
 * storage.operation() says in a policy), handler. `open` routes do without a valid token.
 */
const ROUTES = [
  ['POST', 'bucket', 'storage.bucket.create', 'createBucket'],
  ['GET', 'bucket', 'storage.bucket.list', 'listBuckets'],
  ['POST', 'bucket/:bucket/empty', 'storage.bucket.empty', 'emptyBucket'],
  ['GET', 'bucket/:bucket', 'storage.bucket.get', 'getBucket'],
  ['PUT', 'bucket/:bucket', 'storage.bucket.update', 'updateBucket'],
  ['DELETE', 'bucket/:bucket', 'storage.bucket.delete', 'deleteBucket'],
  ['POST', 'object/list/:bucket', 'storage.object.list', 'list'],
  ['POST', 'object/list-v2/:bucket', 'storage.object.list_v2', 'listV2'],
  ['POST', 'object/move', 'storage.object.move', 'move'],
  ['POST', 'object/copy', 'storage.object.copy', 'copy'],
  ['POST', 'object/upload/sign/:bucket/*', 'storage.object.sign_upload_url', 'signUpload'],
  ['PUT', 'object/upload/sign/:bucket/*', 'storage.object.upload_signed', 'uploadSigned', 'open'],
  ['POST', 'object/sign/:bucket/*', 'storage.object.sign', 'sign'],
  ['POST', 'object/sign/:bucket', 'storage.object.sign_many', 'signMany'],
  ['GET HEAD', 'object/sign/:bucket/*', 'storage.object.get_signed', 'getSigned', 'open'],
  ['GET HEAD', 'object/public/:bucket/*', 'storage.object.get_public', 'getPublic', 'open'],
  ['GET HEAD', 'object/info/public/:bucket/*', 'storage.object.info_public', 'infoPublic', 'open'],
  ['GET HEAD', 'object/info/authenticated/:bucket/*', INFO_OPERATION, 'info', 'open'],
  ['GET HEAD', 'object/info/:bucket/*', INFO_OPERATION, 'info', 'open'],
  ['GET', 'object/authenticated/:bucket/*', 'storage.object.get_authenticated', 'get', 'open'],
  ['HEAD', 'object/authenticated/:bucket/*', 'object.head_authenticated_info', 'get', 'open'],
  ['DELETE', 'object/:bucket', 'storage.object.delete_many', 'removeMany'],
  ['POST', 'object/:bucket/*', 'storage.object.upload', 'upload'],
  ['PUT', 'object/:bucket/*', 'storage.object.upload_update', 'update'],
  ['GET', 'object/:bucket/*', 'storage.object.get_authenticated', 'get', 'open'],
  ['HEAD', 'object/:bucket/*', 'object.head_authenticated_info', 'get', 'open'],
  ['DELETE', 'object/:bucket/*', 'storage.object.delete', 'removeOne'],
].map(([methods, pattern, operation, handler, open]) => ({
  methods: methods.split(' '),
  path: new RegExp(`^/${pattern.replace(':bucket', '([^/]+)').replace('*', '(.+)')}$`),
  operation,
  handler,
  open: open === 'open',
}));

/**
 * Storage on the tables of storage.* under the caller's row level security, with the statements,
 * operations, answers and errors of hosted's.
 */
export class Storage {
  constructor(connection, config, tokens) {
    this.tokens = tokens;
    this.database = new StorageDatabase(connection.driver);
    this.files = new FileAdapter(config.storageDir);
    this.buckets = new Buckets(this.database, this.files, config);
    this.uploads = new Uploads(this.database, this.files, config);
    this.downloads = new Downloads(this.database, this.files);
    this.objects = new Objects(this.database, this.files, this.uploads, this.downloads);
    this.signing = new Signing(this.database, tokens, this.uploads, this.downloads);
  }

  /** @param {Request} request @param {URL} url */
  async handle(request, url) {
    try {
      const path = url.pathname.slice(BASE.length);
      const route = ROUTES.find(
        (one) => one.methods.includes(request.method) && one.path.test(path),
      );
      if (!route) throw storageErrors.noRoute(request.method, path);
      const [, bucket = '', name = ''] = path.match(route.path);
      const call = {
        request,
        url,
        operation: route.operation,
        bucket: decoded(bucket),
        name: decoded(name),
        claims: await this.#claims(request, route.open),
        body: hasBody(route.handler) ? await readBody(request, route.handler) : undefined,
      };
      const answer = await this[route.handler](call);
      return answer instanceof Response ? answer : Response.json(answer);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return error.toResponse();
    }
  }

  /** Claims of the caller; null where an open route is called without a valid token. */
  async #claims(request, open) {
    const token = bearerOf(request.headers);
    try {
      return await this.tokens.verify(token);
    } catch (error) {
      if (open) return null;
      if (!token) {
        throw storageErrors.invalidRequest("headers must have required property 'authorization'");
      }
      throw storageErrors.accessDenied(error.message);
    }
  }

  createBucket = ({ claims, operation, body }) => this.buckets.create(claims, operation, body);
  listBuckets = ({ claims, operation }) => this.buckets.list(claims, operation);
  getBucket = ({ claims, operation, bucket }) => this.buckets.get(claims, operation, bucket);
  updateBucket = ({ claims, operation, bucket, body }) =>
    this.buckets.update(claims, operation, bucket, body);
  deleteBucket = ({ claims, operation, bucket }) => this.buckets.remove(claims, operation, bucket);
  emptyBucket = ({ claims, operation, bucket }) => this.buckets.empty(claims, operation, bucket);

  list = ({ claims, operation, bucket, body }) =>
    this.database.as(claims, operation, (tx) => listFolder(tx, bucket, body));
  listV2 = ({ claims, operation, bucket, body }) =>
    this.database.as(claims, operation, (tx) => listPage(tx, bucket, body));

  move = ({ claims, operation, body }) => this.objects.move(claims, operation, body);
  copy = ({ request, claims, operation, body }) =>
    this.objects.copy(claims, operation, body, request.headers.get('x-upsert') === 'true');
  removeMany = ({ claims, operation, bucket, body }) =>
    this.objects.removeMany(claims, operation, bucket, body);
  removeOne = ({ claims, operation, bucket, name }) =>
    this.objects.removeOne(claims, operation, bucket, name);

  upload = (call) => this.#upload(call, call.request.headers.get('x-upsert') === 'true');
  update = (call) => this.#upload(call, true);

  async #upload({ request, claims, operation, bucket, name }, upsert) {
    const target = { claims, operation, bucket, name, owner: claims.sub, upsert };
    const row = await this.uploads.store(request, target);
    return { Id: row.id, Key: `${bucket}/${name}` };
  }

  sign = ({ claims, operation, bucket, name, body }) =>
    this.signing.one(claims, operation, bucket, name, body);
  signMany = ({ claims, operation, bucket, body }) =>
    this.signing.many(claims, operation, bucket, body);
  signUpload = ({ request, claims, operation, bucket, name }) =>
    this.signing.upload(claims, operation, bucket, name, request.headers);

  async uploadSigned({ request, url, operation, bucket, name }) {
    const token = url.searchParams.get('token');
    const { owner, upsert } = await this.signing.verify(token, bucket, name, 'upload');
    await this.uploads.store(request, { claims: SERVICE, operation, bucket, name, owner, upsert });
    return { Key: `${bucket}/${name}` };
  }

  async getSigned({ request, url, operation, bucket, name }) {
    const token = url.searchParams.get('token');
    const { exp } = await this.signing.verify(token, bucket, name, 'download');
    const row = await this.downloads.find(SERVICE, operation, bucket, name);
    return this.downloads.send(request, url, row, { expires: new Date(exp * 1000).toUTCString() });
  }

  async getPublic({ request, url, operation, bucket, name }) {
    const row = await this.downloads.inPublicBucket(operation, bucket, name);
    return this.downloads.send(request, url, row);
  }

  async get({ request, url, claims, operation, bucket, name }) {
    const row = await this.downloads.visible(claims, operation, bucket, name);
    return this.downloads.send(request, url, row);
  }

  async info({ claims, operation, bucket, name }) {
    return this.downloads.describe(await this.downloads.visible(claims, operation, bucket, name));
  }

  async infoPublic({ operation, bucket, name }) {
    return this.downloads.describe(await this.downloads.inPublicBucket(operation, bucket, name));
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw storageErrors.invalidKey(text);
  }
}
