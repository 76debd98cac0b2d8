import { run } from '../support/run.ts';

await run({
  name: 'order',
  defaultPort: 5002,
  create: async (options) => (await import('./service.ts')).createOrderService(options),
});
