import { describe, expect, it } from '@jest/globals';
import { FilterSyntaxError } from './filter-syntax.error.js';
import { SqlFilter } from './sql-filter.js';
import { SqlFilters } from './sql-filters.js';

describe('filters by their text', () => {
  it('compiles a text once, and remembers what cannot be compiled', () => {
    const filters = new SqlFilters();
    const good = filters.get('a = 5');
    expect(good).toBeInstanceOf(SqlFilter);
    expect(filters.get('a = 5')).toBe(good);
    const bad = filters.get('a =');
    expect(bad).toBeInstanceOf(FilterSyntaxError);
    expect(filters.get('a =')).toBe(bad);
  });

  it('keeps a bounded number of them', () => {
    const filters = new SqlFilters();
    const first = filters.get('a = 0');
    for (let i = 1; i <= 4_096; i++) filters.get(`a = ${i}`);
    expect(filters.get('a = 0')).not.toBe(first);
  });
});
