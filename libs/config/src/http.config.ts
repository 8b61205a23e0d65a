import { IntegerKey, TextKey } from './config-key.decorator.js';

/** The port for probes and metrics. It changes nothing and shows no secrets. */
export class HttpConfig {
  static readonly group = 'http';

  @IntegerKey({
    doc: 'Port for /healthz, /readyz and /metrics; 0 takes a free one, -1 turns it off. Default: listenPort + 2 for a broker, listenPort + 1 for a nameserver.',
    unit: 'port',
    min: -1,
    max: 65_535,
  })
  httpPort: number | undefined = undefined;

  @TextKey({
    doc: 'Address to listen on for probes and metrics.',
    danger: 'Whoever reaches it can read topic and group names in the metrics.',
  })
  httpBindAddress = '127.0.0.1';
}
