export type FieldError = { field: string; code: string };

/** An error response of the contract (`Problem` and `InvalidProblem` in openapi.yaml). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[] | undefined;

  constructor(status: number, code: string, errors?: FieldError[]) {
    super(errors ? `${code}: ${errors.map((e) => `${e.field} ${e.code}`).join(', ')}` : code);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  toJSON() {
    return this.errors ? { code: this.code, errors: this.errors } : { code: this.code };
  }
}

export const notFound = () => new Problem(404, 'not_found');

export function invalid(status: 400 | 422, ...errors: FieldError[]): Problem {
  return new Problem(status, 'invalid', errors);
}
