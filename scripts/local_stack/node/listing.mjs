const TIME_COLUMNS = ['updated_at', 'created_at', 'last_accessed_at'];
const V2_COLUMNS = ['name', 'updated_at', 'created_at'];
const MAX_SEARCH = 1500;
const MAX_PAGE = 1000;

/** Byte order of UTF-8, which is that of code points: what `collate "C"` means. */
const compare = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const fileEntry = (row, name) => ({
  name,
  id: row.id,
  updated_at: row.updated_at,
  created_at: row.created_at,
  last_accessed_at: row.last_accessed_at,
  metadata: row.metadata,
});

const folderEntry = (name) => ({
  name,
  id: null,
  updated_at: null,
  created_at: null,
  last_accessed_at: null,
  metadata: null,
});

/** Rows that start with a text, in any case of letters, as the current role sees them. */
const rowsUnder = (tx, bucket, start) => tx`
  select id, name, updated_at, created_at, last_accessed_at, metadata
  from storage.objects
  where bucket_id = ${bucket} and starts_with(lower(name), lower(${start}))
  order by lower(name) collate "C", name collate "C"`;

/**
 * Folders and files right under a folder, names relative to it. By name both are mixed; by another
 * column the folders, which have none, come first.
 *
 * @param tx transaction under the caller's role
 * @param {string} bucket
 * @param {{ prefix?: string, search?: string, limit?: number, offset?: number,
 *   sortBy?: { column?: string, order?: string } }} query
 */
export async function listFolder(tx, bucket, query) {
  const folder = (query.prefix ?? '').replace(/([^/])$/, '$1/');
  const rows = await rowsUnder(tx, bucket, folder + (query.search ?? ''));
  const folders = new Map();
  const files = [];
  for (const row of rows) {
    const rest = row.name.slice(folder.length);
    const slash = rest.indexOf('/');
    if (slash < 0) files.push(fileEntry(row, rest));
    else if (!folders.has(rest.slice(0, slash).toLowerCase())) {
      folders.set(rest.slice(0, slash).toLowerCase(), folderEntry(rest.slice(0, slash)));
    }
  }
  const entries = sorted([...folders.values()], files, query.sortBy ?? {});
  const offset = Number(query.offset ?? 0);
  return entries.slice(offset, offset + Math.min(Number(query.limit) || 100, MAX_SEARCH));
}

function sorted(folders, files, { column, order }) {
  const sign = order?.toLowerCase() === 'desc' ? -1 : 1;
  const key = (entry) => (entry.id === null ? `${entry.name}/` : entry.name).toLowerCase();
  const byName = (a, b) => sign * compare(key(a), key(b));
  if (!TIME_COLUMNS.includes(column)) return [...folders, ...files].sort(byName);
  const byColumn = (a, b) => sign * compare(a[column] ?? '', b[column] ?? '');
  return [...folders.sort(byName), ...files.sort(byColumn)];
}

const encodeCursor = (name) => Buffer.from(JSON.stringify({ after: name })).toString('base64url');

function decodeCursor(cursor) {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')).after ?? '';
  } catch {
    return '';
  }
}

/** Entries of list-v2: full names; with a delimiter one entry for each folder under the prefix. */
function entriesV2(rows, prefix, withDelimiter) {
  const entries = new Map();
  for (const row of rows) {
    const slash = withDelimiter ? row.name.indexOf('/', prefix.length) : -1;
    const name = slash < 0 ? row.name : row.name.slice(0, slash + 1);
    if (entries.has(name)) continue;
    const entry = slash < 0 ? fileEntry(row, name) : { ...folderEntry(name) };
    const key = name.replace(/\/$/, '').split('/').at(-1);
    entries.set(name, { ...entry, key });
  }
  return [...entries.values()];
}

/**
 * One page of list-v2.
 *
 * @param tx transaction under the caller's role
 * @param {string} bucket
 * @param {{ prefix?: string, limit?: number, cursor?: string, with_delimiter?: boolean,
 *   sortBy?: { column?: string, order?: string } }} query
 */
export async function listPage(tx, bucket, query) {
  const prefix = query.prefix ?? '';
  const limit = Math.min(Number(query.limit) || MAX_PAGE, MAX_PAGE);
  const column = V2_COLUMNS.includes(query.sortBy?.column) ? query.sortBy.column : 'name';
  const sign = query.sortBy?.order?.toLowerCase() === 'desc' ? -1 : 1;
  const rows = (await rowsUnder(tx, bucket, prefix)).filter((row) => row.name.startsWith(prefix));
  const entries = entriesV2(rows, prefix, query.with_delimiter === true).sort(
    (a, b) => sign * (compare(a[column] ?? '', b[column] ?? '') || compare(a.name, b.name)),
  );
  const after = query.cursor ? decodeCursor(query.cursor) : null;
  const start = after === null ? 0 : entries.findIndex(({ name }) => name === after) + 1;
  const page = entries.slice(start, start + limit);
  const hasNext = start + limit < entries.length;
  const last = page.at(-1)?.name;
  return {
    hasNext,
    ...(hasNext ? { nextCursor: encodeCursor(last), nextCursorKey: last } : {}),
    folders: page.filter(({ id }) => id === null),
    objects: page.filter(({ id }) => id !== null),
  };
}
