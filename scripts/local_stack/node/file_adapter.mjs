import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { storageErrors } from './errors.mjs';

/**
 * The part of a file that a Range header asks for.
 *
 * @param {string} header such as `bytes=0-99`, `bytes=100-` or `bytes=-100`
 * @param {number} size
 * @returns {{ start: number, end: number }} both inclusive
 */
export function parseRange(header, size) {
  const [, first, last] = header.match(/^bytes=(\d*)-(\d*)$/) ?? [];
  if (!size || (!first && !last)) throw storageErrors.invalidRange();
  const start = first ? Number(first) : Math.max(size - Number(last), 0);
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start > end || (!first && Number(last) === 0)) throw storageErrors.invalidRange();
  return { start, end };
}

/**
 * The bytes of all objects in one flat folder. A file's name is a hash, so that `a` and `a/b` can
 * both exist and no object name can lead out of the folder; each version is a file of its own, so
 * that a reader never meets a half-written one.
 */
export class FileAdapter {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = path.resolve(folder);
  }

  #path(bucket, name, version) {
    const key = [bucket, name, version].join('\0');
    return path.join(this.folder, createHash('sha256').update(key).digest('hex'));
  }

  /**
   * Writes a stream, and gives up when it is longer than allowed.
   *
   * @param {AsyncIterable<Uint8Array>} body
   * @param {number} maxBytes
   * @returns {Promise<{ size: number, eTag: string, lastModified: string }>}
   */
  async write(bucket, name, version, body, maxBytes) {
    await fs.mkdir(this.folder, { recursive: true });
    const target = this.#path(bucket, name, version);
    const hash = createHash('md5');
    let size = 0;
    const file = await fs.open(`${target}.part`, 'w');
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > maxBytes) throw storageErrors.tooLarge();
        hash.update(chunk);
        await file.write(chunk);
      }
      await file.sync();
      await fs.rename(`${target}.part`, target);
    } catch (error) {
      await fs.rm(`${target}.part`, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return { size, eTag: `"${hash.digest('hex')}"`, lastModified: new Date().toISOString() };
  }

  /** Size of a stored file; null when there is none. */
  async size(bucket, name, version) {
    const stat = await fs.stat(this.#path(bucket, name, version)).catch(() => null);
    return stat?.size ?? null;
  }

  /** @param {{ start: number, end: number }} [range] */
  read(bucket, name, version, range) {
    return Readable.toWeb(createReadStream(this.#path(bucket, name, version), range));
  }

  async copy(from, to) {
    await fs.copyFile(this.#path(...from), this.#path(...to));
  }

  async remove(bucket, name, version) {
    await fs.rm(this.#path(bucket, name, version), { force: true });
  }
}
