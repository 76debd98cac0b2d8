export type FieldError = { field: string; code: string };

/** An answer other than success that the contract knows. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[] | undefined;

  constructor(status: number, code: string, errors?: FieldError[]) {
    super(errors ? `${code}: ${errors.map((e) => `${e.field} ${e.code}`).join(', ')}` : code);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  toJSON() {
    return this.errors ? { code: this.code, errors: this.errors } : { code: this.code };
  }
}

export const notFound = () => new Refusal(404, 'not_found');

export function invalid(status: 400 | 422, ...errors: FieldError[]): Refusal {
  return new Refusal(status, 'invalid', errors);
}
