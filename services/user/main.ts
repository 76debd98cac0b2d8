import { runService } from '../support/run-service.ts';

await runService({
  name: 'user',
  defaultPort: 5001,
  create: async (options) => (await import('./service.ts')).createUserService(options),
});
