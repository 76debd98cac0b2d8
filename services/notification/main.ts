import { run } from '../support/run.ts';
import { createNotificationService } from './service.ts';

await run({ name: 'notification', defaultPort: 5003, create: createNotificationService });
