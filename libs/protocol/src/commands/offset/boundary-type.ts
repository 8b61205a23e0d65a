import { oneOf } from '../../schema/field.js';

/** Source: rocketmq 5.5.0 `BoundaryType`. */
export const boundaryTypeField = {
  boundaryType: oneOf({
    words: ['LOWER', 'UPPER'],
    default: 'LOWER',
    doc: 'Which of several messages stored in the same millisecond: the first or the last.',
  }),
};
