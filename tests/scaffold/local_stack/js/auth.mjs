import {
  API_URL,
  AuthAdminApi,
  PUBLISHABLE_KEY,
  anybody,
  plain,
  server,
  signedIn,
} from './clients.mjs';

export const signUp = async ({ email, password, data }) =>
  plain(await anybody().auth.signUp({ email, password, options: { data } }));

export const signIn = async ({ email, password }) =>
  plain(await anybody().auth.signInWithPassword({ email, password }));

export const signInAnonymously = async () => plain(await anybody().auth.signInAnonymously());

/** getClaims() checks the signature in the client, with the keys of the JWKS. */
export async function claims(user) {
  const client = await signedIn(user);
  return plain(await client.auth.getClaims());
}

export async function refresh(user) {
  const client = await signedIn(user);
  const before = (await client.auth.getSession()).data.session;
  const { data, error } = await client.auth.refreshSession();
  if (error) throw error;
  return { before, after: data.session };
}

export async function signOutAndReuse(user) {
  const client = await signedIn(user);
  const { access_token: token, refresh_token: refreshToken } = (await client.auth.getSession()).data
    .session;
  const before = plain(await client.auth.getUser(token));
  await client.auth.signOut();
  return {
    before,
    after: plain(await anybody().auth.getUser(token)),
    refreshed: plain(await anybody().auth.refreshSession({ refresh_token: refreshToken })),
  };
}

export async function changeEmail({ email, password, newEmail }) {
  const client = await signedIn({ email, password });
  return plain(await client.auth.updateUser({ email: newEmail, data: { nick: 'new' } }));
}

export async function signInByCode({ email, code }) {
  if (!code) return plain(await anybody().auth.signInWithOtp({ email }));
  return plain(await anybody().auth.verifyOtp({ email, token: code, type: 'email' }));
}

export const confirmSignUp = async ({ email, code }) =>
  plain(await anybody().auth.verifyOtp({ email, token: code, type: 'signup' }));

export async function administer({ email, password }) {
  const { admin } = server().auth;
  const created = plain(
    await admin.createUser({
      email,
      password,
      email_confirm: true,
      user_metadata: { nick: 'first', gone: 1 },
      app_metadata: { plan: 'pro' },
    }),
  );
  const { id } = created.data.user;
  const updated = plain(
    await admin.updateUserById(id, {
      user_metadata: { nick: 'second', gone: null },
      app_metadata: { seats: 3 },
    }),
  );
  return {
    created,
    signedIn: await signIn({ email, password }),
    duplicate: plain(await admin.createUser({ email, password })),
    updated,
    found: plain(await admin.getUserById(id)),
    deleted: plain(await admin.deleteUser(id)),
    missing: plain(await admin.getUserById(id)),
  };
}

export async function listPages({ perPage }) {
  const { admin } = server().auth;
  const first = await admin.listUsers({ page: 1, perPage });
  const second = await admin.listUsers({ page: 2, perPage });
  return { first: plain(first), second: plain(second) };
}

export async function administerAs({ user }) {
  const client = user ? await signedIn(user) : anybody();
  const { data } = await client.auth.getSession();
  const headers = { apikey: PUBLISHABLE_KEY };
  headers.Authorization = `Bearer ${data.session?.access_token ?? PUBLISHABLE_KEY}`;
  const admin = new AuthAdminApi({ url: `${API_URL}/auth/v1`, headers });
  return {
    list: plain(await admin.listUsers()),
    created: plain(await admin.createUser({ email: 'x@example.com' })),
  };
}

export async function ban({ email, password, id }) {
  const { admin } = server().auth;
  await admin.updateUserById(id, { ban_duration: '24h' });
  const banned = await signIn({ email, password });
  await admin.updateUserById(id, { ban_duration: 'none' });
  return { banned, lifted: await signIn({ email, password }) };
}
