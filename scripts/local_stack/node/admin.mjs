import { AuthError, databaseFailure } from './errors.mjs';
import {
  audit,
  checkPassword,
  confirmEmail,
  findUser,
  hashPassword,
  insertIdentity,
  insertUser,
  mergeMetadata,
  newUser,
  setRole,
  userJson,
  validEmail,
} from './users.mjs';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PER_PAGE = 50;
const MAX_PER_PAGE = 1000;

const invalid = (message) => new AuthError(400, 'validation_failed', message);

/** A Go duration such as `24h`, in seconds; `none` lifts the ban. */
function banSeconds(text) {
  if (text === 'none') return null;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalid(`invalid format for ban duration: time: invalid duration "${text}"`);
  }
  const unit = { h: 3600, m: 60, s: 1 };
  return parts.reduce((sum, [, count, name]) => sum + Number(count) * unit[name], 0);
}

function pageNumber(url, name, fallback, largest) {
  const text = url.searchParams.get(name);
  if (!text) return fallback;
  if (!/^\d+$/.test(text)) throw invalid(`Bad Pagination Parameters: ${name}`);
  return Math.min(Math.max(Number(text), 1), largest);
}

/** The users as an administrator manages them; only a token of service_role may. */
export class Admin {
  /** @param sql the pool of Auth @param {import('./tokens.mjs').Tokens} tokens */
  constructor(sql, tokens) {
    this.sql = sql;
    this.tokens = tokens;
  }

  /** @param {Request} request @param {URL} url @param {string} token @param {object} body */
  async handle(request, url, token, body) {
    await this.#requireServiceRole(token);
    const route = url.pathname.match(/^\/auth\/v1\/admin\/users(?:\/([^/]+))?$/);
    if (!route) throw new AuthError(404, 'not_found', 'Not Found');
    const [, id] = route;
    if (!id && request.method === 'GET') return this.#list(url);
    if (!id && request.method === 'POST') return Response.json(await this.#create(body));
    if (!id) throw new AuthError(405, 'validation_failed', 'Method Not Allowed');
    const user = await this.#load(id);
    if (request.method === 'GET') return Response.json(user);
    if (request.method === 'PUT') return Response.json(await this.#update(user, body));
    if (request.method === 'DELETE') return Response.json(await this.#remove(user, body));
    throw new AuthError(405, 'validation_failed', 'Method Not Allowed');
  }

  async #requireServiceRole(token) {
    let claims;
    try {
      claims = await this.tokens.verify(token);
    } catch {
      throw new AuthError(403, 'bad_jwt', 'invalid JWT: unable to parse or verify signature');
    }
    if (claims.role !== 'service_role') throw new AuthError(403, 'not_admin', 'User not allowed');
  }

  async #load(id) {
    if (!UUID.test(id)) throw new AuthError(404, 'validation_failed', 'user_id must be an UUID');
    const user = await findUser(this.sql, id);
    if (!user) throw new AuthError(404, 'user_not_found', 'User not found');
    return user;
  }

  async #list(url) {
    const page = pageNumber(url, 'page', 1, Number.MAX_SAFE_INTEGER);
    const perPage = pageNumber(url, 'per_page', PER_PAGE, MAX_PER_PAGE);
    const [{ count }] = await this.sql`select count(*)::int as count from auth.users`;
    const rows = await this.sql`
      select * from auth.users order by created_at desc, id
      limit ${perPage} offset ${(page - 1) * perPage}`;
    const pages = Math.max(Math.ceil(count / perPage), 1);
    const link = (number, rel) => {
      const address = new URL(url);
      address.searchParams.set('page', String(number));
      return `<${address.pathname}${address.search}>; rel="${rel}"`;
    };
    const links = [link(pages, 'last')];
    if (page < pages) links.unshift(link(page + 1, 'next'));
    const users = await this.#withIdentities(rows);
    return Response.json(
      { users, aud: 'authenticated' },
      { headers: { link: links.join(', '), 'x-total-count': String(count) } },
    );
  }

