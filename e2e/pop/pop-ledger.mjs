/** Distance from the end of the invisible time up to which an acknowledgement is surely in time. */
const IN_TIME_MS = 300;

const endOf = ({ handle }) => {
  const [, popTimeMs, invisibleMs] = handle.split(' ').map(Number);
  return popTimeMs + invisibleMs;
};

/**
 * What is known of one message, by its body.
 *
 * @typedef {object} Known
 * @property {number} sentMs when its send began
 * @property {boolean} promised the send was answered with success
 * @property {number} deliveries
 * @property {boolean} tried a consumer said that it is done, answered or not
 * @property {boolean} answered the broker said yes to that
 * @property {number | undefined} ackedMs when it said so first, surely in time
 */

/** What producers and consumers of a kill loop know, and what that says of the broker. */
export class PopLedger {
  /** @type {Map<string, Known>} */
  known = new Map();
  killedMs = [];
  forbidden = [];
  unknown = 0;
  repeatedAfterKill = 0;
  repeatedAfterLateAck = 0;

  /** @param {number} windowMs how long before a kill an acknowledgement may be that the kill undoes */
  constructor(windowMs) {
    this.windowMs = windowMs;
  }

  sending(body) {
    this.known.set(body, {
      sentMs: Date.now(),
      promised: false,
      deliveries: 0,
      tried: false,
      answered: false,
      ackedMs: undefined,
    });
  }

  sent(body) {
    this.known.get(body).promised = true;
  }

  delivered({ body }) {
    const message = this.known.get(body);
    if (!message) {
      this.unknown++;
      return;
    }
    message.deliveries++;
    if (!message.answered) return;
    if (message.ackedMs === undefined) this.repeatedAfterLateAck++;
    else if (this.mayRepeat(message)) this.repeatedAfterKill++;
    else this.forbidden.push(body);
  }

  trying(messages) {
    for (const { body } of messages) this.of(body).tried = true;
  }

  acked(messages) {
    for (const message of messages) {
      const known = this.of(message.body);
      known.answered = true;
      if (Date.now() < endOf(message) - IN_TIME_MS) known.ackedMs ??= Date.now();
    }
  }

  of(body) {
    return this.known.get(body) ?? {};
  }

  /** A kill may undo an acknowledgement shortly before it, and the note that a copy of the message was stored again. */
  mayRepeat({ sentMs, ackedMs }) {
    return this.killedMs.some((ms) => ms > sentMs && ms < ackedMs + this.windowMs);
  }

  judge() {
    const count = (test) => [...this.known.values()].filter(test).length;
    return {
      sent: count(({ promised }) => promised),
      deliveries: [...this.known.values()].reduce((sum, { deliveries }) => sum + deliveries, 0),
      ackedInTime: count(({ ackedMs }) => ackedMs !== undefined),
      // Of these a repeat is a broken promise; without any, this run proves nothing about repeats.
      bound: count((message) => message.ackedMs !== undefined && !this.mayRepeat(message)),
      repeatedAfterKill: this.repeatedAfterKill,
      repeatedAfterLateAck: this.repeatedAfterLateAck,
      forbidden: this.forbidden.length,
      lost: count(({ promised, tried }) => promised && !tried),
      unknown: this.unknown,
    };
  }
}

/** Whether a judgement holds. */
export const holds = ({ forbidden, lost, unknown, bound }) =>
  forbidden + lost + unknown === 0 && bound > 0;
