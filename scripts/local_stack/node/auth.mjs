import { App } from '@supabase/lite';
import { Admin } from './admin.mjs';
import { AuthError, renderAuthError } from './errors.mjs';
import { Sessions } from './sessions.mjs';
import { Signup } from './signup.mjs';
import { bearerOf } from './tokens.mjs';
import { findUser, insertIdentity, oneTimeCode, validEmail } from './users.mjs';
import { redirectFor } from './redirects.mjs';

const BASE = '/auth/v1';

const FAILURE = 'Unexpected failure, please check server logs for more information';

/** What hosted says when a statement fails behind a route that lite serves. */
const FAILURES = {
  '/token': 'Database error granting user',
  '/user': 'Error updating user',
  '/verify': 'Database error updating user',
};

/** Routes that act for the user of the token. */
const FOR_USERS = ['/user', '/logout', '/reauthenticate'];

/** Configuration of the embedded lite: only its Auth, whose mails go to the mailbox. */
function createLite(connection, config, mailbox) {
  const app = new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: config.jwtSecret,
      jwt_expiry: config.jwtExpiry,
      enable_signup: true,
      enable_anonymous_sign_ins: config.anonymousSignIns,
      email: { enable_signup: true, enable_confirmations: config.emailConfirmations },
    },
    // The gateway enforces the keys; here the token alone decides.
    options: { server: { apiKeys: false, admin: false } },
  });
  app._mailer = mailbox;
  return app;
}

async function jsonBody(request) {
  const text = await request.text();
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `Could not parse request body as JSON: ${error.message}`;
    throw new AuthError(400, 'bad_json', message);
  }
}

/** How a token was earned, as its `amr` claim says it. */
function methodOf(url) {
  if (url.pathname.endsWith('/verify')) return 'otp';
  const grant = url.searchParams.get('grant_type');
  return { refresh_token: 'token_refresh', pkce: 'oauth' }[grant] ?? 'password';
}

/** Auth: lite does most of it; what lite lacks or does otherwise than hosted is done here. */
export class Auth {
  constructor(connection, config, tokens, mailbox) {
    this.sql = connection.driver;
    this.config = config;
    this.tokens = tokens;
    this.lite = createLite(connection, config, mailbox);
    this.sessions = new Sessions(this.sql, config, tokens);
    this.signup = new Signup(this.sql, config, this.sessions, mailbox);
    this.admin = new Admin(this.sql, tokens);
  }

  /** @param {Request} request @param {URL} url */
  async handle(request, url) {
    try {
      return await this.#route(request, url, url.pathname.slice(BASE.length));
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      return renderAuthError(error, request.headers);
    }
  }

