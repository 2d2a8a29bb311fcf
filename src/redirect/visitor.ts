import type { Language } from "./rules/language.ts";

/** What a user agent says of the machine behind it, and of who asks. Unknown texts are empty. */
export interface VisitorAgent {
  readonly device: string;
  readonly brand: string;
  readonly os: string;
  readonly osVersion: string;
  readonly browser: string;
  readonly browserVersion: string;
}

/** Where an address is. Unknown texts are empty, unknown numbers null. */
export interface VisitorPlace {
  readonly country: string;
  readonly region: string;
  readonly city: string;
  readonly continent: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly timezone: string;
}

/** Everything rules ask of a visitor: each read on first use. */
export interface Visitor {
  readonly at: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly address: string;
  readonly agent: VisitorAgent;
  readonly place: VisitorPlace | null;
  readonly languages: readonly Language[];
  readonly referrer: string;
  readonly referrerHost: string;
  parameters(name: string): readonly string[];
  header(name: string): string;
  cookie(name: string): string | null;
}
