import { run } from '../support/run.ts';

await run({
  name: 'user',
  defaultPort: 5001,
  create: async (options) => (await import('./service.ts')).createUserService(options),
});
