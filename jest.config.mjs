/** Unit, golden, fuzz and crash tests of every project; `npx jest libs/storage` runs one. */
export default {
  testMatch: [
    '<rootDir>/{libs,apps,tools}/*/src/**/*.{spec,fuzz}.ts',
    '<rootDir>/{libs,apps,tools}/*/test/**/*.{spec,fuzz}.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/target/'],
  modulePathIgnorePatterns: ['/dist/', '/target/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    // Tests of a pair have both ends in one process.
    '^@rocketmq-ts/broker-slave-app$': '<rootDir>/apps/broker-slave/src/slave.lifecycle.ts',
    '^@rocketmq-ts/testing/store$': '<rootDir>/libs/testing/src/store/index.ts',
    '^@rocketmq-ts/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['<rootDir>/tools/jest/setup.mjs'],
  // Nearly all tests have a time of their own; this one only ends what hangs, also where others keep the machine busy.
  testTimeout: 60_000,
  testEnvironment: 'node',
};
