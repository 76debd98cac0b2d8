import { Counter, Gauge, type Registry } from 'prom-client';

interface Ended {
  readonly protocol: string;
  readonly reason: string;
  /** Events that the client has not got. */
  readonly dropped: number;
}

/** Adds the metrics of subscriptions to a registry. */
export function createSubscriptionMetrics(registry: Registry) {
  const registers = [registry];
  const open = new Gauge({
    name: 'frontdesk_subscriptions',
    help: 'Open subscriptions, by protocol.',
    labelNames: ['protocol'],
    registers,
  });
  const ended = new Counter({
    name: 'frontdesk_subscriptions_ended_total',
    help: 'Subscriptions that have ended, by protocol and reason.',
    labelNames: ['protocol', 'reason'],
    registers,
  });
  const events = new Counter({
    name: 'frontdesk_subscription_events_total',
    help: 'Events of subscriptions: delivered, failed (delivered with errors), or dropped because the client was too slow.',
    labelNames: ['protocol', 'outcome'],
    registers,
  });
  return {
    begin: (protocol: string): void => open.inc({ protocol }),
    deliver: (protocol: string, isFailed: boolean): void =>
      events.inc({ protocol, outcome: isFailed ? 'failed' : 'delivered' }),
    end({ protocol, reason, dropped }: Ended): void {
      open.dec({ protocol });
      ended.inc({ protocol, reason });
      events.inc({ protocol, outcome: 'dropped' }, dropped);
    },
  };
}
