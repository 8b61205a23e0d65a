// `node --import ./tools/dev/register.mjs file.ts` runs TypeScript sources directly, decorator metadata included.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
