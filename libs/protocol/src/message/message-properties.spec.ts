import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  findProperty,
  formatProperties,
  foundProperty,
  parseProperties,
  parsePropertiesBytes,
  propertyBytes,
  propertySearchKey,
  propertyText,
} from './message-properties.js';

const part = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((t) => !/[\u0001\u0002]/.test(t));
const properties = fc.array(fc.tuple(part, part), { maxLength: 6 }).map((list) => new Map(list));

describe('properties', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(properties, (map) => {
        expect([...parseProperties(formatProperties(map))]).toEqual([...map]);
      }),
    );
  });

  it('keep names such as __proto__ apart from objects (B8)', () => {
    expect(parseProperties('__proto__\u0001x\u0002').get('__proto__')).toBe('x');
  });

  it('are any text without failing', () => {
    const units = fc.constantFrom('\u0001', '\u0002', 'a', 'é');
    fc.assert(
      fc.property(fc.string({ unit: units }), (text) => {
        for (const [name, value] of parseProperties(text)) {
          expect([name.length > 0, value.length > 0]).toEqual([true, true]);
        }
      }),
    );
  });
});

describe('findProperty', () => {
  it('finds what parsing finds, in any text', () => {
    const units = fc.constantFrom('\u0001', '\u0002', 'a', 'b', 'é');
    fc.assert(
      fc.property(
        fc.string({ unit: units, maxLength: 20 }),
        fc.constantFrom('a', 'ab', 'b', 'é'),
        (text, name) => {
          const bytes = Buffer.from(`..${text}..`);
          const parsed = parsePropertiesBytes(bytes, 2, bytes.length - 2);
          expect(propertyText(bytes, 2, bytes.length - 2, propertySearchKey(name))).toBe(
            parsed.get(name),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('says where the last of equal names lies', () => {
    const bytes = Buffer.concat([
      propertyBytes('a', 'x'),
      propertyBytes('aa', 'y'),
      propertyBytes('a', 'zz'),
    ]);
    expect(findProperty(bytes, 0, bytes.length, propertySearchKey('a'))).toBe(true);
    expect(bytes.toString('utf8', foundProperty.start, foundProperty.end)).toBe('zz');
    expect(findProperty(bytes, 0, bytes.length, propertySearchKey('b'))).toBe(false);
  });
});
