import { type Context, type Ports, systemActor } from "../../platform/context.ts";
import type { Installation } from "../installation/installation.ts";
import { moveBaseUrl } from "./base-url.ts";
import type { FirstRun } from "./routes.ts";
import { newSetupCode, setUp, setUpWithKey } from "./setup.ts";

export interface FirstRunState extends FirstRun {
  /** The code to print; null when the installation is set up. */
  readonly code: string | null;
  baseUrl(): string | null;
  /** What configuration asks for at the start: a key for an empty installation, or a new base URL. */
  begin(listening: string): Promise<void>;
}

export interface FirstRunOptions {
  readonly ports: () => Ports;
  readonly installation: Installation;
  /** The scheme a visitor used, through trusted proxies. */
  schemeOf(request: Request): "http" | "https";
}

/** Knows whether the installation is set up, and under which address people reach it. */
export function openFirstRun({ ports, installation, schemeOf }: FirstRunOptions): FirstRunState {
  let code = installation.setUpAt === null ? newSetupCode() : null;
  let baseUrl = installation.baseUrl;
  const configured = () => ports().config.WAYPOST_BASE_URL;
  const over = (url: string) => {
    code = null;
    baseUrl = url;
  };

  return {
    get code() {
      return code;
    },
    needed: () => code !== null,
    baseUrl: () => configured() ?? baseUrl,
    async setUp(ctx, input, request) {
      const url = configured() ?? `${schemeOf(request)}://${new URL(request.url).host}`;
      const result = await setUp(ctx, input, code, url);
      over(url);
      return result;
    },
    async begin(listening) {
      const { config, log } = ports();
      const ctx = systemContext(ports());
      if (config.WAYPOST_SETUP_KEY !== null) {
        if (code === null) log.info("the installation is set up: WAYPOST_SETUP_KEY is ignored");
        else {
          const url = configured() ?? listening;
          await setUpWithKey(ctx, config.WAYPOST_SETUP_KEY, url);
          over(url);
        }
      }
      const url = configured();
      if (code === null && url !== null && url !== baseUrl) {
        await moveBaseUrl(ctx, url);
        over(url);
      }
    },
  };
}

const systemContext = (ports: Ports): Context => ({
  ...ports,
  actor: systemActor(null, []),
  origin: { requestId: null, network: null, userAgent: null },
  at: ports.clock.now(),
  target: "",
  idempotencyKey: null,
});
