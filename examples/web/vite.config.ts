import { pageConfig } from '../vite.shared.ts';

export default pageConfig('http://127.0.0.1:4010');
