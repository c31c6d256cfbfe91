import { localPage } from './local_pages.mjs';
import { proxyToPostgrest } from './postgrest.mjs';

const EXPOSED_HEADERS = [
  'content-range',
  'content-length',
  'content-location',
  'content-profile',
  'etag',
  'link',
  'location',
  'preference-applied',
  'x-sb-error-code',
  'x-supabase-api-version',
  'x-total-count',
].join(', ');

/** Routes of Auth that a browser opens by itself, without any key. */
const OPEN_AUTH = /^\/auth\/v1\/(\.well-known\/|verify$|callback$|authorize$)/;

function preflight(request) {
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
    'access-control-max-age': '3600',
    vary: 'Access-Control-Request-Headers',
  };
  return new Response(null, { status: 204, headers });
}

/** One CORS policy for all services: whatever a service set itself is replaced. */
function withCors(response) {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) {
    if (name.startsWith('access-control-')) headers.delete(name);
  }
  headers.set('access-control-allow-origin', '*');
  headers.set('access-control-expose-headers', EXPOSED_HEADERS);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** The request as the service behind shall see it: with the token found, without the key. */
function readdressed(request, url, token) {
  const headers = new Headers(request.headers);
  headers.delete('apikey');
  headers.delete('authorization');
  if (token) headers.set('authorization', `Bearer ${token}`);
  const { method, body, signal } = request;
  return new Request(url, { method, headers, body, signal, duplex: 'half' });
}

/**
 * The one public address of the stack, as a fetch handler.
 *
 * @param {{ config: object, tokens: import('./tokens.mjs').Tokens,
 *   keys: import('./keys.mjs').ApiKeys, auth: object, storage: object, mailbox: object,
 *   isReady: () => Promise<boolean> }} parts
 */
export function createGateway({ config, tokens, keys, auth, storage, mailbox, isReady }) {
  const services = [
    {
      prefix: '/rest/v1',
      keyOptional: () => false,
      handle: (request, url, token) =>
        proxyToPostgrest(config.postgrestUrl, tokens, request, url, token),
    },
    {
      prefix: '/auth/v1',
      keyOptional: (url) => OPEN_AUTH.test(url.pathname),
      handle: (request, url) => auth.handle(request, url),
    },
    {
      // Storage decides by the token alone: signed and public files need no key.
      prefix: '/storage/v1',
      keyOptional: () => true,
      handle: (request, url) => storage.handle(request, url),
    },
  ];

  async function route(request) {
    const url = new URL(request.url);
    if (url.pathname === '/healthz') {
      const ready = await isReady();
      return Response.json({ ready }, { status: ready ? 200 : 503 });
    }
    if (url.pathname === '/mailbox') {
      const role = await keys.roleOf(request.headers.get('apikey') ?? '');
      return role === 'service_role' ? mailbox.handle(url) : new Response(null, { status: 401 });
    }
    const page = request.method === 'GET' ? localPage(url) : null;
    if (page) return page;
    const service = services.find(
      ({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`),
    );
    if (!service) return Response.json({ message: 'no Route matched' }, { status: 404 });
    const token = await keys.authorize(request, url, { keyOptional: service.keyOptional(url) });
    if (token instanceof Response) return token;
    // No service behind sees the key, so that none can repeat it.
    url.searchParams.delete('apikey');
    return service.handle(readdressed(request, url, token), url, token);
  }

  return async function handle(request) {
    if (request.method === 'OPTIONS') return preflight(request);
    try {
      return withCors(await route(request));
    } catch (error) {
      console.error(`${request.method} ${new URL(request.url).pathname}:`, error);
      return withCors(Response.json({ message: 'Internal server error' }, { status: 500 }));
    }
  };
}
