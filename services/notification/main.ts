import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { runService } from '../support/run-service.ts';

await runService({
  name: 'notification',
  defaultPort: UPSTREAMS.notification.port,
  create: async (options) => (await import('./service.ts')).createNotificationService(options),
});
