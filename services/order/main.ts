import { runService } from '../support/run-service.ts';

await runService({
  name: 'order',
  defaultPort: 5002,
  create: async (options) => (await import('./service.ts')).createOrderService(options),
});