  async #route(request, url, path) {
    if (path === '/.well-known/jwks.json') {
      const headers = { 'cache-control': 'public, max-age=600' };
      return Response.json(this.tokens.jwks, { headers });
    }
    if (request.method === 'GET' || request.method === 'HEAD') {
      if (path === '/verify') {
        const wanted = redirectFor(this.config, url.searchParams.get('redirect_to'));
        url.searchParams.set('redirect_to', wanted);
      }
      return path.startsWith('/admin/')
        ? this.admin.handle(request, url, bearerOf(request.headers), {})
        : this.#viaLite(request, url, path, undefined);
    }
    const body = await jsonBody(request);
    if (path.startsWith('/admin/')) {
      return this.admin.handle(request, url, bearerOf(request.headers), body);
    }
    if (path === '/signup' && request.method === 'POST') {
      return Response.json(await this.signup.handle(body));
    }
    if (path === '/otp' || path === '/magiclink') await this.#ensureUserForLink(path, body);
    if (path === '/token') await this.#refuseBanned(url, body);
    // The clients' `email` covers the codes of sign-up and of sign-in; lite knows only each alone.
    if (path === '/verify' && body.type === 'email') body.type = 'magiclink';
    return this.#viaLite(request, url, path, body);
  }

  /** Passes the request to lite, signed as lite wants it, and mends the answer. */
  async #viaLite(request, url, path, body) {
    const headers = new Headers(request.headers);
    headers.delete('content-length');
    const token = bearerOf(headers);
    if (FOR_USERS.includes(path)) await this.#requireValid(token);
    if (token) headers.set('authorization', `Bearer ${await this.tokens.inward(token)}`);
    const answer = await this.lite.fetch(
      new Request(url, {
        method: request.method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    );
    if (answer.status >= 400) throw await this.#errorOf(answer, path);
    if (answer.status === 303) return this.#mendRedirect(answer);
    if (answer.status !== 200 || !/^\/(token|verify|user)$/.test(path)) return answer;
    const json = await answer.json();
    if (json.access_token) return Response.json(await this.sessions.adopt(json, methodOf(url)));
    if (path !== '/user') return Response.json(json);
    if (request.method === 'PUT' && body.email) await this.#changeEmail(json.id);
    return Response.json(await findUser(this.sql, json.id));
  }

  async #requireValid(token) {
    try {
      await this.tokens.verify(token);
    } catch (error) {
      const message = `invalid JWT: unable to parse or verify signature, ${error.message}`;
      throw new AuthError(403, 'bad_jwt', message);
    }
  }

  async #errorOf(answer, path) {
    const json = await answer.json().catch(() => ({}));
    if (answer.status >= 500) {
      return new AuthError(500, 'unexpected_failure', FAILURES[path] ?? FAILURE);
    }
    const code = json.error_code ?? (typeof json.code === 'string' ? json.code : 'unknown');
    const message = json.msg ?? json.message ?? json.error_description ?? 'Unknown error';
    return new AuthError(answer.status, code, message, { weakPassword: json.weak_password });
  }

  /** A link from a mail ends in a redirect whose fragment carries the session. */
  async #mendRedirect(answer) {
    const target = new URL(answer.headers.get('location'));
    const fragment = new URLSearchParams(target.hash.slice(1));
    if (!fragment.get('access_token')) return answer;
    const session = await this.sessions.adopt(
      {
        access_token: fragment.get('access_token'),
        refresh_token: fragment.get('refresh_token'),
      },
      'otp',
    );
    for (const name of ['access_token', 'expires_in', 'expires_at']) {
      fragment.set(name, String(session[name]));
    }
    target.hash = fragment.toString();
    return new Response(null, { status: 303, headers: { location: target.href } });
  }

  /** A link for an unknown address signs it up first: past the hook, in the steps of a sign-up. */
  async #ensureUserForLink(path, body) {
    if (!body.email || (path === '/otp' && body.create_user === false)) return;
    const email = validEmail(body.email);
    const [known] = await this.sql`select id from auth.users where email = ${email}`;
    if (known) return;
    const password = crypto.randomUUID();
    await this.signup.register(email, password, body.data ?? {}, oneTimeCode(email));
  }

  async #refuseBanned(url, body) {
    const grant = url.searchParams.get('grant_type');
    const [banned] =
      grant === 'password'
        ? await this.sql`
            select id from auth.users
            where email = ${String(body.email ?? '').toLowerCase()} and banned_until > now()`
        : await this.sql`
            select u.id from auth.users u join auth.refresh_tokens t on t.user_id = u.id
            where t.token = ${String(body.refresh_token ?? '')} and u.banned_until > now()`;
    if (banned) throw new AuthError(400, 'user_banned', 'User is banned');
  }

  /** Where addresses need no confirmation, a changed one holds at once. */
  async #changeEmail(id) {
    if (this.config.emailConfirmations) return;
    await this.sql.begin(async (tx) => {
      const [user] = await tx`
        update auth.users
        set email = email_change, email_change = '', email_change_token_new = '',
          email_change_token_current = '', email_confirmed_at = coalesce(email_confirmed_at, now()),
          is_anonymous = false, updated_at = now()
        where id = ${id} and email_change <> ''
        returning id, email`;
      if (!user) return;
      const changes = { email: user.email, email_verified: true };
      const { count } = await tx`
        update auth.identities set identity_data = identity_data || ${tx.json(changes)}
        where user_id = ${id} and provider = 'email'`;
      if (count === 0) await insertIdentity(tx, user, 'email');
    });
  }
}
