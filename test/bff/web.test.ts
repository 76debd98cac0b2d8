import { web } from '../../bff-web/bff.ts';
import { contract } from './contract.ts';

contract(web);
