import { run } from '../support/run.ts';
import { createOrderService } from './service.ts';

await run({ name: 'order', defaultPort: 5002, create: createOrderService });
