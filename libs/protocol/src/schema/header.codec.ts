import type { Field } from './field.js';

/** The `extFields` of a frame: wire name → text. A Map, so that no name a peer chooses can mean anything special. */
export type ExtFields = Map<string, string>;

/** The fields of a header by the names that our code uses. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inference recovers the types where a header is used
export type HeaderFields = Readonly<Record<string, Field<any>>>;

/** Reads and writes the custom header of one message type; built once per command. */
export interface HeaderCodec {
  /**
   * Unknown names are ignored.
   * @throws {MalformedHeaderError} naming the field by its wire name, with ours beside it where that is one letter: nobody
   * knows what `b` is.
   */
  decode(ext: ExtFields): Record<string, unknown>;
  /** Values of `undefined` are left out. */
  encode(header: Readonly<Record<string, unknown>>): ExtFields;
}

/** The name a field has on the wire. */
export const wireNameOf = (name: string, field: { readonly wireName?: string }): string =>
  field.wireName ?? name;

/** Walks the fields once and keeps what encoding and decoding need. */
export function headerCodec(fields: HeaderFields): HeaderCodec {
  const names = Object.keys(fields);
  const list = Object.values(fields);
  const wireNames = names.map((name, i) => wireNameOf(name, list[i]!));
  const shownNames = wireNames.map((wireName, i) =>
    wireName.length > 1 ? wireName : `${wireName} (${names[i]})`,
  );
  return {
    decode(ext) {
      const header: Record<string, unknown> = {};
      for (let i = 0; i < names.length; i++) {
        header[names[i]!] = list[i]!.parse(ext.get(wireNames[i]!), shownNames[i]!);
      }
      return header;
    },
    encode(header) {
      const ext: ExtFields = new Map();
      for (let i = 0; i < names.length; i++) {
        const text = list[i]!.format(header[names[i]!]);
        if (text !== undefined) ext.set(wireNames[i]!, text);
      }
      return ext;
    },
  };
}
