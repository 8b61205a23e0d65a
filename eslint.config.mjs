// Types do most of the checking; these rules guard what types cannot see: promises left alone, conditions that are
// always true, and the layers of house style 2.2 (who may touch sockets, files, clocks and Nest).
import tseslint from 'typescript-eslint';

/** Node modules through which code reaches the outside world. */
const ioModules = [
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:tls',
  'node:http',
  'node:https',
  'node:http2',
  'node:dgram',
  'node:dns',
  'node:child_process',
  'node:worker_threads',
  'node:cluster',
  'node:timers',
  'node:timers/promises',
  'node:vm',
];
const ioGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance', 'fetch'].map(
  (name) => ({ name, message: 'Time and I/O come through the seams of @rocketmq-ts/kernel.' }),
);
const nestPackages = ['@nestjs/*', 'rxjs', 'rxjs/*'];

const purity = (files, { allowNest = false, allowIo = [], except = [] } = {}) => ({
  files,
  ignores: ['**/*.spec.ts', '**/*.fuzz.ts', '**/*.bench.ts', '**/test/**', ...except],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: ioModules
          .filter((name) => !allowIo.includes(name))
          .map((name) => ({
            name,
            message: 'Reach the world through the seams of @rocketmq-ts/kernel.',
          })),
        patterns: allowNest
          ? []
          : [{ group: nestPackages, message: 'Nest stays at the edge (house style 2.2).' }],
      },
    ],
    'no-restricted-globals': ['error', ...ioGlobals],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: 'Use the Random seam.' },
      { object: 'process', property: 'hrtime', message: 'Use the Clock seam.' },
      { object: 'process', property: 'env', message: 'Only libs/config reads the environment.' },
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/target/',
      '**/node_modules/',
      'libs/protocol/test/golden/',
      '.nx/',
      'bench/java/',
      'e2e/java/',
    ],
  },
  {
    files: ['{apps,libs,tools}/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-unnecessary-condition': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off', // a handler may be async by contract without waiting for anything
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }], // rethrown as caught
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CatchClause[body.body.length=0]',
          message: 'Say why the error does not matter, or rethrow it.',
        },
      ],
    },
  },
  {
    files: [
      '**/*.spec.ts',
      '**/*.fuzz.ts',
      '**/test/**/*.ts',
      '**/*.bench.ts',
      'libs/testing/**/*.ts',
    ],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off', // JSON read back in a test
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off', // flags that a callback sets meanwhile
    },
  },
  purity(['libs/{kernel,filter,protocol,routing,remoting,storage,replication}/src/**/*.ts']),
  purity(['libs/platform/src/**/*.ts'], { allowIo: ioModules }),
  purity(['libs/broker/src/**/*.ts'], {
    except: [
      'libs/broker/src/**/*.module.ts',
      'libs/broker/src/**/*.controller.ts',
      'libs/broker/src/service/*.ts',
    ],
  }),
  purity(
    [
      'libs/broker/src/**/*.{module,controller}.ts',
      'libs/broker/src/service/*.ts',
      'libs/nest-*/src/**/*.ts',
    ],
    { allowNest: true },
  ),
  // The port for probes and metrics; no seam stands between, as no rule of ours depends on it.
  purity(['libs/nest-service/src/http-port.ts'], { allowNest: true, allowIo: ['node:http'] }),
  {
    files: ['libs/platform/src/**/*.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
);
