import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is on this machine; null where there is none, and the tests that need it say that they are left out. */
export const chromiumPath: string | null =
  [process.env["TEST_CHROMIUM"] ?? "", ...PLACES].find((path) => path !== "" && existsSync(path)) ?? null;
if (chromiumPath === null)
  console.warn("No Chromium here: tests in a browser are left out (apt install chromium).");

export const openChromium = (): Promise<Browser> =>
  // Its sandbox needs rights that containers and root do not have.
  chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] });
