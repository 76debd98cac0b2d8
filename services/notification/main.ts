import { runService } from '../support/run-service.ts';

await runService({
  name: 'notification',
  defaultPort: 5003,
  create: async (options) => (await import('./service.ts')).createNotificationService(options),
});