  async #withIdentities(rows) {
    const ids = rows.map(({ id }) => id);
    const identities = await this.sql`select * from auth.identities where user_id = any(${ids})`;
    return rows.map((row) => userJson(row, identities.filter((one) => one.user_id === row.id)));
  }

  async #create(body) {
    if (!body.email && !body.phone) {
      throw invalid('Cannot create a user without either an email or phone');
    }
    if (body.id && !UUID.test(body.id)) throw invalid('ID must conform to the uuid v4 format');
    const email = body.email ? validEmail(body.email) : null;
    await this.#refuseTaken(email, body.phone);
    if (body.password) checkPassword(body.password);
    const providers = [email && 'email', body.phone && 'phone'].filter(Boolean);
    const user = newUser({
      id: body.id,
      email,
      phone: body.phone,
      password: body.password_hash ?? (await hashPassword(body.password || crypto.randomUUID())),
      appMetadata: { provider: providers[0], providers },
      userMetadata: body.user_metadata,
    });
    const ban = body.ban_duration ? banSeconds(body.ban_duration) : undefined;
    return this.#inTransaction('Database error creating new user', user.id, async (tx) => {
      await insertUser(tx, user);
      for (const provider of providers) await insertIdentity(tx, user, provider);
      await audit(tx, 'user_signedup', user, 'team', { provider: providers[0] });
      await setRole(tx, user.id, body.role || undefined);
      if (body.app_metadata) {
        await mergeMetadata(tx, user.id, 'raw_app_meta_data', body.app_metadata);
      }
      await this.#applyStates(tx, user.id, body, ban);
    });
  }

  async #refuseTaken(email, phone) {
    const [taken] = await this.sql`
      select email is not distinct from ${email} as by_email from auth.users
      where email = ${email} or phone = ${phone || null} limit 1`;
    if (!taken) return;
    if (!taken.by_email) {
      throw new AuthError(422, 'phone_exists', 'Phone number already registered by another user');
    }
    const message = 'A user with this email address has already been registered';
    throw new AuthError(422, 'email_exists', message);
  }

  async #update(user, body) {
    const email = body.email ? validEmail(body.email) : null;
    if (email && email !== user.email) await this.#refuseTaken(email, null);
    if (body.password) checkPassword(body.password);
    const hash = body.password ? await hashPassword(body.password) : null;
    const ban = body.ban_duration ? banSeconds(body.ban_duration) : undefined;
    return this.#inTransaction('Error updating user', user.id, async (tx) => {
      if (body.role) await setRole(tx, user.id, body.role);
      if (hash) await tx`update auth.users set encrypted_password = ${hash} where id = ${user.id}`;
      if (email) await this.#setEmail(tx, user, email, body.email_confirm === true);
      for (const [field, column] of [
        ['app_metadata', 'raw_app_meta_data'],
        ['user_metadata', 'raw_user_meta_data'],
      ]) {
        if (body[field]) await mergeMetadata(tx, user.id, column, body[field]);
      }
      await this.#applyStates(tx, user.id, body, ban);
      await audit(tx, 'user_modified', user, 'user', { user_id: user.id });
    });
  }

  async #setEmail(tx, user, email, verified) {
    const changes = { email, email_verified: verified };
    const { count } = await tx`
      update auth.identities
      set identity_data = identity_data || ${tx.json(changes)}, updated_at = now()
      where user_id = ${user.id} and provider = 'email'`;
    if (count === 0) await insertIdentity(tx, { ...user, email }, 'email');
    await tx`
      update auth.users
      set email = ${email}, is_anonymous = is_anonymous and not ${verified}, updated_at = now()
      where id = ${user.id}`;
  }

  async #applyStates(tx, id, body, ban) {
    if (body.email_confirm) await confirmEmail(tx, id);
    if (body.phone_confirm) {
      await tx`
        update auth.users set phone_confirmed_at = now(), updated_at = now() where id = ${id}`;
    }
    if (ban !== undefined) {
      await tx`
        update auth.users set banned_until = now() + make_interval(secs => ${ban})
        where id = ${id}`;
    }
  }

  async #remove(user, body) {
    try {
      await this.sql.begin(async (tx) => {
        await audit(tx, 'user_deleted', user, 'team', { user_id: user.id });
        if (!body.should_soft_delete) await tx`delete from auth.users where id = ${user.id}`;
        else await this.#softDelete(tx, user.id);
      });
    } catch (error) {
      throw databaseFailure('Database error deleting user', error);
    }
    return {};
  }

  /** Keeps the row for those who refer to it, but nothing by which to know or reach the person. */
  async #softDelete(tx, id) {
    await tx`delete from auth.sessions where user_id = ${id}`;
    await tx`delete from auth.identities where user_id = ${id}`;
    await tx`
      update auth.users
      set email = encode(sha256(convert_to(coalesce(email, '') || id, 'UTF8')), 'hex'),
        phone = null, encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
        deleted_at = now(), updated_at = now()
      where id = ${id}`;
  }

  async #inTransaction(failure, id, work) {
    try {
      await this.sql.begin(work);
    } catch (error) {
      if (!(error instanceof AuthError)) console.error(`${failure}: ${error.message}`);
      throw databaseFailure(failure, error);
    }
    return findUser(this.sql, id);
  }
}
