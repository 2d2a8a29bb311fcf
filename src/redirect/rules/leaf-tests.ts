import { isWithin, type Network, parseNetwork } from "../../lib/ip.ts";
import type { Visitor } from "../visitor.ts";
import type { Leaf } from "./condition.ts";
import type { Field, Kind } from "./fields.ts";
import { type Box, type Circle, distanceKm, isInBox } from "./geography.ts";
import { isInRange } from "./language.ts";
import { compilePattern } from "./pattern.ts";
import { type Test, truthOf, UNKNOWN } from "./truth.ts";
import { compareVersions, versionOf } from "./version.ts";
import { momentsOf, wallClock, weekdays } from "./zone.ts";

type FieldOf<K extends Kind> = Extract<Field, { readonly kind: K }>;

/**
 * How each kind of field is asked: positive operators only, `compile.ts` turns them round. Null for an operator that is
 * not known.
 */
export const leafTests: { readonly [K in Kind]: (leaf: Leaf, field: FieldOf<K>) => Test | null } = {
  text(leaf, { read }) {
    const holds = textHolds(leaf);
    if (holds === null) return null;
    return (visitor) => {
      const text = read(visitor, leaf);
      if (text === null) return UNKNOWN;
      // What is absent equals nothing and contains nothing.
      return truthOf(text !== "" && holds(text));
    };
  },
  texts(leaf, { read }) {
    const holds = textHolds(leaf);
    if (holds === null) return null;
    return (visitor) => {
      const texts = read(visitor, leaf);
      return texts === null ? UNKNOWN : truthOf(texts.some(holds));
    };
  },
  number(leaf, { read }) {
    const holds = numberHolds(leaf.operator, leaf.value);
    if (holds === null) return null;
    return (visitor) => {
      const number = read(visitor, leaf);
      return number === null ? UNKNOWN : truthOf(holds(number));
    };
  },
  version(leaf, { read }) {
    const holds = versionHolds(leaf);
    if (holds === null) return null;
    return (visitor) => {
      const version = versionOf(read(visitor, leaf) ?? "");
      return truthOf(version !== null && holds(version));
    };
  },
  flag(leaf, { read }) {
    if (leaf.operator !== "is_true") return null;
    return (visitor) => {
      const flag = read(visitor, leaf);
      return flag === null ? UNKNOWN : truthOf(flag);
    };
  },
  address(leaf, { read }) {
    const networks = [leaf.value].flat().map((one) => parseNetwork(String(one)));
    if (!networks.every((one): one is Network => one !== null)) return null;
    return (visitor) => {
      const address = read(visitor, leaf);
      return address === null ? UNKNOWN : truthOf(isWithin(address, networks));
    };
  },
  weekday(leaf) {
    const days = [leaf.value].flat();
    return zoned(leaf, ({ weekday }) => days.includes(weekdays[weekday]));
  },
  clock(leaf) {
    const isHour = leaf.field === "hour";
    const holds = isHour ? hoursHold(leaf.operator, leaf.value) : timesHold(leaf.operator, leaf.value);
    return holds && zoned(leaf, ({ minute }) => holds(isHour ? Math.floor(minute / 60) : minute));
  },
  date(leaf) {
    const holds = dateHolds(leaf);
    return holds && ((visitor) => truthOf(holds(visitor.at)));
  },
  location({ value }) {
    const area = value as Circle | Box;
    return ({ place }) => {
      if (place === null || place.latitude === null || place.longitude === null) return UNKNOWN;
      const point = { latitude: place.latitude, longitude: place.longitude };
      return truthOf("radiusKm" in area ? distanceKm(point, area) <= area.radiusKm : isInBox(point, area));
    };
  },
  language({ value, quality }) {
    const wanted = [value].flat().map(String);
    return ({ languages }) => {
      const least = quality ?? languages[0]?.quality ?? 1;
      return truthOf(
        languages.some((one) => one.quality >= least && wanted.some((range) => isInRange(one.tag, range))),
      );
    };
  },
};

