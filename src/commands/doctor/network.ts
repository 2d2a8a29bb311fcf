import { ask, isOurs, ownOrigin } from "../ask.ts";
import { type Finding, fail, ok, type Patient, warn } from "./finding.ts";

/** The port is ours or free, and the base URL leads here. */
export async function checkNetwork(patient: Patient): Promise<Finding[]> {
  return [await checkPort(patient), await checkBaseUrl(patient)];
}

async function checkPort({ config, running }: Patient): Promise<Finding> {
  const { WAYPOST_HOST: host, WAYPOST_PORT: port } = config;
  const place = `${host}:${port}`;
  if (port === 0) return ok("port", "The system chooses one at each start.");
  const problem = bindProblem(host, port);
  if (problem === null)
    return running
      ? warn(
          "port",
          `${place} is free, though a server runs in this data folder: it was started with other settings.`,
          "Run doctor with the settings of the server.",
        )
      : ok("port", `${place} is free.`);
  if (problem !== "EADDRINUSE")
    return fail("port", `${place} cannot be opened (${problem}).`, advice(problem));
  if (isOurs(await ask(`${ownOrigin(host, port)}/healthz`))) return ok("port", `${place} is Waypost's own.`);
  return fail("port", `Another program has ${place}.`, "Stop it, or set WAYPOST_PORT to another port.");
}

/** Null when the port could be opened, else the system's code. It is closed again at once. */
function bindProblem(hostname: string, port: number): string | null {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return null;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? (error as Error).message);
  }
}

const advice = (code: string): string =>
  code === "EACCES"
    ? "Set WAYPOST_PORT to 1024 or above, or grant the right to open it."
    : "Set WAYPOST_HOST to an address of this machine, or to 0.0.0.0 for all.";

async function checkBaseUrl({ config, running }: Patient): Promise<Finding> {
  const base = config.WAYPOST_BASE_URL;
  if (base === null) return ok("base URL", "Not set: the setup request fixed it, or will.");
  if (!running) return ok("base URL", `${base}; whether it leads here can be seen while the server runs.`);
  if (isOurs(await ask(`${base}/healthz`))) return ok("base URL", `${base} leads here.`);
  return warn(
    "base URL",
    `${base}/healthz does not answer as Waypost does, asked from this machine.`,
    "Check DNS, the proxy in front and its certificate. Some networks cannot reach their own public address: then ask from outside.",
  );
}
