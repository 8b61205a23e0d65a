import tests from '../../jest.config.mjs';

/**
 * Measurements that judge their own figures (`npx nx measure`). They want the machine for themselves and take minutes:
 * they are no part of `npm test`.
 */
export default {
  ...tests,
  rootDir: '../..',
  testMatch: ['<rootDir>/{libs,apps}/*/test/**/*.measure.ts'],
};
