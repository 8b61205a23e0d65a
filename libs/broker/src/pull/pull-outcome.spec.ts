import { expect, it } from '@jest/globals';
import { ResponseCode } from '@rocketmq-ts/protocol';
import type { ReadStatus } from '@rocketmq-ts/storage';
import { pullCode } from './pull-outcome.js';

const { SUCCESS, PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED } = ResponseCode;

it.each<[ReadStatus, number, ResponseCode]>([
  ['FOUND', 0, SUCCESS],
  ['MESSAGE_WAS_REMOVING', 5, PULL_RETRY_IMMEDIATELY],
  ['NO_MATCHED_MESSAGE', 5, PULL_RETRY_IMMEDIATELY],
  ['NO_MATCHED_LOGIC_QUEUE', 0, PULL_NOT_FOUND],
  ['NO_MATCHED_LOGIC_QUEUE', 5, PULL_OFFSET_MOVED],
  ['NO_MESSAGE_IN_QUEUE', 0, PULL_NOT_FOUND],
  ['NO_MESSAGE_IN_QUEUE', 5, PULL_OFFSET_MOVED],
  ['OFFSET_FOUND_NULL', 5, PULL_NOT_FOUND],
  ['OFFSET_OVERFLOW_ONE', 5, PULL_NOT_FOUND],
  ['OFFSET_OVERFLOW_BADLY', 5, PULL_OFFSET_MOVED],
  ['OFFSET_TOO_SMALL', 5, PULL_OFFSET_MOVED],
])('a read that ends with %s at offset %i is answered %i', (status, offset, code) => {
  expect(pullCode(status, offset)).toBe(code);
});
