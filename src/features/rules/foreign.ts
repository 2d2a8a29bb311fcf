import { invalid } from "../../lib/errors.ts";

/** A condition tree as other systems write it: a list with its logic, or an object with a type. */
export interface Foreign {
  readonly conditions?: unknown;
  readonly conditionLogic?: "AND" | "OR" | undefined;
  readonly type?: Type | undefined;
}
type Type = "geo" | "device" | "time" | "referrer" | "utm" | "percentage" | "language" | "visitor_state";

/**
 * The tree that the two forms of Linquid mean; a tree is left as it is. The paths of what is wrong are then those of the
 * tree that is stored.
 */
export function treeOf({ conditions, conditionLogic, type }: Foreign): unknown {
  if (type !== undefined) {
    if (typeof conditions !== "object" || conditions === null || Array.isArray(conditions))
      throw invalid("/conditions", `conditions of type ${type} are an object`);
    return typed[type](reader(conditions as Record<string, unknown>));
  }
  if (!Array.isArray(conditions)) {
    if (conditionLogic !== undefined)
      throw invalid("/conditionLogic", "conditionLogic joins a list of conditions");
    return conditions;
  }
  return conditionLogic === "OR" && conditions.length > 0 ? { any: conditions } : { all: conditions };
}

interface Reader {
  take(name: string): unknown;
  /** A list or a single one, as a condition on a field; nothing when it is not there. */
  list(name: string, field: string): unknown[];
  /** Refuses what nobody has asked for. */
  rest(): void;
  readonly operator: "in" | "not_in";
}

function reader(object: Record<string, unknown>): Reader {
  const left = new Set(Object.keys(object));
  const take = (name: string): unknown => {
    left.delete(name);
    return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
  };
  const operator = take("operator");
  if (operator !== undefined && !["in", "not_in", "contains"].some((known) => known === operator))
    throw invalid("/conditions/operator", "operator is one of in, not_in, contains");
  return {
    operator: operator === "not_in" ? "not_in" : "in",
    take,
    list(name, field) {
      const value = take(name);
      if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
      return [{ field, operator: operator === "not_in" ? "not_in" : "in", value }];
    },
    rest() {
      const [odd] = left;
      if (odd !== undefined) throw invalid(`/conditions/${odd}`, `${odd} is not known here`);
    },
  };
}

const all = (from: Reader, ...conditions: unknown[]): unknown => {
  from.rest();
  if (conditions.length === 0) throw invalid("/conditions", "conditions name nothing to look at");
  return { all: conditions };
};

const typed: Readonly<Record<Type, (from: Reader) => unknown>> = {
  geo: (from) =>
    all(
      from,
      ...from.list("countries", "country"),
      ...from.list("regions", "region"),
      ...from.list("cities", "city"),
    ),
  device: (from) =>
    all(
      from,
      ...from.list("devices", "device"),
      ...from.list("os", "os"),
      ...from.list("browsers", "browser"),
    ),
  language: (from) => all(from, ...from.list("languages", "language")),
  time(from) {
    const zone = from.take("timezone");
    const zoned = zone === undefined ? {} : { timezone: zone };
    const days = from.list("days", "dayOfWeek").map((one) => ({ ...(one as object), ...zoned }));
    const [start, end] = [from.take("startTime"), from.take("endTime")];
    const hours =
      start === undefined && end === undefined
        ? []
        : [{ field: "timeOfDay", operator: "between", value: [start ?? "00:00", end ?? "23:59"], ...zoned }];
    return all(from, ...days, ...hours);
  },
  referrer(from) {
    const referrers = [from.take("referrers") ?? []].flat();
    const any = { any: referrers.map((value) => ({ field: "referrer", operator: "contains", value })) };
    return all(from, ...(referrers.length === 0 ? [] : [from.operator === "not_in" ? { not: any } : any]));
  },
  utm(from) {
    const names = ["source", "medium", "campaign", "term", "content"];
    const conditions = names.flatMap((name) =>
      from.list(`utm_${name}`, `utm${name[0]!.toUpperCase()}${name.slice(1)}`),
    );
    return all(from, ...conditions);
  },
  percentage(from) {
    const value = from.take("percentage");
    return all(from, { field: "percentage", operator: "less_than", value });
  },
  visitor_state(from) {
    const state = from.take("state");
    if (state !== "new" && state !== "returning")
      throw invalid("/conditions/state", "state is new or returning");
    return all(from, { field: state === "new" ? "newVisitor" : "returning", operator: "is_true" });
  },
};
