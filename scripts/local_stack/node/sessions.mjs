import { randomBytes, randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { customAccessToken } from './hooks.mjs';
import { findUser } from './users.mjs';

/** Sessions and the access tokens that stand for them, with all the claims hosted puts in. */
export class Sessions {
  /** @param sql the pool of Auth @param config @param {import('./tokens.mjs').Tokens} tokens */
  constructor(sql, config, tokens) {
    this.sql = sql;
    this.config = config;
    this.tokens = tokens;
  }

  /**
   * Opens a session and answers as the token route does.
   *
   * @param tx open transaction
   * @param {string} userId
   * @param {string} method how the user signed in: password, otp, anonymous
   */
  async open(tx, userId, method) {
    const session = randomUUID();
    const refreshToken = randomBytes(16).toString('base64url');
    await tx`
      insert into auth.sessions (id, user_id, aal, created_at, updated_at)
      values (${session}, ${userId}, 'aal1', now(), now())`;
    await tx`
      insert into auth.refresh_tokens (id, token, user_id, session_id, revoked)
      values (${randomUUID()}, ${refreshToken}, ${userId}, ${session}, false)`;
    await tx`
      update auth.users set last_sign_in_at = now(), updated_at = now() where id = ${userId}`;
    await this.#recordMethod(tx, session, method);
    return this.#answer(tx, userId, session, refreshToken, method);
  }

  /** Turns an answer of lite that holds a token into the answer hosted gives. */
  async adopt(answer, method) {
    const { sub, session_id: session } = decodeJwt(answer.access_token);
    if (method !== 'token_refresh') await this.#recordMethod(this.sql, session, method);
    try {
      return {
        ...answer,
        ...(await this.#answer(this.sql, sub, session, answer.refresh_token, method)),
      };
    } catch (error) {
      // Hosted refuses within the transaction: no session may be left of a refused sign-in.
      if (method !== 'token_refresh') {
        await this.sql`delete from auth.sessions where id = ${session}`;
      }
      throw error;
    }
  }

  /** How a session was opened stays with it, so that a refreshed token still tells. */
  #recordMethod(sql, session, method) {
    return sql`
      insert into auth.mfa_amr_claims (
        id, session_id, created_at, updated_at, authentication_method
      ) values (${randomUUID()}, ${session}, now(), now(), ${method})
      on conflict (session_id, authentication_method) do update set updated_at = now()`;
  }

  async #answer(sql, userId, session, refreshToken, method) {
    const user = await findUser(sql, userId);
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + this.config.jwtExpiry;
    const claims = {
      iss: this.config.issuer,
      sub: user.id,
      aud: user.aud,
      exp,
      iat,
      email: user.email,
      phone: user.phone,
      app_metadata: user.app_metadata,
      user_metadata: user.user_metadata,
      role: user.role,
      aal: 'aal1',
      amr: await this.#methods(sql, session),
      session_id: session,
      is_anonymous: user.is_anonymous,
    };
    const hook = this.config.hooks.customAccessToken;
    return {
      access_token: await this.tokens.sign(await customAccessToken(sql, hook, claims, method)),
      token_type: 'bearer',
      expires_in: this.config.jwtExpiry,
      expires_at: exp,
      refresh_token: refreshToken,
      user,
    };
  }

  async #methods(sql, session) {
    const rows = await sql`
      select authentication_method as method, updated_at
      from auth.mfa_amr_claims where session_id = ${session} order by updated_at desc`;
    return rows.map(({ method, updated_at }) => ({
      method,
      timestamp: Math.floor(Date.parse(updated_at) / 1000),
    }));
  }
}
