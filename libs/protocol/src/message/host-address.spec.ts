import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hostAddress, hostBytes, hostText } from './host-address.js';

describe('hostBytes', () => {
  it('takes IPv4 and IPv6 in all their spellings', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['10.0.0.1', '10.0.0.1:80'],
      ['255.255.255.255', '255.255.255.255:80'],
      ['::', '[0:0:0:0:0:0:0:0]:80'],
      ['::1', '[0:0:0:0:0:0:0:1]:80'],
      ['2001:DB8::ff00:42:8329', '[2001:db8:0:0:0:ff00:42:8329]:80'],
      ['1:2:3:4:5:6:7:8', '[1:2:3:4:5:6:7:8]:80'],
      ['fe80::1%eth0', '[fe80:0:0:0:0:0:0:1]:80'],
      ['64:ff9b::1.2.3.4', '[64:ff9b:0:0:0:0:102:304]:80'],
    ];
    for (const [address, text] of cases) expect(hostText(hostBytes(address, 80)!)).toBe(text);
  });

  it('turns a mapped IPv4 address into IPv4, as Java does', () => {
    expect(hostText(hostBytes('::ffff:10.1.2.3', 9)!)).toBe('10.1.2.3:9');
    expect(hostText(hostBytes('::FFFF:a01:203', 9)!)).toBe('10.1.2.3:9');
  });

  it('refuses what is no address', () => {
    const wrong = [
      '',
      'localhost',
      '1.2.3',
      '1.2.3.256',
      '1.2.3.4.5',
      '1..2.3',
      '1:2:3',
      '1:2:3:4:5:6:7:8:9',
    ];
    const more = [
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7::8:9',
      'g::1',
      '12345::',
      '1.2.3.4::',
      ' 1.2.3.4',
      '1:2:3:4:5:6:7:',
    ];
    for (const text of [...wrong, ...more])
      expect([text, hostBytes(text, 1)]).toEqual([text, undefined]);
  });

  it('reads back every address it wrote', () => {
    const ip = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(ip, fc.nat({ max: 65_535 }), (address, port) => {
        const bytes = hostBytes(address, port)!;
        expect(hostBytes(hostAddress(bytes), port)!.equals(bytes)).toBe(true);
      }),
    );
  });
});