/** A set takes more memory than so many texts, and is asked no faster. */
const FEW = 8;

type Holds<T> = (value: T) => boolean;

function textHolds({ operator, value }: Leaf): Holds<string> | null {
  if (operator === "is_set") return () => true;
  if (operator === "in") {
    const wanted = [value].flat().map((one) => String(one).toLowerCase());
    if (wanted.length <= FEW) return (text) => wanted.includes(text.toLowerCase());
    const set = new Set(wanted);
    return (text) => set.has(text.toLowerCase());
  }
  const wanted = String(value).toLowerCase();
  switch (operator) {
    case "equals":
      return (text) => text.toLowerCase() === wanted;
    case "contains":
      return (text) => text.toLowerCase().includes(wanted);
    case "starts_with":
      return (text) => text.toLowerCase().startsWith(wanted);
    case "ends_with":
      return (text) => text.toLowerCase().endsWith(wanted);
    case "matches": {
      const pattern = compilePattern(String(value));
      return typeof pattern === "string" ? null : (text) => pattern.found(text.toLowerCase());
    }
    default:
      return null;
  }
}

function numberHolds(operator: string, value: unknown): Holds<number> | null {
  const [one, other] = [value].flat() as number[];
  switch (operator) {
    case "equals":
    case "in": {
      const wanted = [value].flat() as number[];
      return (number) => wanted.includes(number);
    }
    case "greater_than":
      return (number) => number > one!;
    case "less_than":
      return (number) => number < one!;
    case "between":
      return (number) => number >= one! && number <= other!;
    default:
      return null;
  }
}

/** Both ends count; from 22 to 3 goes over midnight. */
function hoursHold(operator: string, value: unknown): Holds<number> | null {
  if (operator !== "between") return numberHolds(operator, value);
  const [from, to] = value as [number, number];
  return (hour) => (from <= to ? hour >= from && hour <= to : hour >= from || hour <= to);
}

/** The beginning counts, the end does not; from 22:00 to 06:00 goes over midnight. */
function timesHold(operator: string, value: unknown): Holds<number> | null {
  const minutes = [value].flat().map((one) => minuteOf(String(one)));
  if (operator !== "between") return numberHolds(operator, minutes);
  const [from, to] = minutes as [number, number];
  return (minute) => (from <= to ? minute >= from && minute < to : minute >= from || minute < to);
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

function versionHolds({ operator, value }: Leaf): Holds<readonly number[]> | null {
  const wanted = [value].flat().map((one) => versionOf(String(one)) ?? []);
  const [one, other] = wanted;
  switch (operator) {
    case "equals":
    case "in":
      return (version) => wanted.some((each) => compareVersions(version, each) === 0);
    case "greater_than":
      return (version) => compareVersions(version, one!) > 0;
    case "less_than":
      return (version) => compareVersions(version, one!) < 0;
    case "between":
      return (version) => compareVersions(version, one!) >= 0 && compareVersions(version, other!) <= 0;
    default:
      return null;
  }
}

/** A day counts whole: later than a day is after its end. */
function dateHolds({ operator, value, timezone = "UTC" }: Leaf): Holds<number> | null {
  const [one, other = one] = [value].flat().map((text) => momentsOf(String(text), timezone));
  if (!one || !other) return null;
  switch (operator) {
    case "equals":
      return (at) => at >= one.from && at < one.next;
    case "greater_than":
      return (at) => at >= one.next;
    case "less_than":
      return (at) => at < one.from;
    case "between":
      return (at) => at >= one.from && at < other.next;
    default:
      return null;
  }
}

function zoned({ timezone = "UTC" }: Leaf, holds: (clock: ReturnType<typeof wallClock>) => boolean): Test {
  if (timezone !== "visitor") return ({ at }) => truthOf(holds(wallClock(at, timezone)));
  return ({ at, place }: Visitor) => {
    try {
      return place?.timeZone ? truthOf(holds(wallClock(at, place.timeZone))) : UNKNOWN;
    } catch {
      // A database may name zones that this machine does not know.
      return UNKNOWN;
    }
  };
}
