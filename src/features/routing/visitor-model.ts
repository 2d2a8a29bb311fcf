import { Type as t } from "@sinclair/typebox";
import { nullable, oneOf, strict, Time } from "../../platform/schema.ts";
import { methods } from "../../redirect/visit.ts";

const text = (maxLength: number, description?: string) =>
  t.Optional(t.String({ maxLength, ...(description ? { description } : {}) }));
const flag = t.Optional(t.Boolean());
const pairs = (description: string) =>
  t.Optional(
    t.Record(
      t.String({ pattern: "^(?!__proto__$)[^\\x00-\\x1f\\x7f]{1,100}$" }),
      t.String({ maxLength: 2000 }),
      {
        additionalProperties: false,
        maxProperties: 50,
        description,
        examples: [{}],
      },
    ),
  );

/** A visitor as one can be imagined. What is left out is as if the request did not have it. */
export const ImaginedVisitor = strict({
  time: t.Optional(Time),
  ip: text(64, "Whose country, region and so on are looked up, unless they are given."),
  userAgent: text(1000),
  language: text(500, "An Accept-Language header."),
  referrer: text(2000),
  query: text(2000, "What stands behind the ? of the short URL."),
  headers: pairs("Further headers of the request."),
  cookies: pairs("Cookies of the short domain."),
  method: t.Optional(oneOf(methods)),
  country: text(2),
  region: text(100),
  city: text(100),
  continent: text(2),
  latitude: t.Optional(t.Number({ minimum: -90, maximum: 90 })),
  longitude: t.Optional(t.Number({ minimum: -180, maximum: 180 })),
  timezone: text(64),
  asn: t.Optional(t.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  isp: text(200),
  datacenter: flag,
  vpn: flag,
  proxy: flag,
  tor: flag,
  returning: t.Optional(t.Boolean({ description: "Was here before, and kept the cookie." })),
  visitorKey: t.Optional(
    t.String({
      pattern: "^[A-Za-z0-9_-]{22}$",
      maxLength: 22,
      description:
        "22 characters of A-Z, a-z, 0-9, - and _: what a visitor is known by, on which percentages and splits hang",
      examples: ["AAAAAAAAAAAAAAAAAAAAAA"],
    }),
  ),
  unlocked: t.Optional(t.Boolean({ description: "Has shown the link's password." })),
  clicks: t.Optional(t.Integer({ minimum: 0, maximum: 1_000_000_000_000 })),
  visitorRate: t.Optional(t.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  linkRate: t.Optional(t.Integer({ minimum: 0, maximum: 1_000_000_000 })),
});
export type ImaginedVisitor = typeof ImaginedVisitor.static;

const Word = oneOf(["true", "false", "unknown"]);

export const Simulation = t.Object({
  rules: t.Array(
    t.Object({
      id: t.String(),
      result: Word,
      chosen: t.Boolean({ description: "The first that is true is the one that is followed." }),
      decidedBy: t.String({ description: "JSON pointer into the rule's conditions: what settled it." }),
      conditions: t.Array(
        t.Object({
          path: t.String(),
          field: t.String(),
          operator: t.String(),
          value: t.Unknown(),
          result: Word,
          given: t.Unknown({ description: "What the visitor has there." }),
          needs: nullable(t.String({ description: "Without which it cannot be known." })),
        }),
      ),
    }),
  ),
  answer: t.Object({
    outcome: nullable(t.String()),
    status: t.Integer(),
    location: nullable(t.String()),
    ruleId: nullable(t.String()),
    variantId: nullable(t.String()),
  }),
});
export type Simulation = typeof Simulation.static;
