export * from './filter-syntax.error.js';
export {
  EXPRESSION_DEPTH_MAX,
  EXPRESSION_LENGTH_MAX,
  EXPRESSION_TOKEN_COUNT_MAX,
} from './parser.js';
export * from './sql-filter.js';
export * from './sql-filters.js';
