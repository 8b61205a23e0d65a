/**
 * Measures filters: `node --import ./tools/dev/register.mjs libs/filter/src/sql-filter.bench.ts`. One line per expression:
 * evaluations per second on one core, finding the properties in the record's bytes included.
 */
import { SqlFilter } from './sql-filter.js';

const ROUNDS = 5;
const EVALUATIONS = 1_000_000;

/** As the Java client sends: what it sets itself, then what the application set. */
const messages = Array.from({ length: 256 }, (_, i) => {
  const own = `UNIQ_KEY\u00017F0000010000000000000000${i.toString(16).padStart(8, '0')}\u0002WAIT\u0001true\u0002TAGS\u0001t${i % 7}\u0002KEYS\u0001order-${i}\u0002CLUSTER\u0001DefaultCluster\u0002`;
  const c = i % 3 === 0 ? '' : `c\u0001value ${i}\u0002`;
  return Buffer.from(`${own}a\u0001${i % 11}\u0002b\u0001${i % 2 === 0 ? 'x' : 'y'}\u0002${c}`);
});

const expressions = [
  "a > 5 AND b = 'x' OR c IS NULL",
  "b IN ('p', 'q', 'r', 'x')",
  'a BETWEEN 3 AND 7 AND c IS NOT NULL',
  "c CONTAINS '5'",
  'a > 4.5',
  Array.from({ length: 20 }, (_, i) => `p${i} = ${i}`).join(' OR '),
];

for (const expression of expressions) {
  const filter = new SqlFilter(expression);
  const rates: number[] = [];
  let matched = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const startNs = process.hrtime.bigint();
    matched = 0;
    for (let i = 0; i < EVALUATIONS; i++) {
      const message = messages[i & 255]!;
      if (filter.matches(message, 0, message.length)) matched++;
    }
    rates.push(EVALUATIONS / (Number(process.hrtime.bigint() - startNs) / 1e9));
  }
  const median = rates.sort((a, b) => a - b)[ROUNDS >> 1]!;
  const share = Math.round((100 * matched) / EVALUATIONS);
  const shown = expression.length > 50 ? `${expression.slice(0, 47)}...` : expression;
  console.log(`${shown.padEnd(52)} ${Math.round(median).toLocaleString('en')}/s, ${share} % match`);
}
