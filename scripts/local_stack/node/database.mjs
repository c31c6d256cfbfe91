import { createPostgresConnection } from '@supabase/lite/postgres';

const OID = { json: 114, jsonb: 3802, timestamptz: 1184 };

/**
 * JSON types that do not encode twice: lite hands over text it has serialized already, and its own
 * default would wrap that into a JSON string, on which `->>` gives NULL inside a trigger.
 */
const jsonType = (oid) => ({
  to: oid,
  from: [oid],
  serialize: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  parse: (text) => JSON.parse(text),
});

/** `2026-01-02 03:04:05.678+00` as PostgreSQL prints it, to what the clients parse. */
export const toIsoTime = (text) =>
  new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();

const types = {
  json: jsonType(OID.json),
  jsonb: jsonType(OID.jsonb),
  timestamptz: {
    to: OID.timestamptz,
    from: [OID.timestamptz],
    serialize: (value) => (value instanceof Date ? value.toISOString() : value),
    parse: toIsoTime,
  },
};

/**
 * A pool of typed connections, in the shape that lite's `App` wants. The plain postgres.js client
 * is its `driver`.
 *
 * @param {string} url
 * @param {number} [max]
 */
export function connect(url, max = 8) {
  const connection = createPostgresConnection({
    url,
    postgresOptions: { max, types, onnotice() {} },
  });
  // Without this lite grants ALL on all tables of every schema that has a table with RLS.
  connection.rlsState = 'active';
  return connection;
}
