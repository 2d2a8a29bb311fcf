import type { TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { ValidationError } from "elysia";
import type { ErrorDetail } from "../lib/errors.ts";

interface SchemaError {
  readonly path?: string;
  readonly message?: string;
  readonly summary?: string;
  readonly schema?: { readonly [key: string]: unknown };
}

const DETAILS_MAX = 20;

/** Everything wrong with a request, each with the field's JSON pointer and a sentence that says what it takes. */
export const detailsOf = (error: ValidationError, request: Request): ErrorDetail[] =>
  told(error.all as SchemaError[], () => parameterOf(error, request));

/** For what is judged one by one, such as the rows of a list: what is wrong with a value, or null when it is as the schema says. */
export function checkerOf<S extends TSchema>(schema: S): (value: unknown) => ErrorDetail[] | null {
  const check = TypeCompiler.Compile(schema);
  return (value) => (check.Check(value) ? null : told(check.Errors(value), () => "/"));
}

function told(errors: Iterable<SchemaError>, nameless: () => string): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>();
  for (const one of errors) {
    const path = one.path || nameless();
    // The first complaint about a field is the most telling; the parts of a union complain after the whole.
    if (!details.has(path)) details.set(path, { path, message: sentence(path, one) });
    if (details.size === DETAILS_MAX) break;
  }
  return [...details.values()];
}

/** A number out of its range in a query is refused without a name; its value tells which it is. */
function parameterOf(error: ValidationError, request: Request): string {
  if ((error.type as string) !== "property") return "/";
  for (const [name, value] of new URL(request.url).searchParams)
    if (value === String(error.value)) return `/${name}`;
  return "/";
}

function sentence(path: string, { message = "is not valid", schema = {} }: SchemaError): string {
  const field = path === "/" ? "The body" : path.slice(1).replaceAll("/", ".");
  if (message === "Unexpected property") return `${field} is not known here`;
  if (message === "Expected required property") return `${field} is required`;
  return `${field} must be ${wanted(schema, message)}`;
}

/** What a schema takes, in words. */
function wanted(schema: { readonly [key: string]: unknown }, message: string): string {
  const options = (schema["anyOf"] as { const?: unknown; type?: string }[] | undefined) ?? [];
  const constants = options.map((one) => one.const).filter((one) => one !== undefined);
  if (constants.length > 0 && constants.length === options.length) return `one of ${constants.join(", ")}`;
  // Numbers in queries are "a number, or text that is one" to Elysia.
  const whole = options.find(({ type }) => type === "integer");
  if (whole && options.some(({ type }) => type === "string")) return wanted(whole, message);
  if (options.length > 0) return options.map((one) => wanted(one, message)).join(" or ");
  switch (schema["type"]) {
    case "string":
      return text(schema);
    case "integer":
      return `a whole number${range(schema["minimum"], schema["maximum"])}`;
    case "number":
      return `a number${range(schema["minimum"], schema["maximum"])}`;
    case "boolean":
      return "true or false";
    case "array":
      return `a list${range(schema["minItems"], schema["maxItems"], " items")}`;
    case "object":
      return "an object";
    case "null":
      return "null";
    default:
      return message.replace(/^Expected /, "").toLowerCase();
  }
}

function text(schema: { readonly [key: string]: unknown }): string {
  const size = range(schema["minLength"], schema["maxLength"], " characters");
  const described = typeof schema["description"] === "string" && schema["pattern"] !== undefined;
  return described ? `${schema["description"]} (text${size})` : `text${size}`;
}

function range(min: unknown, max: unknown, unit = ""): string {
  if (min !== undefined && max !== undefined) return ` of ${min} to ${max}${unit}`;
  if (max !== undefined) return ` of at most ${max}${unit}`;
  if (min !== undefined) return ` of at least ${min}${unit}`;
  return "";
}
