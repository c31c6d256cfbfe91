import { anybody, plain, server, signedIn } from './clients.mjs';

const client = async (user) => {
  if (user === 'server') return server();
  return user ? signedIn(user) : anybody();
};

export const select = async ({ user, table }) =>
  plain(await (await client(user)).from(table).select('*', { count: 'exact' }));

export const count = async ({ user, table }) =>
  plain(await (await client(user)).from(table).select('*', { count: 'exact', head: true }));

export const insert = async ({ user, table, row }) =>
  plain(await (await client(user)).from(table).insert(row).select());

export const rpc = async ({ user, name }) => plain(await (await client(user)).rpc(name));
