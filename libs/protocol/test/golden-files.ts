import { readFileSync } from 'node:fs';

/** One file that Apache's classes wrote, with what they had been given. */
export interface GoldenFile<V = unknown> {
  readonly file: string;
  readonly kind: string;
  readonly what: string;
  readonly value: V;
  readonly bytes: Buffer;
}

const folder = new URL('./golden/', import.meta.url);

const index = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as {
  readonly files: readonly Omit<GoldenFile, 'bytes'>[];
};

/** The golden files of one kind; never empty, so that a renamed kind does not pass as nothing to test. */
export function goldenFiles<V>(kind: string): GoldenFile<V>[] {
  const files = index.files
    .filter((entry) => entry.kind === kind)
    .map((entry) => ({
      ...(entry as Omit<GoldenFile<V>, 'bytes'>),
      bytes: readFileSync(new URL(entry.file, folder)),
    }));
  if (files.length === 0) throw new Error(`no golden file of kind ${kind}`);
  return files;
}

/** Kinds that the golden folder has, so that a test can say that none is left out. */
export const goldenKinds = (): string[] => [...new Set(index.files.map((entry) => entry.kind))];

/** A JSON file of the golden folder. */
export const goldenJson = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as T;
