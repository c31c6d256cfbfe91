import { randomUUID } from 'node:crypto';
import { AuthError, databaseFailure } from './errors.mjs';

/** A hook gets two seconds, as hosted gives it. */
const TIMEOUT_MS = 2000;

/** Claims that a custom access token hook may change but not take away. */
const REQUIRED_CLAIMS = [
  'aal',
  'aud',
  'email',
  'exp',
  'iat',
  'is_anonymous',
  'phone',
  'role',
  'session_id',
  'sub',
];

/** Calls `schema.function(event jsonb) returns jsonb` as the role of Auth. */
async function callHook(sql, name, event) {
  let answer;
  try {
    // Inside an open transaction a savepoint, so that the hook sees what was just written.
    const run = sql.savepoint ?? sql.begin;
    answer = await run.call(sql, async (tx) => {
      await tx`select set_config('statement_timeout', ${String(TIMEOUT_MS)}, true)`;
      const [row] = await tx`select ${tx(name)}(${tx.json(event)}) as answer`;
      await tx`set local statement_timeout to default`;
      return row.answer;
    });
  } catch (error) {
    throw databaseFailure('Error running hook', error);
  }
  // An error without a message is no error; one without a status is a 500. Both as hosted.
  const error = answer?.error;
  if (error?.message) {
    const status = error.http_code || 500;
    throw new AuthError(status, status === 500 ? 'unexpected_failure' : 'unknown', error.message);
  }
  return answer ?? {};
}

/**
 * Asks the before-user-created hook; it throws the refusal.
 *
 * @param sql
 * @param {string | null} name
 * @param {object} user as the API shows it
 */
export async function beforeUserCreated(sql, name, user) {
  if (!name) return;
  const metadata = {
    uuid: randomUUID(),
    time: new Date().toISOString(),
    name: 'before-user-created',
    ip_address: '127.0.0.1',
  };
  await callHook(sql, name, { metadata, user });
}

/**
 * The claims of a new access token, after the custom access token hook if there is one.
 *
 * @param sql
 * @param {string | null} name
 * @param {object} claims
 * @param {string} method how the user signed in, or `token_refresh`
 */
export async function customAccessToken(sql, name, claims, method) {
  if (!name) return claims;
  const event = { user_id: claims.sub, claims, authentication_method: method };
  const answer = await callHook(sql, name, event);
  const missing = REQUIRED_CLAIMS.filter((claim) => answer.claims?.[claim] === undefined);
  if (missing.length > 0) {
    const message = 'output claims do not conform to the expected schema';
    throw new AuthError(500, 'unexpected_failure', `${message}: missing ${missing.join(', ')}`);
  }
  return answer.claims;
}
