import { run } from '../support/run.ts';
import { createUserService } from './service.ts';

await run({ name: 'user', defaultPort: 5001, create: createUserService });
