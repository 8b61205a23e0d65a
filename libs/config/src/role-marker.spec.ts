import { describe, expect, it } from '@jest/globals';
import { SimulatedClock, SimulatedDisk, SimulatedRandom } from '@rocketmq-ts/testing';
import { RoleMarkerFile, type RoleMarker } from './role-marker.js';

const MARKER: RoleMarker = { role: 'SYNC_MASTER', epoch: 2, sinceMs: 5, fromOffset: 77 };

async function settled<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
  let done = false;
  const watched = work.finally(() => (done = true));
  watched.catch(() => undefined);
  for (let i = 0; i < 200 && !done; i++) await clock.advance(1);
  return watched;
}

function newFile() {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk(clock, new SimulatedRandom(1));
  return { clock, disk, file: new RoleMarkerFile(disk, '/store') };
}

describe('RoleMarkerFile', () => {
  it('keeps what was saved over a loss of power', async () => {
    const { clock, disk, file } = newFile();
    await settled(clock, disk.makeDirectory('/store/config'));
    expect(await settled(clock, file.load())).toBeUndefined();
    await settled(clock, file.save(MARKER));
    disk.losePower();
    expect(await settled(clock, new RoleMarkerFile(disk, '/store').load())).toEqual(MARKER);
  });

  it('keeps an epoch without a role', async () => {
    const { clock, disk, file } = newFile();
    await settled(clock, disk.makeDirectory('/store/config'));
    const { role: _, ...heardOf } = MARKER;
    await settled(clock, file.save(heardOf));
    expect(await settled(clock, file.load())).toEqual(heardOf);
  });

  it.each(['', '{}', '{"role":"KING","epoch":1,"sinceMs":0,"fromOffset":0}', '{"epoch":-1}'])(
    'does not take %j for a marker',
    async (text) => {
      const { clock, disk, file } = newFile();
      await settled(clock, disk.makeDirectory('/store/config'));
      const other = await settled(clock, disk.open(file.path, { create: true }));
      const written = new Promise<void>((resolve, reject) => {
        other.write([Buffer.from(text)], 0, (error) => (error ? reject(error) : resolve()));
      });
      if (text !== '') await settled(clock, written);
      await expect(settled(clock, file.load())).rejects.toThrow(file.path);
    },
  );
});
