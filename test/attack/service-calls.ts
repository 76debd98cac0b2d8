import type { Environment } from '../support/environment.ts';

/** Counts the requests to the services since the last call, without those for keys. */
export function takeCallCount(services: Environment['services']): number {
  const controls = Object.values(services).map(({ control }) => control);
  const routes = controls.flatMap(({ requests }) => Object.entries(requests().routes));
  for (const { reset } of controls) reset();
  return routes.reduce((sum, [name, count]) => (name === 'jwks' ? sum : sum + count), 0);
}
