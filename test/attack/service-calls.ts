import type { Environment } from '../support/environment.ts';

/** How many requests the services have seen since the last time, those for keys left out. */
export function takeCallCount(services: Environment['services']): number {
  const controls = Object.values(services).map(({ control }) => control);
  const routes = controls.flatMap(({ requests }) => Object.entries(requests().routes));
  for (const { reset } of controls) reset();
  return routes.reduce((sum, [name, count]) => (name === 'jwks' ? sum : sum + count), 0);
}
