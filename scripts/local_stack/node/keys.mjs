import { timingSafeEqual } from 'node:crypto';
import { bearerOf } from './tokens.mjs';

const refusal = (message, hint) => Response.json({ message, hint }, { status: 401 });

const missingKey = () =>
  refusal('No API key found in request', 'No `apikey` request header or url param was found.');

const unknownKey = () =>
  refusal('Invalid API key', 'Double check your Supabase publishable or secret API key.');

const secretInBrowser = () =>
  refusal(
    'Forbidden use of secret API key in browser',
    'Secret API keys belong into a protected environment and should never be used in a browser.',
  );

function sameText(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The gateway's rule of keys. A publishable or secret key is opaque: it is exchanged for a token of
 * its role, unless the request carries a user's token, which passes. Unknown keys are refused.
 */
export class ApiKeys {
  /** @param {{ publishableKey: string, secretKey: string }} config @param tokens */
  constructor(config, tokens) {
    this.config = config;
    this.tokens = tokens;
  }

  /** The role a key stands for, or null. Legacy keys are JWTs of that role. */
  async roleOf(key) {
    if (sameText(key, this.config.publishableKey)) return 'anon';
    if (sameText(key, this.config.secretKey)) return 'service_role';
    if (key.startsWith('sb_')) return null;
    try {
      const { role } = await this.tokens.verify(key);
      return role === 'anon' || role === 'service_role' ? role : null;
    } catch {
      return null;
    }
  }

  /**
   * The token to go on with (empty for none), or the refusal to send.
   *
   * @param {Request} request
   * @param {URL} url
   * @param {{ keyOptional: boolean }} rule
   * @returns {Promise<string | Response>}
   */
  async authorize(request, url, { keyOptional }) {
    const bearer = bearerOf(request.headers);
    const opaqueBearer = bearer.startsWith('sb_');
    const given = request.headers.get('apikey') ?? url.searchParams.get('apikey') ?? '';
    const key = given || (keyOptional && opaqueBearer ? bearer : '');
    if (!key) return keyOptional ? bearer : missingKey();
    const role = await this.roleOf(key);
    if (!role) return unknownKey();
    const agent = request.headers.get('user-agent') ?? '';
    if (key.startsWith('sb_secret_') && agent.startsWith('Mozilla/')) return secretInBrowser();
    return bearer && !opaqueBearer ? bearer : this.tokens.forRole(role);
  }
}
