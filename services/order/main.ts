import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { runService } from '../support/run-service.ts';

await runService({
  name: 'order',
  defaultPort: UPSTREAMS.order.port,
  create: async (options) => (await import('./service.ts')).createOrderService(options),
});
