// Commit logs as files, read without our own codec: what that agrees with itself on proves nothing.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MESSAGE_MAGICS = new Set([-626843481, -626843477]);
/** Fills a file to its end. */
const BLANK_MAGIC = -875286124;
const CHUNK_BYTES = 1 << 20;

/** @returns {{ from: number, to: number, path: string }[]} the files of a log, the oldest first; `to` by their sizes */
export function logFiles(storeDir) {
  const dir = join(storeDir, 'commitlog');
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^\d{20}$/.test(name))
    .sort()
    .map((name) => {
      const path = join(dir, name);
      return { from: Number(name), to: Number(name) + statSync(path).size, path };
    });
}

/**
 * Follows the records from the first to the last.
 *
 * @returns {{ from: number, to: number, records: number }} where the log begins, where its last record ends
 * @throws when something stands in the log that is neither a record nor filler nor empty
 */
export function walkLog(storeDir) {
  const files = logFiles(storeDir);
  const from = files[0]?.from ?? 0;
  let to = from;
  let records = 0;
  for (const file of files) {
    if (file.from !== to) return { from, to, records };
    const handle = openSync(file.path, 'r');
    try {
      const head = Buffer.alloc(8);
      while (to < file.to) {
        head.fill(0);
        readSync(handle, head, 0, 8, to - file.from);
        const [size, magic] = [head.readInt32BE(0), head.readInt32BE(4)];
        if (magic === BLANK_MAGIC) to = file.to;
        else if (size === 0 && magic === 0) return { from, to, records };
        else if (!MESSAGE_MAGICS.has(magic) || size <= 0 || to + size > file.to)
          throw new Error(`${file.path} holds no record at ${to}: size ${size}, magic ${magic}`);
        else {
          to += size;
          records++;
        }
      }
    } finally {
      closeSync(handle);
    }
  }
  return { from, to, records };
}

/**
 * Compares two logs byte by byte where both have bytes.
 *
 * @param {string} storeDir
 * @param {string} otherStoreDir
 * @returns {{ from: number, to: number, sha256: string, records: number }} the common range
 * @throws at the first byte that differs, or when there is no common range
 */
export function compareLogs(storeDir, otherStoreDir) {
  const [one, other] = [walkLog(storeDir), walkLog(otherStoreDir)];
  const from = Math.max(one.from, other.from);
  const to = Math.min(one.to, other.to);
  if (to <= from)
    throw new Error(`the logs ${one.from}…${one.to} and ${other.from}…${other.to} share nothing`);
  const hash = createHash('sha256');
  const theirs = bytesOf(otherStoreDir, from, to);
  let at = from;
  for (const mine of bytesOf(storeDir, from, to)) {
    const bytes = theirs.next().value;
    if (!mine.equals(bytes)) {
      const place = at + mine.findIndex((byte, index) => byte !== bytes[index]);
      throw new Error(`the logs differ at ${place}, within the common range ${from}…${to}`);
    }
    hash.update(mine);
    at += mine.length;
  }
  return { from, to, sha256: hash.digest('hex'), records: Math.min(one.records, other.records) };
}

/** Pieces of at most 1 MiB that depend on the range alone, not on the sizes of the files. */
function* bytesOf(storeDir, from, to) {
  const files = logFiles(storeDir);
  for (let at = from; at < to; at += CHUNK_BYTES) {
    const piece = Buffer.alloc(Math.min(CHUNK_BYTES, to - at));
    for (const file of files) {
      const start = Math.max(at, file.from);
      const end = Math.min(at + piece.length, file.to);
      if (start >= end) continue;
      const handle = openSync(file.path, 'r');
      readSync(handle, piece, start - at, end - start, start - file.from);
      closeSync(handle);
    }
    yield piece;
  }
}
