import fs from 'node:fs';

const REQUIRED = [
  'PORT',
  'AUTH_DB_URL',
  'STORAGE_DB_URL',
  'STORAGE_DIR',
  'POSTGREST_URL',
  'PUBLISHABLE_KEY',
  'SECRET_KEY',
  'SIGNING_KEY_FILE',
  'JWT_SECRET',
  'API_URL',
];

/** Largest upload when a bucket sets no limit of its own, as on hosted's free plan. */
const FILE_SIZE_LIMIT = 50 * 1024 * 1024;

/**
 * Reads and checks the settings of the process.
 *
 * @param {Record<string, string | undefined>} env
 */
export function readConfig(env) {
  const missing = REQUIRED.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`missing settings: ${missing.join(', ')}`);
  if (env.JWT_SECRET.length < 32) throw new Error('JWT_SECRET must have at least 32 characters');
  const apiUrl = env.API_URL.replace(/\/+$/, '');
  return {
    port: Number(env.PORT),
    authDbUrl: env.AUTH_DB_URL,
    storageDbUrl: env.STORAGE_DB_URL,
    storageDir: env.STORAGE_DIR,
    postgrestUrl: env.POSTGREST_URL.replace(/\/+$/, ''),
    publishableKey: env.PUBLISHABLE_KEY,
    secretKey: env.SECRET_KEY,
    signingKey: readSigningKey(env.SIGNING_KEY_FILE),
    jwtSecret: env.JWT_SECRET,
    jwtExpiry: 3600,
    apiUrl,
    issuer: `${apiUrl}/auth/v1`,
    emailConfirmations: env.EMAIL_CONFIRMATIONS === '1',
    anonymousSignIns: env.ANONYMOUS_SIGN_INS !== '0',
    siteUrl: env.SITE_URL ?? `${apiUrl}/local/account`,
    redirectUrls: (env.REDIRECT_URLS ?? '').split(',').filter(Boolean),
    fileSizeLimit: FILE_SIZE_LIMIT,
    hooks: {
      beforeUserCreated: readHook(env.BEFORE_USER_CREATED_HOOK),
      customAccessToken: readHook(env.CUSTOM_ACCESS_TOKEN_HOOK),
    },
  };
}

/** The private ES256 key; its `kid` is what tokens and the JWKS carry. */
function readSigningKey(file) {
  const key = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (key.kty !== 'EC' || key.crv !== 'P-256' || !key.d || !key.kid) {
    throw new Error('SIGNING_KEY_FILE must hold a private P-256 JWK with a kid');
  }
  return key;
}

/**
 * Accepts `schema.function` and the form of config.toml, `pg-functions://postgres/schema/function`.
 * The two names become part of a statement, so anything but plain identifiers is refused.
 */
function readHook(value) {
  if (!value) return null;
  const name = value.replace(/^pg-functions:\/\/[^/]+\//, '').replace('/', '.');
  if (!/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`bad hook: ${value}`);
  return name;
}
