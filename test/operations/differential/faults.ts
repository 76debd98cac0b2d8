import fc from 'fast-check';
import type { Fault as Misbehaviour } from '../../../services/support/faults.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { Environment } from '../../support/environment.ts';

/** What goes wrong in the services, and where. */
export interface Fault {
  readonly service: keyof Environment['services'];
  /** The single and the batch form of the same, so that it strikes whoever asks in either. */
  readonly operations: readonly string[];
  readonly how: Misbehaviour;
}

/**
 * Where a fault may strike. Users by id never do so alone: a page of them that was found tells their
 * account, too, to whoever asks in the same request.
 */
const TARGETS: readonly Pick<Fault, 'service' | 'operations'>[] = [
  { service: 'user', operations: ['*'] },
  { service: 'user', operations: ['searchUsers'] },
  { service: 'order', operations: ['*'] },
  { service: 'order', operations: ['getOrder', 'ordersByIds'] },
  { service: 'order', operations: ['ordersByUser', 'ordersByUsers'] },
  { service: 'order', operations: ['recentOrders'] },
  { service: 'notification', operations: ['*'] },
  { service: 'notification', operations: ['notificationsByUser', 'notificationsByUsers'] },
  { service: 'notification', operations: ['unreadByUser', 'unreadByUsers'] },
  { service: 'notification', operations: ['announcements'] },
];

/**
 * Whatever spoils each call as a whole, and without a wait: a batch that is half right, or half in
 * time, has no equal among single calls.
 */
const WAYS: readonly Misbehaviour[] = [
  { status: 500 },
  { status: 503 },
  { status: 429, retryAfter: 1 },
  { status: 400 },
  { reset: true },
  { cutBody: 'reset' },
  { malformed: 'json' },
  { malformed: 'shape' },
  { body: 'html' },
  { body: 'redirect' },
];

/** What can go wrong with the services that a BFF asks; mostly all of one is struck. */
export function faultsOf({ domains }: BffDefinition): fc.Arbitrary<Fault> {
  const asked = domains.map(({ schema }) => schema.replace(/^shared\/|\.graphql$/g, ''));
  const targets = TARGETS.filter(({ service }) => asked.includes(service));
  const whole = targets.filter(({ operations }) => operations.includes('*'));
  const target = fc.oneof(fc.constantFrom(...whole), fc.constantFrom(...targets));
  return fc.tuple(target, fc.constantFrom(...WAYS)).map(([where, how]) => ({ ...where, how }));
}

export function strike({ services }: Environment, { service, operations, how }: Fault): void {
  services[service].control.faults(Object.fromEntries(operations.map((name) => [name, how])));
}

export function recover({ services }: Environment): void {
  for (const { control } of Object.values(services)) control.clear();
}
