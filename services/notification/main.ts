import { run } from '../support/run.ts';

await run({
  name: 'notification',
  defaultPort: 5003,
  create: async (options) => (await import('./service.ts')).createNotificationService(options),
});
