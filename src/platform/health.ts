import type { Peers } from "../redirect/client.ts";
import type { Actor } from "./context.ts";
import type { Metrics } from "./metrics.ts";

/** Why the process cannot do its work now, by part; empty when all is well. */
export type Problems = Readonly<Record<string, string>>;

export interface HealthOptions {
  problems(): Problems;
  readonly metrics: Metrics;
  authenticate(request: Request, peers: Peers): Promise<Actor | null>;
}

type Answer = (request: Request, peers: Peers) => Promise<Response>;

/**
 * Liveness, readiness and metrics. On the public listener, reasons and numbers are for operators; the private one
 * asks nobody.
 */
export function healthAnswers({ problems, metrics, authenticate }: HealthOptions) {
  const healthz: Answer = async () => json(200, { status: "ok" });

  const readyz =
    (open: boolean): Answer =>
    async (request, peers) => {
      const found = problems();
      const ready = Object.keys(found).length === 0;
      const told =
        open || (await isOperator(authenticate(request, peers))) ? { ready, problems: found } : { ready };
      return json(ready ? 200 : 503, told);
    };

  const numbers =
    (open: boolean): Answer =>
    async (request, peers) => {
      if (!open && !(await isOperator(authenticate(request, peers))))
        return json(401, { message: "Send an operator's key, or scrape WAYPOST_METRICS_LISTEN." });
      return new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } });
    };

  return {
    open: { healthz, readyz: readyz(true), metrics: numbers(true) },
    guarded: { healthz, readyz: readyz(false), metrics: numbers(false) },
  };
}

/** Whoever cannot be looked up is nobody: the answer must come most of all when the database is away. */
async function isOperator(asked: Promise<Actor | null>): Promise<boolean> {
  const actor = await asked.catch(() => null);
  return actor?.permissions.has("installation:read") ?? false;
}

const json = (status: number, body: unknown): Response =>
  Response.json(body, { status, headers: { "cache-control": "no-store" } });
