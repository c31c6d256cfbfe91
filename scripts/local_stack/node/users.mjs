import { createHash, randomInt, randomUUID } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { AuthError } from './errors.mjs';

const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const HASH_ROUNDS = 10;
const MIN_PASSWORD = 6;
const MAX_PASSWORD = 72;

/** Users are shown with these columns only when they hold something. */
const OPTIONAL_COLUMNS = [
  'email_confirmed_at',
  'phone_confirmed_at',
  'invited_at',
  'confirmation_sent_at',
  'confirmed_at',
  'recovery_sent_at',
  'email_change_sent_at',
  'last_sign_in_at',
  'banned_until',
  'deleted_at',
];

/** @returns {string} the address as it is stored; throws for what is no address */
export function validEmail(value) {
  const email = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    const message = 'Unable to validate email address: invalid format';
    throw new AuthError(400, 'validation_failed', message);
  }
  return email;
}

/** Throws when a password is too short to be safe or too long to be hashed. */
export function checkPassword(password) {
  if (Buffer.byteLength(password) > MAX_PASSWORD) {
    const message = `Password cannot be longer than ${MAX_PASSWORD} characters`;
    throw new AuthError(400, 'validation_failed', message);
  }
  if (password.length < MIN_PASSWORD) {
    const message = `Password should be at least ${MIN_PASSWORD} characters.`;
    throw new AuthError(422, 'weak_password', message, { weakPassword: { reasons: ['length'] } });
  }
}

export const hashPassword = (password) => bcrypt.hash(password, HASH_ROUNDS);

/** A six-digit code and the hash under which lite looks it up again. */
export function oneTimeCode(email) {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  return { code, hash: createHash('sha256').update(email.toLowerCase() + code).digest('hex') };
}

/** A user that is not stored yet; what the before-user-created hook is shown. */
export function newUser({ id, email, phone, password, appMetadata, userMetadata, anonymous }) {
  return {
    id: id ?? randomUUID(),
    aud: 'authenticated',
    role: '',
    email: email ?? null,
    phone: phone || null,
    encrypted_password: password ?? null,
    raw_app_meta_data: appMetadata ?? {},
    raw_user_meta_data: userMetadata ?? {},
    is_anonymous: anonymous ?? false,
    created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(),
  };
}

/**
 * Stores a user as hosted's Auth does: inserted without a role and unconfirmed, then updated. A
 * trigger on auth.users sees the same steps as there.
 */
export async function insertUser(tx, user) {
  await tx`
    insert into auth.users (
      instance_id, id, aud, role, email, phone, encrypted_password, raw_app_meta_data,
      raw_user_meta_data, is_anonymous, confirmation_token, recovery_token,
      email_change_token_new, email_change, created_at, updated_at
    ) values (
      ${NIL_UUID}, ${user.id}, ${user.aud}, ${user.role}, ${user.email}, ${user.phone},
      ${user.encrypted_password}, ${tx.json(user.raw_app_meta_data)},
      ${tx.json(user.raw_user_meta_data)}, ${user.is_anonymous}, '', '', '', '',
      ${user.created_at}, ${user.updated_at}
    )`;
}

/** @param {string} role */
export const setRole = (tx, id, role = 'authenticated') =>
  tx`update auth.users set role = ${role}, updated_at = now() where id = ${id}`;

/** The identity of a user at one provider, and its data. */
export async function insertIdentity(tx, user, provider, more = {}) {
  const contact = provider === 'phone' ? { phone: user.phone } : { email: user.email };
  const data = { ...more, sub: user.id, ...contact, email_verified: false, phone_verified: false };
  await tx`
    insert into auth.identities (id, provider, provider_id, user_id, identity_data, last_sign_in_at)
    values (${randomUUID()}, ${provider}, ${user.id}, ${user.id}, ${tx.json(data)}, now())`;
  return data;
}

/** Merges into a metadata column; a null removes its key. */
export async function mergeMetadata(tx, id, column, changes) {
  const removed = Object.keys(changes).filter((key) => changes[key] === null);
  await tx`
    update auth.users
    set ${tx(column)} = (coalesce(${tx(column)}, '{}') || ${tx.json(changes)}) - ${removed}::text[],
      updated_at = now()
    where id = ${id}`;
}

/** Confirms the address by an UPDATE of its own, never by the INSERT. */
export async function confirmEmail(tx, id) {
  await tx`
    update auth.users
    set confirmation_token = '', email_confirmed_at = now(), updated_at = now()
    where id = ${id}`;
  await mergeMetadata(tx, id, 'raw_user_meta_data', { email_verified: true });
}

/** One line of Auth's audit log. */
export async function audit(tx, action, actor, logType, traits) {
  const payload = {
    action,
    actor_id: actor.id,
    actor_username: actor.email ?? '',
    actor_via_sso: false,
    log_type: logType,
    traits,
  };
  await tx`
    insert into auth.audit_log_entries (id, payload, created_at, ip_address)
    values (${randomUUID()}, ${tx.json(payload)}, now(), '')`;
}

function identityJson(row) {
  return {
    identity_id: row.id,
    id: row.provider_id,
    user_id: row.user_id,
    identity_data: row.identity_data,
    provider: row.provider,
    last_sign_in_at: row.last_sign_in_at,
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(row.email ? { email: row.email } : {}),
  };
}

/** A user as the API shows it. */
export function userJson(row, identities = []) {
  const json = {
    id: row.id,
    aud: row.aud,
    role: row.role,
    email: row.email ?? '',
    phone: row.phone ?? '',
    app_metadata: row.raw_app_meta_data ?? {},
    user_metadata: row.raw_user_meta_data ?? {},
    identities: identities.map(identityJson),
    created_at: row.created_at,
    updated_at: row.updated_at,
    is_anonymous: row.is_anonymous,
  };
  for (const column of OPTIONAL_COLUMNS) if (row[column]) json[column] = row[column];
  if (row.email_change) json.new_email = row.email_change;
  return json;
}

/** @returns {Promise<object | null>} the user as the API shows it */
export async function findUser(sql, id) {
  const [row] = await sql`select * from auth.users where id = ${id}`;
  if (!row) return null;
  const identities = await sql`
    select * from auth.identities where user_id = ${id} order by created_at`;
  return userJson(row, identities);
}
