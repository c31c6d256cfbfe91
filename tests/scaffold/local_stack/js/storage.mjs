import { anybody, blob, plain, server, signedIn } from './clients.mjs';

const client = async (user) => {
  if (user === 'server') return server();
  return user ? signedIn(user) : anybody();
};
const store = async ({ user, bucket }) => (await client(user)).storage.from(bucket);

const text = async (answer) =>
  answer.error ? plain(answer) : { data: await answer.data.text(), error: null };

/** As a browser does (a form) or as a server does (the bytes themselves). */
export async function upload({ user, bucket, path, content, raw, options = {} }) {
  const contentType = options.contentType ?? 'text/plain';
  const body = raw ? Buffer.from(content) : blob(content, contentType);
  const files = await store({ user, bucket });
  return plain(await files.upload(path, body, { contentType, ...options }));
}

export async function uploadMany({ user, bucket, paths }) {
  const files = await store({ user, bucket });
  const answers = [];
  for (const path of paths) answers.push(plain(await files.upload(path, blob(path))));
  return answers;
}

export async function download({ user, bucket, path }) {
  return text(await (await store({ user, bucket })).download(path));
}

export async function info({ user, bucket, path }) {
  const files = await store({ user, bucket });
  return { info: plain(await files.info(path)), exists: (await files.exists(path)).data };
}

export async function list({ user, bucket, folder, options }) {
  return plain(await (await store({ user, bucket })).list(folder, options));
}

export async function listV2({ user, bucket, options }) {
  return plain(await (await store({ user, bucket })).listV2(options));
}

export async function remove({ user, bucket, paths }) {
  return plain(await (await store({ user, bucket })).remove(paths));
}

export async function copyAndMove({ user, bucket, from, copy, move }) {
  const files = await store({ user, bucket });
  const copied = plain(await files.copy(from, copy));
  const moved = plain(await files.move(from, move));
  return {
    copied,
    moved,
    atCopy: await text(await files.download(copy)),
    atMove: await text(await files.download(move)),
    atSource: await text(await files.download(from)),
  };
}

export async function copy({ user, bucket, from, to }) {
  return plain(await (await store({ user, bucket })).copy(from, to));
}

export async function signedUrl({ user, bucket, path, seconds, options }) {
  return plain(await (await store({ user, bucket })).createSignedUrl(path, seconds, options));
}

export async function signedUrls({ user, bucket, paths, seconds }) {
  return plain(await (await store({ user, bucket })).createSignedUrls(paths, seconds));
}

/** One person makes the address, somebody who is not signed in uses it. */
export async function uploadToSignedUrl({ user, bucket, path, content, otherPath }) {
  const made = await (await store({ user, bucket })).createSignedUploadUrl(path);
  if (made.error) return { made: plain(made) };
  const files = anybody().storage.from(bucket);
  return {
    made: plain(made),
    elsewhere: plain(await files.uploadToSignedUrl(otherPath, made.data.token, blob(content))),
    used: plain(await files.uploadToSignedUrl(path, made.data.token, blob(content))),
    again: plain(await files.uploadToSignedUrl(path, made.data.token, blob(content))),
    content: await text(await (await store({ user, bucket })).download(path)),
  };
}

export async function publicUrl({ bucket, path }) {
  return anybody().storage.from(bucket).getPublicUrl(path).data.publicUrl;
}

export async function bucketLife({ name }) {
  const { storage } = server();
  const created = plain(await storage.createBucket(name, { public: false, fileSizeLimit: '1KB' }));
  const again = plain(await storage.createBucket(name));
  const updated = plain(
    await storage.updateBucket(name, { public: true, allowedMimeTypes: ['image/png'] }),
  );
  const found = plain(await storage.getBucket(name));
  const listed = (await storage.listBuckets()).data.map(({ id }) => id);
  await storage.from(name).upload('a.png', blob('png', 'image/png'));
  const tooEarly = plain(await storage.deleteBucket(name));
  const emptied = plain(await storage.emptyBucket(name));
  const deleted = plain(await storage.deleteBucket(name));
  const missing = plain(await storage.getBucket(name));
  return { created, again, updated, found, listed, tooEarly, emptied, deleted, missing };
}

export const createBucket = async ({ user, name }) =>
  plain(await (await client(user)).storage.createBucket(name));
