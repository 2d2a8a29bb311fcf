import { AppError } from "../lib/errors.ts";
import type { Api } from "./api.ts";
import { bringsCredentials } from "./callers.ts";
import type { Metrics } from "./metrics.ts";

/** Why the process cannot do its work now, by part; empty when all is well. */
export type Problems = Readonly<Record<string, string>>;

export interface HealthOptions {
  problems(): Problems;
  /** What should be looked after though all works, by part. */
  warnings(): Problems;
  readonly metrics: Metrics;
  /** Who asks; calls are counted as the API's are, so that keys cannot be guessed here either. */
  readonly identify: Api["identify"];
  addressOf(request: Request, peers: Peers): string;
}

interface Peers {
  requestIP(request: Request): { readonly address: string } | null;
}
type Answer = (request: Request, peers: Peers) => Promise<Response>;

/**
 * Liveness, readiness and metrics. On the public listener, reasons and numbers are for operators; the private one
 * asks nobody.
 */
export function healthAnswers({ problems, warnings, metrics, identify, addressOf }: HealthOptions) {
  /** Whoever cannot be looked up is nobody: the answer must come most of all when the database is away. */
  const isOperator = async (request: Request, peers: Peers): Promise<boolean> => {
    if (!bringsCredentials(request)) return false;
    const actor = await identify(request, addressOf(request, peers)).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "RATE_LIMITED") throw error;
      return null;
    });
    return actor?.permissions.has("installation:read") ?? false;
  };
  /** Too many keys were tried: nothing is told, not even whether this one is right. */
  const limited =
    (answer: Answer): Answer =>
    (request, peers) =>
      answer(request, peers).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        return json(429, { message: error.message }, error.headers);
      });

  const healthz: Answer = async () => json(200, { status: "ok" });

  const readyz =
    (open: boolean): Answer =>
    async (request, peers) => {
      const found = problems();
      const ready = Object.keys(found).length === 0;
      const doubts = warnings();
      const reasons = { problems: found, ...(Object.keys(doubts).length > 0 && { warnings: doubts }) };
      const told = open || (await isOperator(request, peers)) ? { ready, ...reasons } : { ready };
      return json(ready ? 200 : 503, told);
    };

  const numbers =
    (open: boolean): Answer =>
    async (request, peers) => {
      if (!open && !(await isOperator(request, peers)))
        return json(401, { message: "Send an operator's key, or scrape WAYPOST_METRICS_LISTEN." });
      return new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } });
    };

  return {
    open: { healthz, readyz: readyz(true), metrics: numbers(true) },
    guarded: { healthz, readyz: limited(readyz(false)), metrics: limited(numbers(false)) },
  };
}

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
