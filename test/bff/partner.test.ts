import { partner } from '../../bff-partner/bff.ts';
import { contract } from './contract.ts';

contract(partner);
