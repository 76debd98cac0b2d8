import { UPSTREAMS } from '../../../../src/datasources/upstreams.ts';
import type { Domain } from '../domain.ts';

/** The domain of each upstream: order.ts for `order`. */
export const DOMAINS: readonly Domain[] = await Promise.all(
  Object.keys(UPSTREAMS).map(async (name) => (await import(`./${name}.ts`)).domain),
);
