import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { runService } from '../support/run-service.ts';

await runService({
  name: 'user',
  defaultPort: UPSTREAMS.user.port,
  create: async (options) => (await import('./service.ts')).createUserService(options),
});
