import { createRequire } from 'node:module';

// The unmodified client library, from the folder where the stack has installed it.
const require = createRequire(`${process.env.NODE_DIR}/package.json`);
const { createClient } = require('@supabase/supabase-js');

export const { AuthAdminApi } = require('@supabase/auth-js');

export let API_URL;
export let PUBLISHABLE_KEY;
export let SECRET_KEY;

/** Makes clients of this project from now on. */
export function use(settings) {
  ({ API_URL, PUBLISHABLE_KEY, SECRET_KEY } = settings);
}

const options = { auth: { persistSession: false, autoRefreshToken: false } };

/** What a browser has. */
export const anybody = () => createClient(API_URL, PUBLISHABLE_KEY, options);

/** What a server has. */
export const server = () => createClient(API_URL, SECRET_KEY, options);

/** A signed-in user. */
export async function signedIn({ email, password }) {
  const client = anybody();
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return client;
}

/** An answer of the library, with its error as plain data. */
export function plain({ data, error, count }) {
  if (!error) return { data, error: null, count };
  const { name, message, status, code, statusCode, reasons } = error;
  return { data, error: { name, message, status, code, statusCode, reasons }, count };
}

export const blob = (text, type = 'text/plain') => new Blob([text], { type });
