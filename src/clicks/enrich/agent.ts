import Bowser from "bowser";
import { memo } from "./memo.ts";
import { type Judgement, judgeAgent } from "./verdict.ts";

/** What a user agent says of the machine behind it. Unknown texts are empty. */
export interface Agent extends Judgement {
  /** desktop, mobile, tablet, tv, or empty. */
  readonly device: string;
  /** Who made the machine: `Apple`, or empty. */
  readonly brand: string;
  readonly browser: string;
  readonly browserVersion: string;
  readonly os: string;
  readonly osVersion: string;
  readonly engine: string;
}

const AGENTS_MAX = 10_000;
const NAME_LENGTH_MAX = 64;
const devices = new Set(["desktop", "mobile", "tablet", "tv"]);

/** Reads user agents and remembers them: a new one costs more than the rest of a click together. */
export const agentReader = (): ((userAgent: string) => Agent) =>
  memo(AGENTS_MAX, (userAgent) => ({ ...judgeAgent(userAgent), ...machine(userAgent) }));

const nothing = { device: "", brand: "", browser: "", browserVersion: "", os: "", osVersion: "", engine: "" };

function machine(userAgent: string): Omit<Agent, keyof Judgement> {
  if (userAgent === "") return nothing;
  const { browser, os, platform, engine } = Bowser.parse(userAgent);
  return {
    device: devices.has(platform.type ?? "") ? platform.type! : "",
    brand: name(platform.vendor),
    browser: name(browser.name),
    browserVersion: version(browser.version),
    os: name(os.name),
    osVersion: version(os.version),
    engine: name(engine.name),
  };
}

const name = (text: string | undefined): string => (text ?? "").slice(0, NAME_LENGTH_MAX);

/** `126.0.0.0` is version 126 to people, `17.4.1` is 17.4: finer parts only scatter a chart. */
function version(text: string | undefined): string {
  const [major = "", minor] = name(text).split(/[._]/);
  return minor === undefined || /^0*$/.test(minor) ? major : `${major}.${minor}`;
}
