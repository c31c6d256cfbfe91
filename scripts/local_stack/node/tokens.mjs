import { createHash } from 'node:crypto';
import { SignJWT, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';

/** Lifetime of the tokens that stand for an API key; they never leave this machine. */
const ROLE_TOKEN_SECONDS = 600;

/**
 * Signs and checks every token of the stack: ES256 outside, as hosted does, HS256 only toward lite.
 */
export class Tokens {
  #privateKey;
  #publicKey;
  #secret;
  #urlSecret;
  #roleTokens = new Map();

  /** @param {ReturnType<import('./config.mjs').readConfig>} config */
  static async create(config) {
    const tokens = new Tokens();
    const { d, key_ops, ...publicJwk } = config.signingKey;
    tokens.kid = config.signingKey.kid;
    tokens.jwks = {
      keys: [{ ...publicJwk, alg: 'ES256', use: 'sig', key_ops: ['verify'], ext: true }],
    };
    tokens.#privateKey = await importJWK({ ...publicJwk, d }, 'ES256');
    tokens.#publicKey = await importJWK(publicJwk, 'ES256');
    tokens.#secret = new TextEncoder().encode(config.jwtSecret);
    // A key of its own: a signed URL must not pass as a user's token, nor the other way round.
    tokens.#urlSecret = createHash('sha256').update(`storage-url\0${config.jwtSecret}`).digest();
    return tokens;
  }

  /** @param {import('jose').JWTPayload} claims complete, with iat and exp */
  async sign(claims) {
    const header = { alg: 'ES256', kid: this.kid, typ: 'JWT' };
    return new SignJWT(claims).setProtectedHeader(header).sign(this.#privateKey);
  }

  /** Claims of a token this stack signed (ES256) or of a legacy key (HS256); throws otherwise. */
  async verify(token) {
    if (decodeProtectedHeader(token).alg === 'ES256') {
      return (await jwtVerify(token, this.#publicKey, { algorithms: ['ES256'] })).payload;
    }
    return (await jwtVerify(token, this.#secret, { algorithms: ['HS256'] })).payload;
  }

  /** The token of a bare role, which PostgREST and Storage see instead of an API key. */
  async forRole(role) {
    const now = Math.floor(Date.now() / 1000);
    const cached = this.#roleTokens.get(role);
    if (cached && cached.exp - now > ROLE_TOKEN_SECONDS / 2) return cached.token;
    const exp = now + ROLE_TOKEN_SECONDS;
    const token = await this.sign({ iss: 'supabase', role, iat: now, exp });
    this.#roleTokens.set(role, { token, exp });
    return token;
  }

  /** lite knows HS256 only: the same claims, signed for it. Invalid tokens stay as they are. */
  async inward(token) {
    try {
      const claims = await this.verify(token);
      const header = { alg: 'HS256', typ: 'JWT' };
      return await new SignJWT(claims).setProtectedHeader(header).sign(this.#secret);
    } catch {
      return token;
    }
  }

  /** PostgREST knows ES256 only: legacy HS256 keys are signed anew, the rest stays as it is. */
  async outward(token) {
    try {
      if (decodeProtectedHeader(token).alg !== 'HS256') return token;
      return await this.sign(await this.verify(token));
    } catch {
      return token;
    }
  }

  /** @param {object} claims @param {number} seconds */
  async signUrl(claims, seconds) {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ ...claims, iat: now, exp: now + seconds })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(this.#urlSecret);
  }

  /** Claims of a signed URL's token; throws when it is forged or expired. */
  async verifyUrl(token) {
    return (await jwtVerify(token, this.#urlSecret, { algorithms: ['HS256'] })).payload;
  }
}

/** The token of an `Authorization: Bearer` header, or an empty string. */
export const bearerOf = (headers) =>
  (headers.get('authorization') ?? '').match(/^Bearer\s+(.+)$/i)?.[1] ?? '';
