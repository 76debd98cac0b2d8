/** The viewers whom a rule allows, as the pages of the schema name them. */
interface RuleAudience {
  /** Such as `the owner, staff`; empty for those who may see the parent. */
  readonly viewers: string;
  /** The scopes of which third-party clients and partners need one; undefined if they need none. */
  readonly scopes: readonly string[] | undefined;
}

/** A field that a rule has refused to the viewer of a request. */
export interface Refusal {
  /** The place in the response. */
  readonly path: readonly (string | number)[];
  /** The schema coordinate, such as `Order.total`. */
  readonly field: string;
  /** Whom the rule allows. */
  readonly allows: RuleAudience | undefined;
  /** The code and the message of the error in the response. */
  readonly code: string;
  readonly reason: string;
}
